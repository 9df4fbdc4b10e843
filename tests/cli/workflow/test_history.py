"""Where an execution is and how each state fared, by its events."""

from __future__ import annotations

from owari.cli.workflow.machine import END, START, read
from owari.cli.workflow.notes import elsewhere, notes
from owari.cli.workflow.scene import Note
from owari.cli.workflow.visits import Iterations, Taken
from tests.cli.workflow.telling import History


def test_a_task_that_is_retried_and_succeeds() -> None:
    told = History()
    told.enter("Task", "Work")
    told.schedule()
    told.fail("Flaky")
    told.schedule()
    assert notes(told.progress(), told.now) == {"Work": Note("running", "3.0 s · 1 retry")}
    told.add("LambdaFunctionSucceeded")
    told.exit("Task", "Work")
    told.add("ExecutionSucceeded")
    found = told.progress()
    assert found.status == "SUCCEEDED"
    assert notes(found, told.now) == {"Work": Note("succeeded", "5.0 s · 1 retry")}
    assert found.taken == {Taken(START, "Work"), Taken("Work", END)}


def test_a_failure_that_is_caught_leads_along_the_catch_edge() -> None:
    told = History()
    told.enter("Task", "Work")
    told.schedule()
    told.fail("Broken")
    told.exit("Task", "Work")
    told.enter("Pass", "Mend")
    told.exit("Pass", "Mend")
    told.add("ExecutionSucceeded")
    found = told.progress()
    assert notes(found, told.now)["Work"] == Note("caught", "3.0 s · Broken")
    assert Taken("Work", "Mend", caught=True) in found.taken
    assert Taken("Work", END) not in found.taken
    assert found.culprit is None


def test_a_failure_in_a_branch_is_named_with_those_around_it() -> None:
    told = History()
    both = told.enter("Parallel", "Both")
    started = told.add("ParallelStateStarted", both)
    left = told.enter("Task", "Left", started)
    told.enter("Wait", "Right", started)
    told.schedule(left)
    failed = told.fail("Broken")
    told.add("WaitStateAborted", failed)
    told.add("ParallelStateFailed", failed)
    told.add("ExecutionFailed", error="Broken", cause="because Broken")
    found = told.progress()
    assert found.culprit is not None
    assert found.culprit.path == "Both → Left"
    assert (found.error, found.cause) == ("Broken", "because Broken")
    statuses = {name: note.status for name, note in notes(found, told.now).items()}
    assert statuses == {"Both": "failed", "Left": "failed", "Right": "aborted"}


def test_a_parallel_that_is_retried_forgets_what_failed_in_it() -> None:
    told = History()
    both = told.enter("Parallel", "Both")
    for attempt in range(2):
        started = told.add("ParallelStateStarted", both)
        told.enter("Task", "Left", started)
        told.schedule()
        if attempt == 0:
            told.fail("Broken")
            both = told.add("ParallelStateFailed")
    told.add("LambdaFunctionSucceeded")
    told.exit("Task", "Left")
    told.add("ParallelStateSucceeded")
    told.exit("Parallel", "Both")
    told.add("ExecutionSucceeded")
    found = notes(told.progress(), told.now)
    assert found["Left"].status == "succeeded"
    assert found["Both"].status == "succeeded"
    assert "1 retry" in found["Both"].text


def iterations(told: History, count: int, failing: int | None = None) -> None:
    """A Map state of Task states, all at once; ended but for those after a failing one."""
    entered = told.enter("Map", "Each")
    started = told.add("MapStateStarted", entered, length=count)
    each = [told.add("MapIterationStarted", started, name="Each", index=n) for n in range(count)]
    entered_each = [told.enter("Task", "One", after) for after in each]
    scheduled = [told.schedule(after) for after in entered_each]
    for n, after in enumerate(scheduled):
        if n == failing:
            failed = told.fail("Broken", after)
            told.add("MapIterationFailed", failed, name="Each", index=n)
            return
        told.add("LambdaFunctionSucceeded", after)
        told.exit("Task", "One")
        told.add("MapIterationSucceeded", name="Each", index=n)


def test_iterations_are_counted() -> None:
    told = History()
    iterations(told, 5)
    running = notes(told.progress(), told.now)
    assert running["Each"].status == "running"
    assert running["Each"].text.startswith("5/5 · ")
    assert running["One"].text.startswith("×5 · ")
    told.add("MapStateSucceeded")
    told.exit("Map", "Each")
    assert notes(told.progress(), told.now)["Each"].status == "succeeded"


def test_a_failed_iteration_ends_the_others() -> None:
    told = History()
    iterations(told, 5, failing=2)
    told.add("MapStateFailed", len(told.events) - 1)
    told.add("ExecutionFailed", error="Broken")
    found = told.progress()
    shown = notes(found, told.now)
    assert shown["Each"].status == shown["One"].status == "failed"
    assert shown["Each"].text.startswith("2/5 · 1 failed · ")
    assert found.culprit is not None
    assert found.culprit.path == "Each → One"
    assert found.states["One"].running == 0


def test_loops_are_counted_and_leave_their_way() -> None:
    told = History()
    for _ in range(3):
        told.enter("Choice", "Again?")
        told.exit("Choice", "Again?")
        told.enter("Wait", "Pause")
        told.exit("Wait", "Pause")
    found = told.progress()
    assert notes(found, told.now)["Pause"] == Note("succeeded", "×3 · 3.0 s")
    assert {Taken("Again?", "Pause"), Taken("Pause", "Again?")} <= found.taken


def test_a_map_run_counts_for_itself() -> None:
    told = History()
    told.enter("Map", "Each")
    told.add("MapStateStarted", length=0)
    told.add("MapRunStarted", mapRunArn="arn:run")
    found = notes(told.progress(), told.now, {"arn:run": Iterations(100, 40, 2)})
    assert found["Each"] == Note("running", "40/100 · 2 failed · 2.0 s")
    body = {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}
    each = {"Type": "Map", "ItemProcessor": body, "End": True}
    scope = read({"StartAt": "Each", "States": {"Each": each}})
    shown = elsewhere(scope, told.progress(), found)
    assert shown == found | {"One": Note("elsewhere", "")}


def test_a_stopped_execution_leaves_nothing_running() -> None:
    for ending, status in (("ExecutionAborted", "aborted"), ("ExecutionTimedOut", "failed")):
        told = History()
        told.enter("Wait", "Long")
        told.add(ending)
        assert notes(told.progress(), told.now)["Long"].status == status


def test_a_redriven_execution_goes_on_where_it_failed() -> None:
    told = History()
    told.enter("Task", "Work")
    told.schedule()
    failed = told.fail("Broken")
    told.add("ExecutionFailed", error="Broken")
    told.add("ExecutionRedriven")
    told.schedule(failed)
    found = told.progress()
    assert (found.status, found.culprit) == ("RUNNING", None)
    assert notes(found, told.now)["Work"].status == "running"
    told.add("LambdaFunctionSucceeded")
    told.exit("Task", "Work")
    told.add("ExecutionSucceeded")
    assert notes(told.progress(), told.now)["Work"].status == "succeeded"


def test_a_state_without_an_event_of_its_failure_is_blamed_all_the_same() -> None:
    told = History()
    told.enter("Pass", "Wrong path")
    told.add("ExecutionFailed", error="States.Runtime")
    found = told.progress()
    assert found.culprit is not None
    assert found.culprit.state == "Wrong path"
    assert notes(found, told.now)["Wrong path"] == Note("failed", "1.0 s · States.Runtime")
