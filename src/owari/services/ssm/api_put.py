"""PutParameter: a parameter is made, or gets another version."""

from __future__ import annotations

from owari.errors import ServiceError
from owari.services.ssm import rows
from owari.services.ssm.core import arn_of, check_new
from owari.services.ssm.enforcing import set_timer
from owari.services.ssm.events import announce_change
from owari.services.ssm.faults import invalid
from owari.services.ssm.policies import read_policies, renewed
from owari.services.ssm.records import ADVANCED, STANDARD, Parameter, Policy
from owari.services.ssm.tags import new_tags
from owari.services.ssm.values import next_version
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

VERSIONS_MAX = 100
PARAMETERS_MAX = {STANDARD: 10_000, ADVANCED: 100_000}


@operation("ssm", "PutParameter")
def put_parameter(tx: Tx, p: Params) -> Result:
    name = p["Name"].strip()
    arn = arn_of(tx.account, tx.region, name)
    check_new(name, arn)
    if p.get("Tags") and p.get("Overwrite"):
        raise invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with"
            " tags, please remove overwrite flag. To update tags for an existing parameter, please"
            " use AddTagsToResource or RemoveTagsFromResource."
        )
    found = rows.find(tx, name)
    if found is not None and not p.get("Overwrite"):
        raise ServiceError(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the"
            " request to true.",
        )
    policies = _policies(p, found, tx.now)
    made = next_version(
        p, found.latest if found else None, has_policies=bool(policies), user=tx.principal,
        now=tx.now,
    )  # fmt: skip
    parameter = Parameter(name, arn, made, policies, found.timer if found else None)
    if found is None or found.latest.tier != made.tier:
        _check_room(tx, made.tier)
    if found is None:
        tx.resources.created(arn, "AWS::SSM::Parameter", new_tags(p.get("Tags", [])))
    else:
        _drop_oldest(tx, name)
    _add(tx, parameter)
    announce_change(tx, "Update" if found else "Create", parameter)
    return {"Version": made.number, "Tier": made.tier}


def _policies(p: Params, found: Parameter | None, now: float) -> list[Policy]:
    if "Policies" in p:
        return read_policies(p["Policies"], now)
    return renewed(found.policies, now) if found else []


def _check_room(tx: Tx, tier: str) -> None:
    most = PARAMETERS_MAX[tier]
    if rows.count(tx, tier, most) == most:
        raise ServiceError(
            "ParameterLimitExceeded",
            "You have exceeded the number of parameters for this AWS account. Delete one or more"
            " parameters and try again.",
        )


def _drop_oldest(tx: Tx, name: str) -> None:
    """Room for one more version. Raises ParameterMaxVersionLimitExceeded."""
    oldest, count = rows.oldest(tx, name)
    if oldest is None or count < VERSIONS_MAX:
        return
    if oldest.labels:
        raise ServiceError(
            "ParameterMaxVersionLimitExceeded",
            f"You attempted to create a new version of {name} by calling the PutParameter API with"
            f" the overwrite flag. Version {oldest.number}, the oldest version, can't be deleted"
            " because it has a label associated with it. Move the label to another version of the"
            " parameter, and try again.",
        )
    rows.delete_version(tx, name, oldest.number)


def _add(tx: Tx, parameter: Parameter) -> None:
    rows.add_version(tx, parameter.name, parameter.latest)
    set_timer(tx, parameter)
    rows.save(tx, parameter)
