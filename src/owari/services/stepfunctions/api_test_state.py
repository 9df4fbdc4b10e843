"""TestState: one state on its own. A task without a mock is really run, and the caller waits.

AWS: "Using TestState API to test a state in Step Functions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.effects import Call, ReplyTo, Report
from owari.services.stepfunctions.advance import TxChance
from owari.services.stepfunctions.api_executions import checked_input
from owari.services.stepfunctions.asl import inspection
from owari.services.stepfunctions.asl.definition import Machine, Task
from owari.services.stepfunctions.asl.diagnostics import SCHEMA, Diagnostic, message_of
from owari.services.stepfunctions.asl.fault import StateError
from owari.services.stepfunctions.asl.frames import Execution
from owari.services.stepfunctions.asl.inspection import Inspection
from owari.services.stepfunctions.asl.inspection_request import (
    Request,
    invalid,
    parse_context,
    parse_mock,
)
from owari.services.stepfunctions.asl.instructions import ScheduleTask
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.asl.jsonpath import InvalidPath
from owari.services.stepfunctions.asl.mock_schema import STRICT, check_result
from owari.services.stepfunctions.asl.resource import LAMBDA, SERVICE, parse_resource
from owari.services.stepfunctions.asl.validation import load
from owari.services.stepfunctions.callbacks import sync_channel
from owari.services.stepfunctions.core import express_arn, machine_arn
from owari.services.stepfunctions.faults import fault
from owari.services.stepfunctions.integrations import (
    Failed,
    call_params,
    failure_of,
    output_of,
    target_of,
)
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.starting import role_session
from owari.services.stepfunctions.sweeping import ensure_sweep
from owari.store.tx import Tx
from owari.wire.model import Shape
from owari.wire.operation import Answer, Params, Park, operation, reaction

TASK_MAX_S = 300.0


@dataclass(frozen=True, slots=True)
class Named:
    """A shape of the wire's model as the mock's check looks at it."""

    shape: Shape

    @property
    def type_name(self) -> str:
        return self.shape.type

    @property
    def members(self) -> dict[str, Named]:
        return {name: Named(shape) for name, shape in self.shape.members.items()}

    @property
    def required_members(self) -> list[str]:
        return list(self.shape.required)

    @property
    def enum(self) -> list[str]:
        return list(self.shape.traits.get("enum") or ())

    @property
    def is_streaming(self) -> bool:
        return self.shape.streaming

    @property
    def member(self) -> Named:
        return Named(self.shape.member)

    @property
    def value(self) -> Named:
        return Named(self.shape.value)


@operation("stepfunctions", "TestState")
def test_state(tx: Tx, p: Params) -> Answer:
    machine = _machine(p["definition"])
    request = _request(p)
    found = inspection.begin(
        machine, request, _execution(tx, request), now_ms=int(tx.now * 1000), chance=TxChance(tx)
    )
    _check_mock_schema(found, p.get("mock") or {})
    if found.task is not None and request.mock is None:
        ended = _run(tx, found.task, request)
        if isinstance(ended, Park):
            return ended
        _conclude(found, ended)
    answer = dict(found.answer)
    if p.get("inspectionLevel") in ("DEBUG", "TRACE"):
        answer["inspectionData"] = inspection.inspection_data(found)
    return answer


def _machine(text: str) -> Machine:
    """Raises InvalidDefinition."""
    try:
        source = loads(text)
    except ValueError as error:
        raise fault(
            "InvalidDefinition", message_of([Diagnostic("INVALID_JSON_DESCRIPTION", str(error))])
        ) from None
    if isinstance(source, dict) and "States" in source:
        _, problems = load(text)
    else:
        problems = _state_problems(source)
    if problems:
        raise fault("InvalidDefinition", message_of(problems))
    try:
        return inspection.machine_of(source)
    except (InvalidPath, JsonataError, RecursionError) as error:
        found = [Diagnostic(SCHEMA, str(error), "/")]
        raise fault("InvalidDefinition", message_of(found)) from None


def _state_problems(source: Any) -> list[Diagnostic]:
    """Of a state alone; its targets need not exist, so only what compiling finds matters."""
    if not isinstance(source, dict) or "Type" not in source:
        return [Diagnostic(SCHEMA, "These fields are required: [Type]", "/")]
    wrapped = {"StartAt": inspection.STATE_NAME, "States": {inspection.STATE_NAME: source}}
    _, problems = load(dumps(wrapped))
    return [d for d in problems if d.code == SCHEMA and d.location != "/"]


def _request(p: Params) -> Request:
    text = checked_input(p.get("input"))
    variables = _variables(p.get("variables"))
    return Request(
        state_name=p.get("stateName"),
        input=text,
        role_arn=p.get("roleArn"),
        reveal_secrets=bool(p.get("revealSecrets")),
        variables=variables,
        context=parse_context(p["context"]) if p.get("context") else None,
        mock=parse_mock(p["mock"]) if p.get("mock") else None,
        configuration=p.get("stateConfiguration") or {},
    )


def _variables(text: str | None) -> dict[str, Any]:
    try:
        variables = loads(text) if text else {}
    except ValueError:
        variables = None
    if not isinstance(variables, dict):
        raise invalid("Variables must be a JSON object.")
    return variables


def _execution(tx: Tx, request: Request) -> Execution:
    """The context object tells of an Express execution of a machine that does not exist."""
    machine, name = tx.new_id(), tx.new_id()
    return Execution(
        arn=express_arn(tx.region, tx.account, machine, name, tx.new_id()),
        name=name,
        machine_arn=machine_arn(tx.region, tx.account, machine),
        machine_name=machine,
        role_arn=request.role_arn,
        input=request.input,
        started_ms=int(tx.now * 1000),
        redrive_count=None,
    )


def _check_mock_schema(found: Inspection, mock: Params) -> None:
    """Raises ValidationException when the mocked API could not have answered so."""
    state = found.state
    if mock.get("result") is None or not isinstance(state, Task):
        return
    if state.resource.kind != SERVICE:
        return
    target = target_of(state.resource)
    if isinstance(target, Failed) or target.model.output is None:
        return
    shape = Named(target.model.output)
    check_result(shape, loads(mock["result"]), mock.get("fieldValidationMode") or STRICT)


# ---- tasks that are run
def _run(tx: Tx, task: ScheduleTask, request: Request) -> dict[str, Any] | Park:
    """What became of the task, or a Park while it is being done."""
    row = tx.one(
        "SELECT result FROM sfn_sync WHERE account = ? AND request = ?", tx.account, tx.request_id
    )
    if row is None:
        return _begin(tx, task, request)
    if row["result"] is None:
        if tx.last_try:
            return {"error": "States.Timeout", "cause": None}
        return Park(sync_channel(tx.account, tx.request_id), tx.now + TASK_MAX_S, keep=True)
    tx.run("DELETE FROM sfn_sync WHERE account = ? AND request = ?", tx.account, tx.request_id)
    ended: dict[str, Any] = loads(row["result"])
    return ended


def _begin(tx: Tx, task: ScheduleTask, request: Request) -> dict[str, Any] | Park:
    resource = task.resource
    if resource.kind not in (SERVICE, LAMBDA) or resource.pattern:
        raise invalid(f"TestState does not support the resource {resource.arn} without a mock")
    target = target_of(resource)
    if isinstance(target, Failed):
        return {"error": target.error, "cause": target.cause}
    params = call_params(resource, target, task.parameters)
    if isinstance(params, Failed):
        return {"error": params.error, "cause": params.cause}
    tx.run(
        "INSERT INTO sfn_sync (account, request, started, result) VALUES (?, ?, ?, NULL)",
        tx.account,
        tx.request_id,
        tx.now,
    )
    ensure_sweep(tx)  # the caller may never come for it
    tx.emit(
        Call(target.service, target.operation, params),
        reply_to=ReplyTo("stepfunctions", "tested", f"{tx.request_id}|{resource.arn}"),
        principal=role_session(tx, request.role_arn or "", "TestState"),
    )
    return Park(sync_channel(tx.account, tx.request_id), tx.now + TASK_MAX_S, keep=True)


@reaction("stepfunctions", "tested")
def on_tested(tx: Tx, report: Report) -> None:
    request, _, arn = report.key.partition("|")
    resource = parse_resource(arn)
    assert resource is not None
    target = target_of(resource)
    assert not isinstance(target, Failed)
    answer: Any
    if report.error is not None:
        answer = failure_of(resource, target, report.error, report.effect_id)
    else:
        answer = output_of(resource, target, report.result or {}, report.effect_id)
    ended = (
        {"error": answer.error, "cause": answer.cause}
        if isinstance(answer, Failed)
        else {"output": dumps(answer)}
    )
    tx.run(
        "UPDATE sfn_sync SET result = ? WHERE account = ? AND request = ?",
        dumps(ended),
        tx.account,
        request,
    )
    tx.notify(sync_channel(tx.account, request))


def _conclude(found: Inspection, ended: dict[str, Any]) -> None:
    if "output" in ended:
        inspection.conclude(found, ended["output"], None)
    else:
        inspection.conclude(found, None, StateError(ended["error"], ended["cause"]))
