"""RotateSecret and CancelRotateSecret."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError, not_implemented
from owari.services.secretsmanager import rows
from owari.services.secretsmanager.core import PENDING, is_pending
from owari.services.secretsmanager.faults import bad_request
from owari.services.secretsmanager.lookup import existing
from owari.services.secretsmanager.records import Rotation, Secret
from owari.services.secretsmanager.rotating import begin
from owari.services.secretsmanager.schedule import check_rules
from owari.services.secretsmanager.timing import rest, set_timer
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_BEYOND = ("ExternalSecretRotationMetadata", "ExternalSecretRotationRoleArn")


@operation("secretsmanager", "RotateSecret")
def rotate_secret(tx: Tx, p: Params) -> Result:
    """Not at once: the function is only tried, and called when its time comes."""
    for name in _BEYOND:
        if p.get(name):
            raise not_implemented("secretsmanager", f"RotateSecret with {name}")
    secret = existing(tx, p["SecretId"])
    token = p.get("ClientRequestToken") or tx.new_id()
    if secret.rotation is not None and rows.version(tx, secret.name, token) is not None:
        return _answer(secret, token)  # the same request once more
    secret.rotation = _configured(secret, p)
    if is_pending(secret.stages):
        raise bad_request("A previous rotation isn't complete. That rotation will be reattempted.")
    _check_function(tx, secret.rotation.function)
    secret.changed, secret.failure = tx.now, ""
    set_timer(tx, secret, tx.now)
    begin(tx, secret, token, trial=p.get("RotateImmediately") is False)
    rows.save(tx, secret)
    return _answer(secret, token)


def _configured(secret: Secret, p: Params) -> Rotation:
    """What is not given stays. Raises InvalidRequestException, InvalidParameterException."""
    had = secret.rotation
    function = p.get("RotationLambdaARN") or (had.function if had else "")
    if not function:
        raise bad_request("No Lambda rotation function ARN is associated with this secret.")
    given = p.get("RotationRules")
    return Rotation(function, check_rules(given) if given else (had.rules if had else {}))


def _check_function(tx: Tx, function: str) -> None:
    """Raises AccessDeniedException."""
    try:
        tx.call("lambda", "GetFunctionConfiguration", {"FunctionName": function})
    except ServiceError:
        raise ServiceError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function"
            " policy grants access to the principal secretsmanager.amazonaws.com.",
        ) from None


def _answer(secret: Secret, token: str | None) -> dict[str, Any]:
    return {"ARN": secret.arn, "Name": secret.name} | ({"VersionId": token} if token else {})


@operation("secretsmanager", "CancelRotateSecret")
def cancel_rotate_secret(tx: Tx, p: Params) -> Result:
    """What the function has done by now stays as it is."""
    secret = existing(tx, p["SecretId"])
    if secret.rotation is None:
        raise bad_request(
            "You tried to enable rotation on a secret that doesn't already have a Lambda function"
            " ARN configured and you didn't include such an ARN as a parameter in this call."
        )
    rest(tx, secret)
    secret.rotation.enabled, secret.rotation.due_by = False, None
    secret.changed, secret.failure = tx.now, ""
    rows.save(tx, secret)
    return _answer(secret, secret.stages.get(PENDING))
