"""Executions recorded on AWS, and how ours compare with them.

The recordings are not part of the repository: they lie beside it, where there are any.
Placeholders in them (`<uuid:1>`, `timestamp`, `activity_arn` …) match anything.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session

from owari.errors import ServiceError
from owari.services.stepfunctions.asl import inspection
from owari.services.stepfunctions.asl import instructions as do
from owari.services.stepfunctions.asl import reports as told
from owari.services.stepfunctions.asl.compiler import compile_machine
from owari.services.stepfunctions.asl.frames import Live
from owari.services.stepfunctions.asl.inspection_request import (
    Request,
    parse_context,
    parse_mock,
)
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.mock_schema import check_result
from owari.services.stepfunctions.asl.resource import parse_resource
from tests.services.stepfunctions.replay import (
    START_MS,
    Counted,
    Runner,
    loads_object,
    new_execution,
)

FOLDER = Path(__file__).parents[3].parent / "shared" / "conformance"
ANYTHING = {
    "timestamp", "date", "datetime", "start-date", "stop-date", "RandomNumberGenerated",
    "x-amzn-RequestId", "X-Amzn-Trace-Id",
}  # fmt: skip
NAMED = re.compile(
    r"^([a-z0-9_]*_arn|sqs_queue_url|bucket-name|lambda_function_name|arn:aws:.*|arn:<.*)$"
)
PLACEHOLDER = re.compile(r"<(?:<[^<>]*>|[^<>])+>|\bactivity_arn\b")


def rows(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def same(expected: Any, actual: Any) -> bool:
    """Whether ours is what AWS answered, placeholders aside."""
    actual = loads_object(actual) if isinstance(expected, dict) else actual
    match expected:
        case dict():
            return (
                isinstance(actual, dict)
                and expected.keys() == actual.keys()
                and all(same(value, actual[key]) for key, value in expected.items())
            )
        case list():
            return (
                isinstance(actual, list)
                and len(expected) == len(actual)
                and all(map(same, expected, actual))
            )
        case str():
            return _same_text(expected, actual)
        case bool() | None:
            return expected is actual
        case _:
            return type(actual) in (int, float) and expected == actual


def _same_text(expected: str, actual: Any) -> bool:
    if expected in ANYTHING or NAMED.match(expected):
        return True
    if not isinstance(actual, str):
        return False
    if not PLACEHOLDER.search(expected):
        return expected == actual
    parts = PLACEHOLDER.split(expected)
    return re.fullmatch(".*".join(map(re.escape, parts)), actual, re.DOTALL) is not None


def shown(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Our events as the recordings hold them."""
    return [
        {
            key: {k: loads_object(v) for k, v in value.items()}
            if isinstance(value, dict)
            else value
            for key, value in event.items()
        }
        for event in events
    ]


def order_independent(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The recorder sorted the events of a Parallel state's branches and dropped their ids; in a
    nested one, and after a retry, it lost some. The same is done to ours."""
    found, start, held, inside = list(events), 0, [], False
    for at, event in enumerate(found):
        kind = event["type"]
        if kind in (
            "ParallelStateSucceeded", "ParallelStateAborted", "ParallelStateExited",
            "ParallelStateFailed",
        ):  # fmt: skip
            found[start:at] = sorted(held, key=lambda e: json.dumps(e, sort_keys=True, default=str))
            inside = False
        elif kind == "ParallelStateStarted":
            inside, held, start = True, [], at + 1
        elif inside:
            event["id"], event["previousEventId"] = [0], 0
            held.append(event)
    return found


@dataclass
class Script:
    """The recorded fates of tasks, in the order they were scheduled."""

    fates: deque[list[dict[str, Any]]]
    texts: list[str]

    @classmethod
    def read(cls, events: list[dict[str, Any]]) -> Script:
        fates: list[list[dict[str, Any]]] = []
        chain: dict[int, int] = {}
        loose: list[dict[str, Any]] = []
        for event in events:
            if not TASK_EVENT.match(event["type"]):
                continue
            if event["type"].endswith("Scheduled"):
                if event["id"] != [0]:
                    chain[event["id"]] = len(fates)
                fates.append([])
            elif event["id"] == [0]:
                loose.append(event)
            elif event["previousEventId"] in chain:
                chain[event["id"]] = chain[event["previousEventId"]]
                fates[chain[event["id"]]].append(event)
        ends = [event for event in loose if not event["type"].endswith("Started")]
        for fate, event in zip((fate for fate in fates if not fate), ends, strict=False):
            fate.append(event)
        return cls(deque(fates), list(_strings(events)))

    def __call__(self, task: do.ScheduleTask) -> list[told.Report]:
        if not self.fates:
            return []
        found = [_report(task, event, self.text) for event in self.fates.popleft()]
        return [report for report in found if report is not None]

    def text(self, value: Any) -> str:
        """The text of a value, as written elsewhere in the recording if it is there."""
        if isinstance(value, str):
            return value
        return next((t for t in self.texts if loads_object(t) == value), dumps(value))


TASK_EVENT = re.compile(
    r"(Task|LambdaFunction|Activity)(Scheduled|Started|Submitted|Succeeded|Failed|TimedOut)$"
)


def _strings(value: Any) -> Iterator[str]:
    """All texts of objects in a recording."""
    match value:
        case dict():
            for item in value.values():
                yield from _strings(item)
        case list():
            for item in value:
                yield from _strings(item)
        case str() if value.startswith("{"):
            yield value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)


def _report(
    task: do.ScheduleTask, event: dict[str, Any], text: Callable[[Any], str]
) -> told.Report | None:
    details: dict[str, Any] = next((v for k, v in event.items() if k.endswith("EventDetails")), {})
    kind, frame, token = event["type"], task.frame, task.token
    if kind == "ActivityStarted":
        return told.TaskStarted(frame, token, details.get("workerName"))
    if kind.endswith("Succeeded"):
        return told.TaskSucceeded(frame, token, text(details["output"]))
    if kind.endswith("Submitted"):
        return told.TaskSubmitted(frame, token, text(details["output"]))
    if kind.endswith("Failed"):
        cause = details.get("cause")
        cause = None if cause is None else text(cause)
        return told.TaskFailed(frame, token, details.get("error"), cause)
    return None


@dataclass
class Compared:
    """What of a row matches; `why` says what does not, for the list of misses."""

    key: str
    status: bool = True
    result: bool = True
    sequence: bool = True
    details: bool = True
    links: bool = True
    why: list[str] = field(default_factory=list)


def _name(at: int, row: dict[str, Any]) -> str:
    return f"{at} {row['test'].split('::')[-1]} {row['kind']}"


def compare_case(at: int, row: dict[str, Any]) -> Compared:
    case = row["aws"][int(row["kind"][6:-1])]
    runner = Runner(compile_machine(row["definition"]), Live(new_execution(dumps(case["input"]))))
    runner.run()
    ours, theirs = loads_object(runner.live.execution.output), case["output"]
    return Compared(_name(at, row), result=same(theirs, ours), why=[f"{theirs} / {ours}"])


def replay(row: dict[str, Any]) -> Runner:
    events = row["aws_events"]
    first = next(e for e in events if e["type"] == "ExecutionStarted")
    started = first["executionStartedEventDetails"]["input"]
    # Where tasks are scripted their names may be placeholders throughout.
    text = _text(started if row["needs"] or isinstance(started, str) else row["input"])
    script = Script.read(events)
    missing_activity = any("does not exist" in str(e) for e in events)
    runner = Runner(
        compile_machine(row["definition"]),
        Live(new_execution(text)),
        tasks=script,
        activity_exists=lambda arn: not missing_activity,
    )
    if row["aws_status"] in ("ABORTED", None):
        runner.until_ms = START_MS
    runner.read_items = lambda read: _items(read, events)
    runner.write_results = lambda write: _written(write, events)
    runner.run()
    if row["aws_status"] == "ABORTED":
        runner.tell(told.Abort())
    return runner


def _exit_of_run(events: list[dict[str, Any]]) -> dict[str, Any]:
    at = next(at for at, e in enumerate(events) if e["type"].startswith("MapRun"))
    kinds = ("MapRunFailed", "MapStateExited")
    found = next(e for e in events[at:] if e["type"] in kinds)
    return _detail(found)


def _items(read: do.ReadItems, events: list[dict[str, Any]]) -> told.Report:
    """What was read is not recorded; but where the children change nothing it is the result."""
    details = _exit_of_run(events)
    failed = details.get("mapRunFailedEventDetails")
    if failed:
        return told.ItemsUnreadable(read.frame, read.run_arn, failed["cause"], failed["error"])
    items = json.loads(details["stateExitedEventDetails"]["output"])
    return told.ItemsRead(read.frame, read.run_arn, items)


def _written(write: do.WriteResults, events: list[dict[str, Any]]) -> told.Report:
    output = _exit_of_run(events)["stateExitedEventDetails"]["output"]
    return told.ResultsWritten(write.frame, write.run_arn, _text(output))


def _detail(event: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in event.items() if k.endswith("EventDetails")}


def compare_history(at: int, row: dict[str, Any]) -> Compared:
    runner = replay(row)
    theirs = row["aws_events"]
    if theirs[0]["id"] != 1:
        theirs = theirs[::-1]
    ours = shown(runner.events)
    if any(e["id"] == [0] for e in theirs):
        ours = order_independent(ours)
    found = Compared(_name(at, row))
    status = runner.live.execution.status
    wanted = row["aws_status"] or "RUNNING"
    found.status = status == wanted
    ended = runner.live.execution
    result = {"output": ended.output, "error": ended.error, "cause": ended.cause}
    expected = {k: (row["aws_result"] or {}).get(k) for k in ("output", "error", "cause")}
    found.result = all(same(v, result[k]) for k, v in expected.items())
    if not found.result:
        found.why.append(f"result: {expected} / {result}")
    kinds = [e["type"] for e in theirs], [e["type"] for e in ours]
    found.sequence = kinds[0] == kinds[1]
    if not found.sequence:
        found.why.append(f"sequence: {kinds[0]} / {kinds[1]}")
        found.details = found.links = False
        return found
    for one, other in zip(theirs, ours, strict=True):
        if not same(_detail(one), _detail(other)):
            found.details = False
            found.why.append(f"details of {one['id']}: {_detail(one)} / {_detail(other)}")
        links = [(e["id"], e["previousEventId"]) for e in (one, other)]
        if links[0] != links[1]:
            found.links = False
            found.why.append(f"link: {one['type']} {links[0]} / {links[1]}")
    return found


def compare(at: int, row: dict[str, Any]) -> Compared | None:
    """None for rows that are not an execution's history or result."""
    if row["kind"].startswith("cases["):
        case = row["aws"][int(row["kind"][6:-1])]
        return compare_case(at, row) if "output" in case else None
    return compare_history(at, row) if row["kind"] == "history" else None


def run_test_state(row: dict[str, Any]) -> dict[str, Any]:
    """TestState's answer as far as it is the interpreter's: the shell checks the rest."""
    request = row["request"]
    asked = Request(
        state_name=request.get("stateName"),
        input=request.get("input", "{}"),
        role_arn=request.get("roleArn"),
        reveal_secrets=request.get("revealSecrets", False),
        variables=json.loads(request.get("variables", "{}")),
        context=parse_context(request["context"]) if "context" in request else None,
        mock=parse_mock(request["mock"]) if "mock" in request else None,
        configuration=request.get("stateConfiguration", {}),
    )
    execution = new_execution(asked.input)
    execution.redrive_count = None
    execution.role_arn = asked.role_arn
    machine = inspection.machine_of(request["definition"])
    _check_mock_schema(request)
    found = inspection.begin(machine, asked, execution, now_ms=START_MS, chance=Counted())
    if found.task is not None:
        inspection.conclude(found, _text(row["aws"]["output"]), None)
    answer = dict(found.answer)
    if request["inspectionLevel"] != "INFO":
        answer["inspectionData"] = inspection.inspection_data(found)
    return answer


def _check_mock_schema(request: dict[str, Any]) -> None:
    resource = parse_resource(request["definition"].get("Resource", ""))
    mock = request.get("mock", {})
    if resource is None or not resource.service or "result" not in mock:
        return
    name = {"states": "stepfunctions"}.get(resource.service, resource.service)
    client = botocore.session.get_session().create_client(
        name.removeprefix("aws-sdk:"), region_name="us-east-1"
    )
    operation = resource.action[:1].upper() + resource.action[1:]
    shape = client.meta.service_model.operation_model(operation).output_shape
    mode = mock.get("fieldValidationMode", "STRICT")
    check_result(shape, json.loads(mock["result"]), mode)


def compare_test_state(row: dict[str, Any]) -> tuple[bool, Any, Any]:
    theirs = {k: v for k, v in row["aws"].items() if k not in ("ResponseMetadata", "message")}
    try:
        ours: Any = run_test_state(row)
    except ServiceError as error:
        said = theirs.get("Error", {}).get("Message") or theirs.get("exception_value", "")
        return said.endswith(error.message), said, error.message
    data = {k: loads_object(v) for k, v in ours.pop("inspectionData", {}).items()}
    ours = {k: loads_object(v) for k, v in ours.items()}
    if data:
        ours["inspectionData"] = data
    return same(theirs, ours), theirs, ours
