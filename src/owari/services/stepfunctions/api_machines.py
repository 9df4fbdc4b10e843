"""State machines: create, update, describe, list, delete. Source: Step Functions API reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.services.stepfunctions import aliases, definitions, machines, settings, tagging
from owari.services.stepfunctions.asl.validation import load
from owari.services.stepfunctions.core import ACTIVE, EXPRESS, STANDARD, checked_name, machine_ref
from owari.services.stepfunctions.faults import fault, invalid_arn, no_machine, validation
from owari.services.stepfunctions.machines import StateMachine, arn_of
from owari.services.stepfunctions.paging import key_of, page_size, token_for
from owari.services.stepfunctions.stopping import stop_all
from owari.services.stepfunctions.sweeping import ensure_sweep
from owari.services.stepfunctions.versions import publish, publishing
from owari.store.tx import Tx
from owari.tags import SMALL, as_map
from owari.wire.operation import Params, Result, operation

TYPE = "AWS::StepFunctions::StateMachine"
MISSING = (
    "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration"
    " must be specified"
)


@operation("stepfunctions", "CreateStateMachine")
def create_state_machine(tx: Tx, p: Params) -> Result:
    """Idempotent by name, definition, type and settings; role and tags do not count."""
    name = checked_name(p["name"])
    publishing(p)
    kind = p.get("type") or STANDARD
    _check_role(p["roleArn"])
    chosen = settings.received(tx, p, settings.DEFAULTS)
    definition = definitions.checked(tx, p["definition"], kind == EXPRESS)
    before = machines.find(tx, name)
    if before is not None:
        if (before.definition, before.type, before.settings) != (definition, kind, chosen):
            raise fault(
                "StateMachineAlreadyExists", f"State Machine Already Exists: '{arn_of(tx, name)}'"
            )
        return _created(tx, before, p)
    tags = as_map(p.get("tags"), SMALL)
    arn = arn_of(tx, name)
    tagging.check_number(tags, arn)
    made = StateMachine(name, kind, definition, p["roleArn"], None, chosen, tx.now, tx.now)
    machines.put(tx, made)
    ensure_sweep(tx)
    tx.resources.created(arn, TYPE, tags)
    return _created(tx, made, p)


def _created(tx: Tx, m: StateMachine, p: Params) -> dict[str, Any]:
    made: dict[str, Any] = {"stateMachineArn": arn_of(tx, m.name), "creationDate": m.created}
    if p.get("publish"):
        number, _ = publish(tx, m, p.get("versionDescription"))
        made["stateMachineVersionArn"] = arn_of(tx, m.name, number)
    return made


def _check_role(arn: str) -> None:
    if not arn.startswith("arn:"):
        raise invalid_arn(f"Invalid ARN prefix: {arn}")


@operation("stepfunctions", "UpdateStateMachine")
def update_state_machine(tx: Tx, p: Params) -> Result:
    """Executions that run keep the definition, role and settings they were started with."""
    arn = p["stateMachineArn"]
    ref = machine_ref(arn)
    publishing(p)
    before = machines.existing(tx, ref, arn)
    if ref.qualifier is not None:
        raise no_machine(arn)
    if not any(p.get(key) is not None for key in ("definition", "roleArn", *settings.FIELDS)):
        raise fault("MissingRequiredParameter", MISSING)
    after = replace(before, settings=settings.received(tx, p, before.settings))
    if p.get("definition") is not None:
        text = p["definition"]
        after = replace(after, definition=definitions.checked(tx, text, before.express))
    if p.get("roleArn") is not None:
        _check_role(p["roleArn"])
        after = replace(after, role_arn=p["roleArn"])
    if after != before:
        after = replace(after, revision=tx.new_id())
    after = replace(after, updated=tx.now)
    machines.put(tx, after)
    answer: dict[str, Any] = {"updateDate": tx.now}
    if after.revision is not None:
        answer["revisionId"] = after.revision
    if p.get("publish"):
        number, _ = publish(tx, after, p.get("versionDescription"))
        answer["stateMachineVersionArn"] = arn_of(tx, after.name, number)
    return answer


@operation("stepfunctions", "DescribeStateMachine", reads=True)
def describe_state_machine(tx: Tx, p: Params) -> Result:
    arn = p["stateMachineArn"]
    ref = machine_ref(arn)
    if ref.label is not None:
        raise no_machine(arn)
    if ref.qualifier is None:
        return described(tx, machines.existing(tx, ref, arn), arn, p)
    found = aliases.chosen(tx, ref, arn)
    answer = described(tx, found, arn, p)
    if found.description:
        answer["description"] = found.description
    return answer


def described(tx: Tx, m: StateMachine, arn: str, p: Params) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "stateMachineArn": arn,
        "name": m.name,
        "status": ACTIVE,
        "roleArn": m.role_arn,
        "type": m.type,
        "creationDate": m.created,
        **m.settings,
    }
    if p.get("includedData") != "METADATA_ONLY":
        answer["definition"] = definitions.text_of(tx, m.definition)
    if m.revision is not None:
        answer["revisionId"] = m.revision
    return answer


@operation("stepfunctions", "ListStateMachines", reads=True)
def list_state_machines(tx: Tx, p: Params) -> Result:
    after = key_of("ListStateMachines", p.get("nextToken"), str) or ""
    most = page_size(p.get("maxResults"))
    found = machines.page(tx, after, most + 1)
    answer: dict[str, Any] = {
        "stateMachines": [
            {
                "stateMachineArn": arn_of(tx, m.name),
                "name": m.name,
                "type": m.type,
                "creationDate": m.created,
            }
            for m in found[:most]
        ]
    }
    if len(found) > most:
        answer["nextToken"] = token_for("ListStateMachines", found[most - 1].name)
    return answer


@operation("stepfunctions", "DeleteStateMachine")
def delete_state_machine(tx: Tx, p: Params) -> Result:
    """Deleting what is not there succeeds, as on AWS. Its executions are stopped."""
    arn = p["stateMachineArn"]
    ref = machine_ref(arn)
    if ref.qualifier is not None:
        raise validation(
            "DeleteStateMachine takes the ARN of a state machine, not of a version or alias.",
            "API_DOES_NOT_SUPPORT_LABELED_ARNS",
        )
    if machines.find(tx, ref.name) is not None:
        machines.delete(tx, ref.name)
        tx.resources.deleted(arn)
        stop_all(tx, ref.name)
    return {}


@operation("stepfunctions", "ValidateStateMachineDefinition", reads=True)
def validate_state_machine_definition(_tx: Tx, p: Params) -> Result:
    _, found = load(p["definition"], express=p.get("type") == EXPRESS)
    wanted = p.get("severity") or "ERROR"
    shown = [d.as_json() for d in found if wanted == "WARNING" or d.severity == "ERROR"]
    most = p.get("maxResults") or 100
    failed = any(d.severity == "ERROR" for d in found)
    return {
        "result": "FAIL" if failed else "OK",
        "diagnostics": shown[:most],
        "truncated": len(shown) > most,
    }
