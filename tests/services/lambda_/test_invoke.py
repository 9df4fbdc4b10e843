from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from owari.compute.base import RunReport
from owari.compute.fake import FunctionError, SystemFailure
from owari.services.lambda_.answers import answer
from owari.wire.message import Upload
from tests.services.lambda_.support import ROLE, arn, create, refusal
from tests.support.world import ACCOUNT, REGION, World


def invoke(world: World, name: str = "f", **given: Any) -> dict[str, Any]:
    return world.call("lambda", "Invoke", FunctionName=name, **given)


def test_the_answer_of_the_function_comes_back(world: World) -> None:
    create(world)
    world.compute.handlers["f"] = lambda event, _spec: {"got": event}
    assert invoke(world, Payload=b'{"a": [1]}') == {
        "StatusCode": 200,
        "Payload": b'{"got": {"a": [1]}}',
        "ExecutedVersion": "$LATEST",
    }
    assert invoke(world)["Payload"] == b'{"got": {}}'
    assert world.effects() == []


def test_what_compute_is_told(world: World) -> None:
    made = create(
        world,
        Timeout=7,
        MemorySize=1_769,
        EphemeralStorage={"Size": 1_024},
        Environment={"Variables": {"MODE": "x"}},
        LoggingConfig={"LogGroup": "/my/logs"},
    )
    world.call("lambda", "PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=3)
    specs: list[dict[str, Any]] = []
    world.compute.handlers["f"] = lambda _event, spec: specs.append(spec)
    context = base64.b64encode(b'{"custom": {}}').decode()
    invoke(world, Payload=b"1", ClientContext=context)
    invoke(world, "f:$LATEST")
    first, second = specs
    assert first == first | {
        "kind": "function",
        "environment": f"{arn('f')}:$LATEST:{made['RevisionId']}",
        "slot": f"{arn('f')}:$LATEST",
        "function_name": "f",
        "function_arn": arn("f"),
        "version": "$LATEST",
        "handler": "main.handler",
        "runtime": "python3.12",
        "memory_mib": 1_769,
        "timeout_s": 7,
        "ephemeral_mib": 1_024,
        "variables": {"MODE": "x"},
        "account": ACCOUNT,
        "region": REGION,
        "role_arn": ROLE,
        "log_group": "/my/logs",
        "logging": {"LogFormat": "Text", "LogGroup": "/my/logs"},
        "client_context": context,
        "concurrency": 3,
        "durable": False,
        "payload": b"1",
    }
    assert world.kernel.blobs.path(first["code"]).exists()
    assert second["function_arn"] == arn("f", "$LATEST")
    assert second["environment"] != first["environment"]  # it is told another ARN
    assert second["request_id"] != first["request_id"]


def test_the_configuration_is_the_one_of_now(world: World) -> None:
    create(world)
    timeouts: list[int] = []
    world.compute.handlers["f"] = lambda _event, spec: timeouts.append(spec["timeout_s"])
    invoke(world)
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
    invoke(world)
    world.call("lambda", "DeleteFunction", FunctionName="f")
    create(world, Timeout=5)
    invoke(world)
    assert timeouts == [3, 9, 5]


def test_a_function_error_is_an_answer(world: World) -> None:
    create(world, Publish=True)

    def fail(_event: Any, _spec: Any) -> None:
        raise FunctionError("ValueError", "too small")

    world.compute.handlers["f"] = fail
    answered = invoke(world, Qualifier="1", LogType="Tail")
    assert answered["FunctionError"] == "Unhandled"
    assert answered["ExecutedVersion"] == "1"
    assert answered["StatusCode"] == 200
    assert json.loads(answered["Payload"])["errorType"] == "ValueError"
    assert answered["LogResult"] == ""


@pytest.mark.parametrize(
    ("reserved", "reason"),
    [
        (None, "ConcurrentInvocationLimitExceeded"),
        (1, "ReservedFunctionConcurrentInvocationLimitExceeded"),
        (0, "ReservedFunctionConcurrentInvocationLimitExceeded"),
    ],
)
def test_throttling(world: World, reserved: int | None, reason: str) -> None:
    create(world)
    if reserved is not None:
        world.call(
            "lambda",
            "PutFunctionConcurrency",
            FunctionName="f",
            ReservedConcurrentExecutions=reserved,
        )

    def refuse(_event: Any, _spec: Any) -> None:
        assert reserved != 0, "a function without concurrency was run"
        raise SystemFailure("throttled")

    world.compute.handlers["f"] = refuse
    error = refusal(lambda: invoke(world))
    assert (error.code, error.status) == ("TooManyRequestsException", 429)
    assert error.message == "Rate Exceeded."
    assert error.fields["Reason"] == reason


def report(status: str, **more: Any) -> RunReport:
    return {"status": status, "payload": b"", "message": "", "log_tail": b""} | more


def answered(given: RunReport, *, tail: bool = False, most: int = 100) -> dict[str, Any]:
    return answer(given, version="1", tail=tail, reserved=None, response_max_bytes=most)


@pytest.mark.parametrize(
    ("given", "code", "status"),
    [
        (report("lost", message="The agent died."), "ServiceException", 500),
        (report("failed", message="No memory."), "ServiceException", 500),
        (report("failed", code="InvalidRuntimeException"), "InvalidRuntimeException", 502),
        (report("failed", code="EFSMountFailureException"), "EFSMountFailureException", 403),
        (report("failed", code="InvalidZipFileException"), "InvalidZipFileException", 502),
        (report("failed", code="Surprise"), "ServiceException", 500),
    ],
)
def test_what_is_not_the_functions_fault(given: RunReport, code: str, status: int) -> None:
    error = refusal(lambda: answered(given))
    assert (error.code, error.status) == (code, status)
    assert error.message == (given["message"] or "The function could not be run.")


def test_the_log_tail_has_four_kilobytes() -> None:
    result = answered(report("ok", payload=b"1", log_tail=b"a" + b"b" * 4096), tail=True)
    assert base64.b64decode(result["LogResult"]) == b"b" * 4096


def test_an_answer_too_large_is_a_function_error() -> None:
    assert "FunctionError" not in answered(report("ok", payload=b"1" * 100))
    result = answered(report("ok", payload=b"1" * 101))
    assert result["FunctionError"] == "Unhandled"
    assert json.loads(result["Payload"]) == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size (100 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
@pytest.mark.parametrize("payload", [b"{", b"nonsense", b"\xff", b"{} {}", b"NaN"])
def test_the_payload_must_be_json(world: World, kind: str, payload: bytes) -> None:
    create(world)
    error = refusal(lambda: invoke(world, Payload=payload, InvocationType=kind))
    assert (error.code, error.status) == ("InvalidRequestContentException", 400)
    assert error.message.startswith("Could not parse request body into json: ")
    assert world.effects() == []


def test_payloads_have_bounds(world: World) -> None:
    create(world)
    big = b'"' + b"x" * (1024 * 1024) + b'"'
    error = refusal(lambda: invoke(world, Payload=big, InvocationType="Event"))
    assert (error.code, error.status) == ("RequestEntityTooLargeException", 413)
    assert error.message == (
        "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
    )
    assert invoke(world, Payload=big)["StatusCode"] == 200
    bigger = b'"' + b"x" * (6 * 1024 * 1024) + b'"'
    assert refusal(lambda: invoke(world, Payload=bigger)).code == "RequestEntityTooLargeException"


@pytest.mark.parametrize("payload", [b'{"name": "caf\\udce9"}', b"[1e400]"])
def test_odd_json_is_json(world: World, payload: bytes) -> None:
    """Half a surrogate pair is how Python names a file that is not UTF-8."""
    create(world)
    assert invoke(world, Payload=payload, InvocationType="DryRun")["StatusCode"] == 204


@pytest.mark.parametrize("context", ["%%%", base64.b64encode(b"[1]").decode(), "A" * 3584])
def test_bad_client_context(world: World, context: str) -> None:
    create(world)
    error = refusal(lambda: invoke(world, ClientContext=context))
    assert error.code == "InvalidRequestContentException"


def test_a_dry_run_runs_nothing(world: World) -> None:
    create(world)
    world.compute.handlers["f"] = lambda _event, _spec: pytest.fail("it ran")
    assert invoke(world, InvocationType="DryRun") == {"StatusCode": 204}
    world.settle()
    assert world.compute.started == []


def test_an_unknown_invocation_type(world: World) -> None:
    create(world)
    error = refusal(lambda: invoke(world, InvocationType="Later"))
    assert error.code == "InvalidParameterValueException"


@pytest.mark.parametrize("kind", ["bytes", "data", "blob"])
def test_the_old_way_to_leave_an_event(world: World, kind: str) -> None:
    create(world)
    events: list[Any] = []
    world.compute.handlers["f"] = lambda event, _spec: events.append(event)
    text = b'{"old": 1}'
    args: Any = text
    if kind == "data":
        args = Upload(size=len(text), md5=b"", data=text)
    if kind == "blob":
        args = Upload(size=len(text), md5=b"", blob=world.kernel.blobs.put(text))
    given = {"FunctionName": "f", "InvokeArgs": args}
    assert world.call("lambda", "InvokeAsync", **given) == {"Status": 202}
    world.settle()
    assert events == [{"old": 1}]
    error = refusal(
        lambda: world.call(
            "lambda",
            "InvokeAsync",
            FunctionName="f",
            InvokeArgs=Upload(size=1024 * 1024 + 1, md5=b"", blob="none"),
        )
    )
    assert error.code == "RequestEntityTooLargeException"
