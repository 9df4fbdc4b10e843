"""Executions of small machines: what the recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest

from owari.services.stepfunctions.asl import instructions as do
from owari.services.stepfunctions.asl import reports as told
from owari.services.stepfunctions.asl.compiler import compile_machine
from owari.services.stepfunctions.asl.frames import Live
from owari.services.stepfunctions.asl.json_text import dumps, loads
from tests.services.stepfunctions.replay import (
    START_MS,
    Runner,
    Tasks,
    echo,
    new_execution,
    run,
)

LAMBDA = "arn:aws:lambda:us-east-1:111111111111:function:f"
SEND = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


def machine(*states: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"StartAt": states[0][0], "States": dict(states), **more}


def output(runner: Runner) -> Any:
    ended = runner.live.execution
    assert ended.status == "SUCCEEDED", (ended.error, ended.cause)
    return loads(ended.output or "null")


def failure(runner: Runner) -> tuple[str | None, str | None]:
    assert runner.live.execution.status == "FAILED"
    return runner.live.execution.error, runner.live.execution.cause


def kinds(runner: Runner) -> list[str]:
    return [event["type"] for event in runner.events]


def failing(error: str, cause: str = "why", times: int = 10**6) -> Tasks:
    """Tasks that fail so many times and then give what they got."""
    left = [times]

    def tasks(task: do.ScheduleTask) -> list[told.Report]:
        if left[0] > 0:
            left[0] -= 1
            return [told.TaskFailed(task.frame, task.token, error, cause)]
        return echo(task)

    return tasks


def waiting(definition: dict[str, Any], value: Any = None) -> Runner:
    """Run until a task is scheduled that never ends."""
    runner = Runner(
        compile_machine(definition),
        Live(new_execution(dumps(value or {}))),
        tasks=lambda task: [],
        until_ms=START_MS,
    )
    runner.run()
    return runner


def scheduled(runner: Runner) -> list[do.ScheduleTask]:
    return [i for i in runner.instructions if isinstance(i, do.ScheduleTask)]


# ---- data flow


def test_result_path_adds_to_the_raw_input() -> None:
    state = {
        "Type": "Task", "Resource": LAMBDA, "InputPath": "$.a", "Parameters": {"x.$": "$.b"},
        "ResultSelector": {"got.$": "$.x"}, "ResultPath": "$.deep.result",
        "OutputPath": "$.deep", "End": True,
    }  # fmt: skip
    assert output(run(machine(("T", state)), {"a": {"b": 1}, "c": 2}, tasks=echo)) == {
        "result": {"got": 1}
    }


def test_result_path_into_what_is_no_object_fails() -> None:
    state = {"Type": "Pass", "Result": 1, "ResultPath": "$.a.b", "End": True}
    error, cause = failure(run(machine(("P", state)), {"a": "text"}))
    assert error == "States.ResultPathMatchFailure"
    assert cause and "entered at the event id #2" in cause


def test_constant_members_come_before_those_of_a_hash_map() -> None:
    template = {"TopicArn.$": "$.t", "Message.$": "$.m", "Attributes": {}}
    state = {"Type": "Pass", "Parameters": template, "End": True}
    assert list(output(run(machine(("P", state)), {"t": 1, "m": 2}))) == [
        "Attributes",
        "TopicArn",
        "Message",
    ]


def test_input_is_parsed_and_written_once_and_never_changed() -> None:
    add = {"Type": "Pass", "Result": 1, "ResultPath": "$.x.y", "Next": "B"}
    keep = {"Type": "Pass", "ResultPath": None, "Result": {}, "End": True}
    runner = run(machine(("A", add), ("B", keep)), {"x": {"z": 1}})
    assert output(runner) == {"x": {"z": 1, "y": 1}}
    assert loads(runner.events[1]["stateEnteredEventDetails"]["input"]) == {"x": {"z": 1}}


def test_variables_of_a_branch_end_with_it_and_see_those_around() -> None:
    inner = machine(
        ("I", {"Type": "Pass", "Assign": {"x": 2, "y": 3}, "Next": "J"}),
        ("J", {"Type": "Pass", "Parameters": {"x.$": "$x", "z.$": "$z"}, "End": True}),
    )
    runner = run(
        machine(
            ("A", {"Type": "Pass", "Assign": {"x": 1, "z": 0}, "Next": "P"}),
            ("P", {"Type": "Parallel", "Branches": [inner], "Next": "B"}),
            ("B", {"Type": "Pass", "Parameters": {"in.$": "$[0]", "x.$": "$x"}, "End": True}),
        )
    )
    assert output(runner) == {"in": {"x": 2, "z": 0}, "x": 1}


def test_numbers_beyond_64_bits_survive() -> None:
    runner = run(machine(("P", {"Type": "Pass", "End": True})), text='{"n": 123456789012345678901}')
    assert output(runner) == {"n": 123456789012345678901}


# ---- choice and wait


def test_choice_without_a_match_or_default_fails() -> None:
    rule = {"Variable": "$.n", "NumericEquals": 1, "Next": "P"}
    choice = {"Type": "Choice", "Choices": [rule]}
    definition = machine(("C", choice), ("P", {"Type": "Pass", "End": True}))
    error, cause = failure(run(definition, {"n": 2}))
    assert error == "States.Runtime"
    assert cause and cause.endswith(
        "Failed to transition out of the state. The state does not point to a next state."
    )
    error, cause = failure(run(definition, {}))
    assert error == "States.Runtime"
    assert cause and cause.endswith(
        "Invalid path '$.n': The choice state's condition path references an invalid value."
    )


def test_a_rules_own_assignment_replaces_the_states() -> None:
    rule = {"Variable": "$.n", "NumericEquals": 1, "Assign": {"v": "rule"}, "Next": "P"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "P", "Assign": {"v": "state"}}
    end = {"Type": "Pass", "Parameters": {"v.$": "$v"}, "End": True}
    definition = machine(("C", choice), ("P", end))
    assert output(run(definition, {"n": 1})) == {"v": "rule"}
    assert output(run(definition, {"n": 2})) == {"v": "state"}


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [("*.log", "a.log", True), ("a*c", "abbc", True), ("a*c", "abbd", False),
     ("\\*", "*", True), ("\\*", "x", False), ("a.c", "abc", False), ("*", "", True)],
)  # fmt: skip
def test_string_matches(pattern: str, text: str, wanted: bool) -> None:
    rule = {"Variable": "$.s", "StringMatches": pattern, "Next": "Y"}
    definition = machine(
        ("C", {"Type": "Choice", "Choices": [rule], "Default": "N"}),
        ("Y", {"Type": "Pass", "Result": True, "End": True}),
        ("N", {"Type": "Pass", "Result": False, "End": True}),
    )
    assert output(run(definition, {"s": text})) is wanted


def test_a_wait_lasts_as_long_as_it_says() -> None:
    runner = run(machine(("W", {"Type": "Wait", "Seconds": 30, "End": True})))
    assert runner.now_ms == START_MS + 30_000


# ---- retry and catch


def test_retries_back_off_up_to_the_longest_delay_and_then_fail() -> None:
    retrier = {
        "ErrorEquals": ["E"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 4,
        "MaxDelaySeconds": 10,
    }  # fmt: skip
    task = {"Type": "Task", "Resource": LAMBDA, "Retry": [retrier], "End": True}
    runner = run(machine(("T", task)), tasks=failing("E"))
    assert failure(runner) == ("E", "why")
    assert runner.now_ms - START_MS == (2 + 6 + 10 + 10) * 1000
    assert kinds(runner).count("LambdaFunctionScheduled") == 5


def test_full_jitter_takes_a_random_part_of_the_delay() -> None:
    retrier = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 8, "JitterStrategy": "FULL"}
    task = {"Type": "Task", "Resource": LAMBDA, "Retry": [retrier], "End": True}
    runner = run(machine(("T", task)), tasks=failing("E", times=1))
    assert output(runner) == {}
    assert runner.now_ms - START_MS == 4_000


def test_task_failed_is_any_error_but_a_timeout() -> None:
    def catching(error: str) -> Runner:
        catcher = {"ErrorEquals": ["States.TaskFailed"], "Next": "C", "ResultPath": "$.e"}
        task = {"Type": "Task", "Resource": LAMBDA, "Catch": [catcher], "End": True}
        definition = machine(("T", task), ("C", {"Type": "Pass", "End": True}))
        return run(definition, {"k": 1}, tasks=failing(error))

    assert output(catching("Mine")) == {"k": 1, "e": {"Error": "Mine", "Cause": "why"}}
    assert failure(catching("States.Timeout"))[0] == "States.Timeout"


def test_a_missed_heartbeat_is_a_timeout_that_has_its_own_name_too() -> None:
    for name in ("States.Timeout", "States.HeartbeatTimeout"):
        catcher = {"ErrorEquals": [name], "Next": "C"}
        task = {
            "Type": "Task", "Resource": SEND, "HeartbeatSeconds": 10, "TimeoutSeconds": 60,
            "Parameters": {"t.$": "$$.Task.Token"}, "Catch": [catcher], "End": True,
        }  # fmt: skip
        definition = machine(("T", task), ("C", {"Type": "Pass", "End": True}))
        runner = run(definition, tasks=lambda task: [])
        assert output(runner) == {"Error": "States.Timeout", "Cause": ""}
        assert runner.now_ms - START_MS == 10_000
        assert not runner.timers


def test_heartbeats_put_the_deadline_off_but_not_the_timeout() -> None:
    task = {
        "Type": "Task", "Resource": SEND, "HeartbeatSeconds": 10, "TimeoutSeconds": 25,
        "Parameters": {}, "End": True,
    }  # fmt: skip
    runner = waiting(machine(("T", task)))
    job = scheduled(runner)[0]
    for _ in range(4):
        runner.now_ms += 8_000
        runner.tell(told.TaskHeartbeat(job.frame, job.token))
    runner.until_ms = START_MS + 10**6
    runner.go_on()
    assert failure(runner)[0] == "States.Timeout"
    assert kinds(runner).count("TaskTimedOut") == 1


def test_a_report_for_another_attempt_is_ignored() -> None:
    task = {"Type": "Task", "Resource": LAMBDA, "End": True}
    runner = waiting(machine(("T", task)))
    before = list(runner.events)
    runner.tell(told.TaskSucceeded("0", "another token", "{}"))
    runner.tell(told.TimerFired("0", "wait-1"))
    assert runner.events == before


# ---- limits


def test_a_result_that_is_too_large() -> None:
    def big(task: do.ScheduleTask) -> list[told.Report]:
        return [told.TaskSucceeded(task.frame, task.token, dumps("x" * 262_143))]

    task = {"Type": "Task", "Resource": LAMBDA, "End": True}
    error, cause = failure(run(machine(("T", task)), tasks=big))
    assert error == "States.DataLimitExceeded"
    assert cause == (
        f"The state/task '{LAMBDA}' returned a result with a size exceeding the maximum number of"
        " bytes service limit."
    )


def test_an_output_that_is_too_large_may_be_caught() -> None:
    grow = {"a.$": "States.Format('{}{}', $.s, $.s)"}
    catcher = {"ErrorEquals": ["States.DataLimitExceeded"], "Next": "C"}
    task = {
        "Type": "Task", "Resource": LAMBDA, "ResultSelector": grow, "Catch": [catcher],
        "End": True,
    }  # fmt: skip
    definition = machine(("T", task), ("C", {"Type": "Pass", "End": True}))
    runner = run(definition, {"s": "é" * 70_000}, tasks=echo)
    assert output(runner)["Error"] == "States.DataLimitExceeded"


def test_the_history_ends_with_its_25000th_event() -> None:
    loop = machine(
        ("A", {"Type": "Pass", "Next": "B"}),
        ("B", {"Type": "Choice", "Choices": [
            {"Variable": "$.x", "IsPresent": True, "Next": "E"}], "Default": "A"}),
        ("E", {"Type": "Succeed"}),
    )  # fmt: skip
    runner = run(loop)
    assert failure(runner) == (
        "States.Runtime",
        "The execution reached the maximum number of history events (25000).",
    )
    assert [event["id"] for event in runner.events] == list(range(1, 25_001))


def test_a_long_turn_is_cut_and_continued() -> None:
    chain = [(f"S{i}", {"Type": "Pass", "Next": f"S{i + 1}"}) for i in range(500)]
    runner = run(machine(*chain, ("S500", {"Type": "Succeed"})))
    assert runner.turns == 3
    assert output(runner) == {}


# ---- map and parallel


def mapping(processor: dict[str, Any], **more: Any) -> dict[str, Any]:
    return machine(("M", {"Type": "Map", "ItemProcessor": processor, "End": True, **more}))


def test_a_map_runs_so_many_iterations_at_a_time() -> None:
    processor = machine(("W", {"Type": "Wait", "Seconds": 10, "End": True}))
    runner = run(mapping(processor, MaxConcurrency=2), list(range(5)))
    assert output(runner) == [0, 1, 2, 3, 4]
    assert runner.now_ms - START_MS == 30_000
    assert not runner.live.joins
    assert list(runner.live.frames) == ["0"]


def test_without_a_bound_forty_iterations_run_at_a_time() -> None:
    processor = machine(("W", {"Type": "Wait", "Seconds": 10, "End": True}))
    runner = run(mapping(processor), list(range(81)))
    assert runner.now_ms - START_MS == 30_000


def test_iterations_see_their_item_and_nested_ones_the_nearest() -> None:
    inner = machine(
        ("P", {"Type": "Pass", "Parameters": {
            "v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"}, "End": True}),
    )  # fmt: skip
    outer = machine(("N", {"Type": "Map", "ItemProcessor": inner, "End": True}))
    assert output(run(mapping(outer), [["a"], ["b", "c"]])) == [
        [{"v": "a", "i": 0}],
        [{"v": "b", "i": 0}, {"v": "c", "i": 1}],
    ]


def test_one_failed_iteration_ends_the_others() -> None:
    processor = machine(
        ("C", {"Type": "Choice", "Choices": [
            {"Variable": "$", "NumericEquals": 2, "Next": "F"}], "Default": "W"}),
        ("F", {"Type": "Fail", "Error": "E"}),
        ("W", {"Type": "Wait", "Seconds": 60, "End": True}),
    )  # fmt: skip
    runner = run(mapping(processor), [1, 2, 3])
    assert failure(runner) == ("E", None)
    assert kinds(runner)[-8:] == [
        "ChoiceStateExited", "FailStateEntered",
        "MapIterationFailed",
        "MapIterationAborted", "WaitStateAborted",
        "MapIterationAborted",
        "MapStateFailed", "ExecutionFailed",
    ]  # fmt: skip
    assert not runner.timers


def test_a_failed_branch_is_caught_once() -> None:
    bad = machine(("F", {"Type": "Fail", "Error": "E", "Cause": "c"}))
    slow = machine(("W", {"Type": "Wait", "Seconds": 60, "End": True}))
    parallel = {
        "Type": "Parallel", "Branches": [slow, bad, bad],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}], "End": True,
    }  # fmt: skip
    runner = run(machine(("P", parallel), ("C", {"Type": "Pass", "End": True})))
    assert output(runner) == {"Error": "E", "Cause": "c"}
    assert kinds(runner).count("ParallelStateFailed") == 1
    assert runner.now_ms == START_MS
    assert not runner.timers


def test_a_map_that_is_retried_begins_anew() -> None:
    processor = machine(("T", {"Type": "Task", "Resource": LAMBDA, "End": True}))
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 1}]
    runner = run(mapping(processor, Retry=retry), [1, 2], tasks=failing("E", times=1))
    assert output(runner) == [1, 2]
    assert kinds(runner).count("MapStateStarted") == 2
    assert kinds(runner).count("MapStateEntered") == 1


DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


def distributed(states: dict[str, Any], **more: Any) -> dict[str, Any]:
    return mapping({**states, "ProcessorConfig": DISTRIBUTED}, **more)


def test_a_distributed_map_batches_its_items() -> None:
    processor = machine(("P", {"Type": "Pass", "End": True}))
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"k.$": "$.k"}}
    definition = distributed(processor, ItemsPath="$.i", ItemBatcher=batcher)
    runner = run(definition, {"i": [1, 2, 3], "k": "v"})
    assert output(runner) == [
        {"BatchInput": {"k": "v"}, "Items": [1, 2]},
        {"BatchInput": {"k": "v"}, "Items": [3]},
    ]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49}, "FAILED"),
    ],
)
def test_a_distributed_map_bears_failures(more: dict[str, Any], status: str) -> None:
    processor = machine(
        ("C", {"Type": "Choice", "Choices": [
            {"Variable": "$", "NumericLessThan": 2, "Next": "F"}], "Default": "P"}),
        ("F", {"Type": "Fail"}),
        ("P", {"Type": "Pass", "End": True}),
    )  # fmt: skip
    runner = run(distributed(processor, **more), [0, 1, 2, 3])
    assert runner.live.execution.status == status
    if status == "FAILED":
        assert runner.live.execution.error == "States.ExceedToleratedFailureThreshold"


# ---- ends from outside


def test_stopping_calls_everything_off() -> None:
    task = {"Type": "Task", "Resource": LAMBDA, "TimeoutSeconds": 60, "End": True}
    runner = waiting(mapping(machine(("T", task))), [1, 2])
    runner.tell(told.Abort("E", "c"))
    assert runner.live.execution.status == "ABORTED"
    assert sum(isinstance(i, do.CancelTask) for i in runner.instructions) == 2
    assert not runner.timers
    before = len(runner.events)
    runner.tell(told.Abort())
    assert len(runner.events) == before


def test_an_execution_that_lasts_too_long() -> None:
    runner = waiting(machine(("T", {"Type": "Task", "Resource": LAMBDA, "End": True})))
    runner.tell(told.ExecutionTimedOut())
    assert runner.live.execution.status == "TIMED_OUT"
    assert runner.events[-1]["type"] == "ExecutionTimedOut"
    assert runner.events[-1]["executionTimedOutEventDetails"] == {"error": "States.Timeout"}
    assert runner.live.execution.error is None


# ---- redrive


def test_redrive_goes_on_from_the_failed_state() -> None:
    definition = machine(
        ("A", {"Type": "Pass", "Result": {"a": 1}, "Next": "T"}),
        ("T", {"Type": "Task", "Resource": LAMBDA, "End": True}),
    )
    runner = run(definition, tasks=failing("E", times=1))
    assert failure(runner)[0] == "E"
    runner.tell(told.Redriven())
    runner.go_on()
    assert output(runner) == {"a": 1}
    assert runner.live.execution.redrive_count == 1
    assert kinds(runner)[-6:] == [
        "ExecutionRedriven", "LambdaFunctionScheduled", "LambdaFunctionStarted",
        "LambdaFunctionSucceeded", "TaskStateExited", "ExecutionSucceeded",
    ]  # fmt: skip


def test_redrive_reruns_only_the_iterations_that_did_not_succeed() -> None:
    ran: list[str] = []

    def tasks(task: do.ScheduleTask) -> list[told.Report]:
        ran.append(task.parameters)
        if ran.count("2") == 1 and task.parameters == "2":
            return [told.TaskFailed(task.frame, task.token, "E", "c")]
        return echo(task)

    processor = machine(("T", {"Type": "Task", "Resource": LAMBDA, "End": True}))
    runner = run(mapping(processor, MaxConcurrency=1), [1, 2, 3], tasks=tasks)
    assert failure(runner)[0] == "E"
    assert ran == ["1", "2"]
    runner.tell(told.Redriven())
    runner.go_on()
    assert output(runner) == [1, 2, 3]
    assert ran == ["1", "2", "2", "3"]


# ---- JSONata


def test_jsonata_errors_can_be_caught_and_name_their_field() -> None:
    task = {
        "Type": "Task", "Resource": LAMBDA, "Arguments": {"x": "{% $states.input.none %}"},
        "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "C"}], "End": True,
    }  # fmt: skip
    definition = machine(("T", task), ("C", {"Type": "Pass", "End": True}), QueryLanguage="JSONata")
    runner = run(definition)
    assert output(runner)["Error"] == "States.QueryEvaluationError"
    failed = runner.events[2]
    assert failed["type"] == "EvaluationFailed"
    assert failed["evaluationFailedEventDetails"]["location"] == "Arguments/x"
