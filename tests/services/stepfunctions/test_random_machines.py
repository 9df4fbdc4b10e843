"""Random machines under random interruptions: the invariants of every execution."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owari.services.stepfunctions.asl import instructions as do
from owari.services.stepfunctions.asl import reports as told
from owari.services.stepfunctions.asl.compiler import compile_machine
from owari.services.stepfunctions.asl.frames import Live
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.asl.validation import load
from tests.services.stepfunctions.replay import Runner, new_execution

Json = dict[str, Any]
LAMBDA = "arn:aws:lambda:us-east-1:111111111111:function:f"
ERRORS = ("E1", "E2", "States.Timeout")


@st.composite
def tails(draw: st.DrawFn, name: str, following: str | None) -> Json:
    """How a Task, Map or Parallel state deals with errors and where it goes."""
    made: Json = {"Next": following} if following else {"End": True}
    if draw(st.booleans()):
        made["Retry"] = [
            {
                "ErrorEquals": [draw(st.sampled_from((*ERRORS, "States.ALL")))],
                "IntervalSeconds": draw(st.integers(1, 3)),
                "MaxAttempts": draw(st.integers(0, 2)),
            }
        ]
    if following and draw(st.booleans()):
        made["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": following, "ResultPath": "$.e"}]
    return made


@st.composite
def states(draw: st.DrawFn, name: str, following: str | None, depth: int, fails: bool) -> Json:
    kinds = ["Pass", "Task", "Wait", "Choice", *(["Parallel", "Map"] if depth else [])]
    kinds += ["Fail"] if fails and depth else []
    go_on: Json = {"Next": following} if following else {"End": True}
    match draw(st.sampled_from(kinds)):
        case "Task":
            timeout = draw(st.sampled_from(({}, {"TimeoutSeconds": 5})))
            return {"Type": "Task", "Resource": LAMBDA, "ResultPath": "$.t", **timeout,
                    **draw(tails(name, following))}  # fmt: skip
        case "Wait":
            return {"Type": "Wait", "Seconds": draw(st.integers(0, 9)), **go_on}
        case "Choice" if following:
            rule = {"Variable": "$.k", "NumericEquals": 1, "Next": following}
            return {"Type": "Choice", "Choices": [rule], "Default": following}
        case "Parallel":
            count = draw(st.integers(1, 3))
            branches = [draw(machines(depth - 1, f"{name}{at}", fails)) for at in range(count)]
            return {"Type": "Parallel", "Branches": branches, "ResultPath": "$.p",
                    **draw(tails(name, following))}  # fmt: skip
        case "Map":
            return {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.m",
                    "ItemSelector": {"items.$": "$.items", "k.$": "$$.Map.Item.Value"},
                    "MaxConcurrency": draw(st.integers(0, 2)),
                    "ItemProcessor": draw(machines(depth - 1, f"{name}i", fails)),
                    **draw(tails(name, following))}  # fmt: skip
        case "Fail" if not following:
            return {"Type": "Fail", "Error": draw(st.sampled_from(ERRORS)), "Cause": name}
        case _:
            return {"Type": "Pass", "Result": name, "ResultPath": "$.r", **go_on}


@st.composite
def machines(draw: st.DrawFn, depth: int, prefix: str = "S", fails: bool = True) -> Json:
    names = [f"{prefix}_{at}" for at in range(draw(st.integers(1, 4)))]
    made = {
        name: draw(states(name, names[at + 1] if at + 1 < len(names) else None, depth, fails))
        for at, name in enumerate(names)
    }
    return {"StartAt": names[0], "States": made}


def fated(fates: list[int]) -> Any:
    """Tasks that succeed, fail, or never report, in turn."""
    number = [0]

    def tasks(task: do.ScheduleTask) -> list[told.Report]:
        fate = fates[number[0] % len(fates)]
        number[0] += 1
        if fate == 0 and task.timeout_s is not None:
            return []
        if fate in (1, 2):
            return [told.TaskFailed(task.frame, task.token, f"E{fate}", "why")]
        return [told.TaskSucceeded(task.frame, task.token, '{"done":true}')]

    return tasks


def play(definition: Json, fates: list[int], *, transitions_max: int, stored: bool) -> Runner:
    runner = Runner(
        compile_machine(definition),
        Live(new_execution(dumps({"items": [1, 2, 3], "k": 1}))),
        tasks=fated(fates),
        transitions_max=transitions_max,
        stored=stored,
    )
    runner.run()
    return runner


def check_invariants(runner: Runner) -> None:
    events = runner.events
    assert [event["id"] for event in events] == list(range(1, len(events) + 1)), "gapless"
    assert all(event["previousEventId"] < event["id"] for event in events)
    ended = runner.live.execution
    assert ended.status in ("SUCCEEDED", "FAILED"), "it ends"
    last = [e for e in events if e["type"] in ("ExecutionSucceeded", "ExecutionFailed")]
    assert last == [events[-1]], "once, and nothing happens after"
    assert sum(isinstance(i, do.Finish) for i in runner.instructions) == 1
    counts = Counter(event["type"] for event in events)
    left = counts["TaskStateExited"] + counts["TaskStateAborted"]
    assert left <= counts["TaskStateEntered"]
    assert counts["MapIterationStarted"] >= counts["MapIterationSucceeded"]
    if ended.status == "SUCCEEDED":
        assert not runner.timers, "no orphan timers"
        assert not runner.live.joins and not runner.live.items
        assert list(runner.live.frames) == ["0"]
        loads(ended.output or "")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines(2), st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_every_execution_keeps_the_invariants(definition: Json, fates: list[int]) -> None:
    machine, found = load(dumps(definition))
    assert machine is not None, [d.text() for d in found]
    for transitions_max in (200, 1):
        check_invariants(play(definition, fates, transitions_max=transitions_max, stored=True))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines(2, fails=False), st.lists(st.integers(3, 5), min_size=1, max_size=2))
def test_nothing_is_lost_between_turns(definition: Json, fates: list[int]) -> None:
    """Written and read again after every turn, and stopped after every transition, an execution
    of the same tasks comes to the same end."""
    whole = play(definition, fates, transitions_max=200, stored=False)
    cut = play(definition, fates, transitions_max=1, stored=True)
    check_invariants(cut)
    for one in ("status", "output", "error", "cause", "events"):
        assert getattr(whole.live.execution, one) == getattr(cut.live.execution, one)
    assert Counter(e["type"] for e in whole.events) == Counter(e["type"] for e in cut.events)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines(2), st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_a_failed_execution_can_be_redriven(definition: Json, fates: list[int]) -> None:
    """With tasks that succeed now it ends well, unless a Fail state lies on its way."""
    runner = play(definition, fates, transitions_max=200, stored=True)
    if runner.live.execution.status != "FAILED":
        return
    runner.timers.clear()  # the shell drops them when an execution ends
    runner.tasks = fated([3])
    runner.tell(told.Redriven())
    runner.go_on()
    ended, events = runner.live.execution, runner.events
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert ended.status == "SUCCEEDED" or ended.cause is not None
    assert sum(isinstance(i, do.Finish) for i in runner.instructions) == 2
