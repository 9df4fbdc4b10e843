"""Step Functions: transitions, items, starts and tasks per second, all of it durable."""

from __future__ import annotations

import json
import time
from typing import Any

from bench.functions import ECHO
from bench.raw import CONNECTIONS, flood
from bench.report import Figure, at_least, at_most
from bench.setting import ROLE, Setting, median, samples

START = "AWSStepFunctions.StartExecution"
LOOP = 5_000  # rounds of two transitions each
CHAIN = 25  # tasks, one after another


def _machine(client: Any, name: str, definition: dict[str, Any]) -> str:
    made = client.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE, type="STANDARD"
    )
    return str(made["stateMachineArn"])


def _finish(client: Any, execution: str) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = client.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            assert found["status"] == "SUCCEEDED", found
            return found
        time.sleep(0.005)


def _timed(client: Any, machine: str, value: Any) -> float:
    began = time.perf_counter()
    started = client.start_execution(stateMachineArn=machine, input=json.dumps(value))
    _finish(client, started["executionArn"])
    return time.perf_counter() - began


def _json_path_loop() -> dict[str, Any]:
    more = {"Variable": "$.n", "NumericLessThan": LOOP, "Next": "Count"}
    count = {
        "Type": "Pass",
        "Parameters": {"n.$": "States.MathAdd($.n, 1)"},
        "Next": "More",
    }
    return {
        "StartAt": "More",
        "States": {
            "More": {"Type": "Choice", "Choices": [more], "Default": "Done"},
            "Count": count,
            "Done": {"Type": "Succeed"},
        },
    }


def _jsonata_loop() -> dict[str, Any]:
    more = {"Condition": f"{{% $states.input.n < {LOOP} %}}", "Next": "Count"}
    count = {"Type": "Pass", "Output": {"n": "{% $states.input.n + 1 %}"}, "Next": "More"}
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "More",
        "States": {
            "More": {"Type": "Choice", "Choices": [more], "Default": "Done"},
            "Count": count,
            "Done": {"Type": "Succeed"},
        },
    }


def transitions(s: Setting) -> list[Figure]:
    client = s.client("stepfunctions")
    figures = []
    for name, definition, goal in (
        ("JSONPath", _json_path_loop(), 20_000),
        ("JSONata", _jsonata_loop(), 8_000),
    ):
        machine = _machine(client, f"loop-{name}", definition)
        taken = min(_timed(client, machine, {"n": 0}) for _ in range(3))
        figures.append(
            at_least(f"Pass/Choice transitions, {name}", 2 * LOOP / taken, goal, "per s")
        )
    return figures


def inline_map(s: Setting) -> list[Figure]:
    client = s.client("stepfunctions")
    item = {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}
    machine = _machine(
        client,
        "map",
        {
            "StartAt": "Each",
            "States": {
                "Each": {"Type": "Map", "ItemsPath": "$", "ItemProcessor": item, "End": True}
            },
        },
    )
    taken = min(_timed(client, machine, list(range(1_000))) for _ in range(3))
    return [at_least("inline Map of 1,000 items", 1_000 / taken, 10_000, "items per s")]


def distributed_map(s: Setting) -> list[Figure]:
    client = s.client("stepfunctions")
    item = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "One",
        "States": {"One": {"Type": "Pass", "Result": 1, "End": True}},
    }
    each = {"Type": "Map", "ItemProcessor": item, "ResultPath": None, "End": True}
    machine = _machine(
        client, "distributed", {"StartAt": "Each", "States": {"Each": each | {"ItemsPath": "$"}}}
    )
    taken = _timed(client, machine, list(range(10_000)))
    return [at_least("Distributed Map of 10,000 items", 10_000 / taken, 2_000, "items per s")]


def _start_requests(s: Setting, machine: str, count: int) -> float:
    body = json.dumps({"stateMachineArn": machine}).encode()
    headers = f"Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: {START}\r\n"
    return flood(s.owari, "states", "/", body, count, headers)


def _one_pass(client: Any) -> str:
    states = {"One": {"Type": "Pass", "End": True}}
    return _machine(client, "pass", {"StartAt": "One", "States": states})


def starts(s: Setting) -> list[Figure]:
    rate = _start_requests(s, _one_pass(s.client("stepfunctions")), 3_000)
    return [at_least(f"StartExecution, raw HTTP, {CONNECTIONS} connections", rate, 1_000, "per s")]


def scale(s: Setting) -> list[Figure]:
    """The curve up to a million finished executions in the store."""
    client = s.client("stepfunctions")
    machine = _one_pass(client)
    first = client.start_execution(stateMachineArn=machine)["executionArn"]
    figures = []
    for count in (1_000, 100_000, 400_000, 500_000):
        rate = _start_requests(s, machine, count)
        total = sum((1_000, 100_000, 400_000, 500_000)[: len(figures) // 2 + 1])
        taken = median(samples(200, lambda: client.describe_execution(executionArn=first)))
        figures.append(at_least(f"StartExecution, {total:,} in the store", rate, 1_000, "per s"))
        figures.append(at_most(f"describe, {total:,} in the store, p50", taken * 1e3, 3, "ms"))
    return figures


def tasks(s: Setting) -> list[Figure]:
    client = s.client("stepfunctions")
    function = s.function("chained", ECHO)
    states = {
        f"T{i}": {"Type": "Task", "Resource": function, "Next": f"T{i + 1}"} for i in range(CHAIN)
    }
    states[f"T{CHAIN}"] = {"Type": "Succeed"}
    machine = _machine(client, "chain", {"StartAt": "T0", "States": states})
    _timed(client, machine, {})
    taken = median([_together(client, machine) for _ in range(5)])
    return [at_least("Lambda tasks in a chain, 8 executions", 8 * CHAIN / taken, 800, "per s")]


def _together(client: Any, machine: str) -> float:
    began = time.perf_counter()
    running = [client.start_execution(stateMachineArn=machine)["executionArn"] for _ in range(8)]
    for execution in running:
        _finish(client, execution)
    return time.perf_counter() - began
