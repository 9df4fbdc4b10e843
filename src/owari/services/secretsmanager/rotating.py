"""A rotation: the function is called for each of four steps, one after the other.

Each step is an effect, so a rotation goes on over any kill. A step that fails has the whole
rotation tried again, from its first step and with the same version; when the tries are used up the
version stays AWSPENDING, and the next rotation that is due begins with it. What the function must
have achieved in the end is that AWSCURRENT is at the new version.

Source: Secrets Manager user guide, "Lambda rotation functions" and "Troubleshoot rotation".
"""

from __future__ import annotations

import json
import logging
from typing import Any

from owari.effects import Call, ReplyTo, Report
from owari.json_text import parsed
from owari.services.secretsmanager import rows
from owari.services.secretsmanager.core import CURRENT, PENDING, attach, is_pending
from owari.services.secretsmanager.records import Rotating, Secret, Version
from owari.services.secretsmanager.timing import set_timer
from owari.services.secretsmanager.values import drop_deprecated
from owari.store.beginnings import begin_trace
from owari.store.tx import Tx
from owari.wire.operation import reaction

log = logging.getLogger("owari.secretsmanager")

PRINCIPAL = "secretsmanager.amazonaws.com"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
TRIAL_STEP = STEPS.index("testSecret")
ATTEMPTS_MAX = 5
PAUSE_S = 30.0  # before the second attempt; twice as long before each one after
FAILURE_MAX = 500


def begin(tx: Tx, secret: Secret, token: str, *, trial: bool = False, trace: str = "") -> None:
    """The version that will be filled is there, and the first step is on its way. To be saved
    afterwards."""
    if rows.version(tx, secret.name, token) is None:
        rows.save_version(tx, secret.name, Version(token, tx.now, secret.key))
    attach(secret.stages, PENDING, token)
    secret.rotating = Rotating(token, TRIAL_STEP if trial else 0, trial=trial)
    _call(tx, secret, trace=trace)


def _call(tx: Tx, secret: Secret, *, pause_s: float = 0.0, trace: str = "") -> None:
    assert secret.rotation is not None and secret.rotating is not None
    event = {
        "Step": STEPS[secret.rotating.step],
        "SecretId": secret.arn,
        "ClientRequestToken": secret.rotating.token,
        "RotationToken": tx.new_id(),
    }
    params = {
        "FunctionName": secret.rotation.function,
        "InvocationType": "RequestResponse",
        "Payload": json.dumps(event).encode(),
    }
    secret.rotating.effect = tx.emit(
        Call("lambda", "Invoke", params),
        due=tx.now + pause_s,
        reply_to=ReplyTo("secretsmanager", "step", secret.name),
        principal=PRINCIPAL,
        trace=trace or None,
    )


@reaction("secretsmanager", "rotation")
def on_rotation_due(tx: Tx, report: Report) -> None:
    """What is pending from before is tried again."""
    secret = rows.find(tx, report.key)
    if secret is None or secret.timer != report.effect_id:
        return
    secret.timer = None
    set_timer(tx, secret, tx.now)
    if secret.rotating is None:
        token = secret.stages[PENDING] if is_pending(secret.stages) else tx.new_id()
        trace = begin_trace(tx, tx.new_id(), "secretsmanager:Rotation", secret.arn, PRINCIPAL)
        begin(tx, secret, token, trace=trace)
    rows.save(tx, secret)


@reaction("secretsmanager", "step")
def on_step(tx: Tx, report: Report) -> None:
    secret = rows.find(tx, report.key)
    if secret is None or secret.rotating is None or secret.rotating.effect != report.effect_id:
        return
    rotating, problem = secret.rotating, _problem(report)
    is_last = rotating.trial or rotating.step == len(STEPS) - 1
    if not problem and is_last and not rotating.trial:
        problem = _unfinished(secret, rotating)
    if problem:
        _failed(tx, secret, rotating, f"{STEPS[rotating.step]}: {problem}"[:FAILURE_MAX])
    elif is_last:
        _done(tx, secret, rotating)
    else:
        rotating.step += 1
        _call(tx, secret)
    rows.save(tx, secret)


def _problem(report: Report) -> str:
    if report.error is not None:
        return str(report.error)
    result: dict[str, Any] = report.result or {}
    if "FunctionError" not in result:
        return ""
    return _told(bytes(result.get("Payload") or b""))


def _told(payload: bytes) -> str:
    """A function's error in one line."""
    try:
        error = parsed(payload)
    except ValueError:
        error = None
    if not isinstance(error, dict):
        return payload.decode("utf-8", "replace") or "it failed"
    return f"{error.get('errorType', 'Error')}: {error.get('errorMessage', '')}"


def _unfinished(secret: Secret, rotating: Rotating) -> str:
    """The function says that it is done: is it?"""
    if secret.stages.get(CURRENT) == rotating.token:
        return ""
    return f"the function did not move {CURRENT} to the new version"


def _failed(tx: Tx, secret: Secret, rotating: Rotating, problem: str) -> None:
    log.warning("rotation of %s, attempt %d: %s", secret.arn, rotating.attempt, problem)
    if rotating.trial:
        _end_trial(tx, secret)
    elif rotating.attempt < ATTEMPTS_MAX:
        pause_s = PAUSE_S * 2 ** (rotating.attempt - 1)
        rotating.attempt, rotating.step = rotating.attempt + 1, 0
        _call(tx, secret, pause_s=pause_s)
        return
    secret.rotating, secret.failure = None, problem


def _done(tx: Tx, secret: Secret, rotating: Rotating) -> None:
    secret.rotating, secret.failure = None, ""
    if rotating.trial:
        _end_trial(tx, secret)
        return
    secret.rotated = secret.changed = tx.now
    set_timer(tx, secret, tx.now)


def _end_trial(tx: Tx, secret: Secret) -> None:
    secret.stages.pop(PENDING, None)  # the function may have taken it away
    drop_deprecated(tx, secret)
