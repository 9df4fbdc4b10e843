"""Functions with the official SDK, as pip installs it, on a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.durable.support import (
    callback_of,
    durable_function,
    ended,
    history,
)
from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance

HEAD = """
import time, uuid
import boto3
from aws_durable_execution_sdk_python import DurableContext, durable_execution, durable_step
from aws_durable_execution_sdk_python.config import (
    CallbackConfig, CompletionConfig, Duration, MapConfig, ParallelConfig, StepConfig,
)
from aws_durable_execution_sdk_python.retries import (
    RetryStrategyConfig, create_retry_strategy,
)

def mark(name):
    boto3.client("s3").put_object(Bucket="marks", Key=f"{name}/{uuid.uuid4()}")

def marks(name):
    found = boto3.client("s3").list_objects_v2(Bucket="marks", Prefix=name + "/")
    return found["KeyCount"]
"""

STEPS = (
    HEAD
    + """
@durable_execution
def handler(event, context):
    a = context.step(lambda _: event["n"] * 2, name="double")
    context.wait(Duration.from_seconds(1), name="rest")
    b = context.step(lambda _: a + 1, name="add")
    return {"a": a, "b": b}
"""
)
RETRIES = (
    HEAD
    + """
STRATEGY = create_retry_strategy(
    RetryStrategyConfig(max_attempts=4, initial_delay=Duration.from_seconds(1), backoff_rate=1.0)
)

def flaky(_):
    mark("attempts")
    if marks("attempts") < 3:
        raise ValueError("not yet")
    return "at last"

@durable_execution
def handler(event, context):
    return context.step(flaky, name="flaky", config=StepConfig(retry_strategy=STRATEGY))
"""
)
APPROVAL = (
    HEAD
    + """
@durable_execution
def handler(event, context):
    callback = context.create_callback(
        "approval", CallbackConfig(timeout=Duration.from_seconds(event.get("timeout", 300)))
    )
    return {"answer": callback.result()}
"""
)
FAN_OUT = (
    HEAD
    + """
@durable_execution
def handler(event, context):
    squares = context.map(
        list(range(event["items"])),
        lambda child, item, index, items: child.step(lambda _: item * item, name=f"s{index}"),
        name="squares",
        config=MapConfig(max_concurrency=4),
    )
    both = context.parallel(
        [
            lambda child: child.step(lambda _: "left"),
            lambda child: (child.wait(Duration.from_seconds(1)), "right")[1],
        ],
        name="both",
    )
    nested = context.run_in_child_context(
        lambda child: child.step(lambda _: "x" * event["size"]), name="large"
    )
    return {"sum": sum(squares.get_results()), "both": both.get_results(), "n": len(nested)}
"""
)
LARGE = (
    HEAD
    + """
@durable_execution
def handler(event, context):
    part = context.run_in_child_context(lambda child: "x" * 400_000, name="large")
    context.wait(Duration.from_seconds(1))
    return part * event["times"]
"""
)
CHAIN = (
    HEAD
    + """
@durable_execution
def handler(event, context):
    plain = context.invoke("plain", {"n": 20}, name="plain")
    child = context.invoke(event["child"], {"n": plain["n"]}, name="child")
    try:
        context.invoke("missing", {}, name="missing")
        missing = None
    except Exception as error:
        missing = str(error)
    return {"plain": plain, "child": child, "missing": missing}
"""
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("durable") / "data") as running:
        yield running


@pytest.fixture
def client(server: Server) -> Any:
    return server.client("lambda", read_timeout=120)


def invoked(client: Any, arn: str, event: Any) -> Any:
    answer = client.invoke(FunctionName=arn, Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return payload


def begun(client: Any, arn: str, event: Any, **more: Any) -> str:
    started: str = client.invoke(
        FunctionName=arn, InvocationType="Event", Payload=json.dumps(event).encode(), **more
    )["DurableExecutionArn"]
    return started


def marks(server: Server, name: str) -> int:
    """How often a function marked that it was there."""
    found = server.client("s3").list_objects_v2(Bucket="marks", Prefix=f"{name}/")
    return int(found["KeyCount"])


def code_of(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    found: str = caught.value.response["Error"]["Code"]
    return found


def test_steps_and_a_wait(server: Server, client: Any) -> None:
    arn = durable_function(server, "steps", STEPS)
    assert invoked(client, arn, {"n": 3}) == {"a": 6, "b": 7}
    (listed,) = client.list_durable_executions_by_function(FunctionName="steps")[
        "DurableExecutions"
    ]
    told = history(client, listed["DurableExecutionArn"])
    kinds = [event["EventType"] for event in told]
    assert kinds[:4] == ["ExecutionStarted", "StepStarted", "StepSucceeded", "WaitStarted"]
    # On a busy machine the wait may be over before the invocation is.
    assert sorted(kinds[4:6]) == ["InvocationCompleted", "WaitSucceeded"]
    assert kinds[6:] == [
        "StepStarted",
        "StepSucceeded",
        "InvocationCompleted",
        "ExecutionSucceeded",
    ]
    assert [event["EventId"] for event in told] == list(range(1, 11))


def test_the_same_name_is_the_same_execution(server: Server, client: Any) -> None:
    arn = durable_function(server, "named", STEPS)
    first = begun(client, arn, {"n": 1}, DurableExecutionName="order-1")
    assert begun(client, arn, {"n": 1}, DurableExecutionName="order-1") == first
    answer = client.invoke(FunctionName=arn, Payload=b'{"n": 1}', DurableExecutionName="order-1")
    assert json.loads(answer["Payload"].read()) == {"a": 2, "b": 3}
    assert answer["DurableExecutionArn"] == first
    again = lambda: begun(client, arn, {"n": 2}, DurableExecutionName="order-1")  # noqa: E731
    assert code_of(again) == "DurableExecutionAlreadyStartedException"


def test_a_step_is_retried_by_its_strategy(server: Server, client: Any) -> None:
    server.client("s3").create_bucket(Bucket="marks")
    arn = durable_function(server, "retries", RETRIES)
    assert invoked(client, arn, {}) == "at last"
    assert marks(server, "attempts") == 3
    (listed,) = client.list_durable_executions_by_function(FunctionName="retries")[
        "DurableExecutions"
    ]
    kinds = [event["EventType"] for event in history(client, listed["DurableExecutionArn"])]
    assert kinds.count("StepFailed") == 2 and kinds.count("StepSucceeded") == 1


def test_callbacks(server: Server, client: Any) -> None:
    arn = durable_function(server, "approval", APPROVAL)
    execution = begun(client, arn, {})
    id = callback_of(client, execution)
    client.send_durable_execution_callback_heartbeat(CallbackId=id)
    client.send_durable_execution_callback_success(CallbackId=id, Result=b"yes")
    assert json.loads(ended(client, execution)["Result"]) == {"answer": "yes"}
    again = lambda: client.send_durable_execution_callback_success(CallbackId=id)  # noqa: E731
    assert code_of(again) == "CallbackTimeoutException"

    refused = begun(client, arn, {})
    client.send_durable_execution_callback_failure(
        CallbackId=callback_of(client, refused),
        Error={"ErrorType": "Refused", "ErrorMessage": "no"},
    )
    assert ended(client, refused)["Status"] == "FAILED"

    late = ended(client, begun(client, arn, {"timeout": 1}))
    assert late["Status"] == "FAILED"


def test_map_parallel_and_child_contexts(server: Server, client: Any) -> None:
    arn = durable_function(server, "fan", FAN_OUT)
    assert invoked(client, arn, {"items": 40, "size": 200_000}) == {
        "sum": sum(n * n for n in range(40)),
        "both": ["left", "right"],
        "n": 200_000,
    }


def test_large_results(server: Server, client: Any) -> None:
    """A context's result beyond 256 KB is not stored but made again by a replay."""
    arn = durable_function(server, "large", LARGE)
    assert len(invoked(client, arn, {"times": 2})) == 800_000


def test_chained_invocations(server: Server, client: Any) -> None:
    server.function("plain", "def handler(event, context): return {'n': event['n'] + 1}")
    child = durable_function(server, "child", STEPS)
    arn = durable_function(server, "chain", CHAIN)
    answer = invoked(client, arn, {"child": child})
    assert answer["plain"] == {"n": 21}
    assert answer["child"] == {"a": 42, "b": 43}
    assert "Function not found" in answer["missing"]


def test_step_functions_wait_for_an_execution(server: Server, client: Any) -> None:
    arn = durable_function(server, "from-states", STEPS)
    states = server.client("stepfunctions")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": arn, "Payload": {"n": 5}},
        "OutputPath": "$.Payload",
        "End": True,
    }
    machine = states.create_state_machine(
        name="durable",
        roleArn="arn:aws:iam::000000000000:role/test",
        definition=json.dumps({"StartAt": "Invoke", "States": {"Invoke": task}}),
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]

    def over() -> Any:
        told = states.describe_execution(executionArn=execution)
        return told if told["status"] != "RUNNING" else None

    assert json.loads(eventually(over)["output"]) == {"a": 10, "b": 11}


def test_stop_and_delete(server: Server, client: Any) -> None:
    arn = durable_function(server, "stopped", APPROVAL)
    execution = begun(client, arn, {})
    callback_of(client, execution)
    refused = lambda: client.delete_durable_execution(DurableExecutionArn=execution)  # noqa: E731
    assert code_of(refused) == "ResourceConflictException"
    client.stop_durable_execution(DurableExecutionArn=execution, Error={"ErrorMessage": "enough"})
    shown = ended(client, execution)
    assert shown["Status"] == "STOPPED" and shown["Error"] == {"ErrorMessage": "enough"}
    client.delete_durable_execution(DurableExecutionArn=execution)
    gone = lambda: client.get_durable_execution(DurableExecutionArn=execution)  # noqa: E731
    assert code_of(gone) == "ResourceNotFoundException"


def test_refusals(server: Server, client: Any) -> None:
    arn = durable_function(server, "refusing", STEPS, timeout_s=901)
    assert code_of(lambda: client.invoke(FunctionName="refusing")) == (
        "InvalidParameterValueException"
    )
    assert code_of(lambda: client.invoke(FunctionName=arn)) == "InvalidParameterValueException"
    named = lambda: begun(client, arn, {}, DurableExecutionName="a b")  # noqa: E731
    with pytest.raises(Exception, match="urableExecutionName"):
        named()
    client.update_function_configuration(
        FunctionName="refusing", DurableConfig={"ExecutionTimeout": 60}
    )
    config = client.get_function_configuration(FunctionName="refusing")["DurableConfig"]
    assert config == {"ExecutionTimeout": 60, "RetentionPeriodInDays": 1}
    assert code_of(lambda: client.send_durable_execution_callback_success(CallbackId="AAAA")) == (
        "InvalidParameterValueException"
    )


# ---- killed in the middle
COUNTED = (
    HEAD
    + """
def count(name):
    def step(_):
        mark(name)
        return name
    return step

@durable_execution
def handler(event, context):
    done = [context.step(count("first"))]
    callback = context.create_callback("gate")
    done.append(callback.result())
    context.wait(Duration.from_seconds(1))
    done.append(context.step(count("last")))
    return done
"""
)
SLOW = (
    HEAD
    + """
def slow(_):
    mark("slow")
    while not marks("go"):
        time.sleep(0.02)
    return "slow"

@durable_execution
def handler(event, context):
    first = context.step(lambda _: "quick", name="quick")
    return [first, context.step(slow, name="slow")]
"""
)


def test_a_killed_server_goes_on_where_it_was(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        client = server.client("lambda")
        server.client("s3").create_bucket(Bucket="marks")
        arn = durable_function(server, "counted", COUNTED)
        executions = [begun(client, arn, {"n": n}) for n in range(3)]
        callbacks = [callback_of(client, execution) for execution in executions]
        server.kill()
        server.start()
        for id in callbacks:
            client.send_durable_execution_callback_success(CallbackId=id, Result=b"open")
        server.kill()
        server.start()
        for execution in executions:
            shown = ended(client, execution)
            assert json.loads(shown["Result"]) == ["first", "open", "last"]
        assert marks(server, "first") == 3  # never again in a replay


def test_a_killed_agent_repeats_only_the_step_it_was_in(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        client = server.client("lambda")
        server.client("s3").create_bucket(Bucket="marks")
        arn = durable_function(server, "slow", SLOW)
        execution = begun(client, arn, {})
        eventually(lambda: marks(server, "slow"))
        server.kill_agent()
        server.client("s3").put_object(Bucket="marks", Key="go/1")
        shown = ended(client, execution)
        assert json.loads(shown["Result"]) == ["quick", "slow"]
        kinds = [event["EventType"] for event in history(client, execution)]
        assert kinds.count("StepSucceeded") == 2
