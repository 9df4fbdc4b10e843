"""`owari start` and `owari graph` against a real server, as a shell user runs them."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import OWARI, ROLE, Server, eventually

pytestmark = pytest.mark.acceptance

DOUBLE = """
def handler(event, context):
    if event == "bad":
        raise ValueError("cannot be doubled")
    return 2 * event
"""
ARN = "arn:aws:states:us-east-1:000000000000"
WORK: dict[str, Any] = {
    "StartAt": "How many",
    "States": {
        "How many": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.items[0]", "IsPresent": False, "Next": "Nothing"}],
            "Default": "Both",
        },
        "Nothing": {"Type": "Fail", "Error": "NothingToDo", "Cause": "no items"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Side", "States": {"Side": {"Type": "Pass", "End": True}}},
                {
                    "StartAt": "Each",
                    "States": {
                        "Each": {
                            "Type": "Map",
                            "ItemsPath": "$.items",
                            "MaxConcurrency": 1,
                            "ItemProcessor": {
                                "StartAt": "Double <it>",
                                "States": {
                                    "Double <it>": {
                                        "Type": "Task",
                                        "Resource": "arn:aws:states:::lambda:invoke",
                                        "Parameters": {"FunctionName": "double", "Payload.$": "$"},
                                        "OutputPath": "$.Payload",
                                        "End": True,
                                    }
                                },
                            },
                            "End": True,
                        }
                    },
                },
            ],
            "OutputPath": "$[1]",
            "End": True,
        },
    },
}
PAUSE = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 600, "End": True}}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("owari") / "data") as started:
        started.function("double", DOUBLE)
        states = started.client("stepfunctions")
        for name, definition in (("work", WORK), ("pause", PAUSE)):
            states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        states.create_state_machine(
            name="quick", definition=json.dumps(WORK), roleArn=ROLE, type="EXPRESS"
        )
        yield started


def environment(server: Server) -> dict[str, str]:
    return os.environ | {"AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1"}


def owari(
    server: Server, *args: str, stdin: str = "", folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [OWARI, *args],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env=environment(server),
    )


def test_start_gives_the_arn_and_takes_input_from_anywhere(server: Server, tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text('{"items": [1]}')
    states = server.client("stepfunctions")
    for number, given in enumerate(('{"items": [1]}', "input.json", "-")):
        name = f"from{number}"
        done = owari(
            server, "start", "work", "--input", given, "--name", name,
            stdin='{"items": [1]}', folder=tmp_path,
        )  # fmt: skip
        assert done.stdout == f"{ARN}:execution:work:{name}\n", done.stderr
        told = states.describe_execution(executionArn=done.stdout.strip())
        assert json.loads(told["input"]) == {"items": [1]}
    by_arn = owari(server, "start", f"{ARN}:stateMachine:work", "--name", "by-arn", "--json")
    assert json.loads(by_arn.stdout)["executionArn"] == f"{ARN}:execution:work:by-arn"


def test_followed_to_its_end(server: Server) -> None:
    done = owari(server, "start", "work", "--input", '{"items": [1, 2, 3]}', "--follow")
    assert (done.returncode, json.loads(done.stdout)) == (0, [2, 4, 6]), done.stderr
    assert re.search(r"✓ Both +succeeded", done.stderr)
    assert re.search(r"✓ Each +succeeded +3/3", done.stderr)
    assert "Double" not in done.stderr, "the Map's line counts its iterations"


def test_a_failure_is_told_with_its_place_and_cause(server: Server) -> None:
    given = ["--input", '{"items": [1, "bad"]}', "--name", "bad", "--follow", "--json"]
    failed = owari(server, "start", "work", *given)
    assert failed.returncode == 1
    assert "work:bad failed in Both → Each → Double <it>: ValueError" in failed.stderr
    assert "cannot be doubled" in failed.stderr
    found = json.loads(failed.stdout)
    assert (found["status"], found["error"]) == ("FAILED", "ValueError")
    assert found["state"] == "Both → Each → Double <it>"
    empty = owari(server, "start", "work", "--input", '{"items": []}', "--follow")
    assert (empty.returncode, empty.stdout) == (1, "")
    assert "failed in Nothing: NothingToDo\n  no items" in empty.stderr


def test_express_is_waited_for(server: Server) -> None:
    done = owari(server, "start", "quick", "--input", '{"items": [4]}', "--follow")
    assert (done.returncode, json.loads(done.stdout)) == (0, [8]), done.stderr
    failed = owari(server, "start", "quick", "--input", '{"items": []}', "--follow")
    assert failed.returncode == 1
    assert "NothingToDo" in failed.stderr


def test_mistakes_are_told_without_a_traceback(server: Server) -> None:
    for arguments, status, words in (
        (["start", "nothing"], 1, "StateMachineDoesNotExist"),
        (["start", "work", "--input", '{"items": '], 2, "--input"),
        (["start", "work", "--input", "no-such-file.json"], 2, "no-such-file.json"),
        (["start", "work", "--name", "not a name"], 1, "InvalidName"),
        (["graph", "nothing"], 1, "StateMachineDoesNotExist"),
        (["graph", "work:nothing"], 1, "ExecutionDoesNotExist"),
        (["graph", "work", "-o", "/no/such/folder/x.svg"], 1, "/no/such/folder"),
    ):
        done = owari(server, *arguments)
        assert (done.returncode, done.stdout) == (status, "")
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_ctrl_c_leaves_it_running(server: Server) -> None:
    command = [OWARI, "start", "pause", "--name", "left", "--follow"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment(server)
    ) as following:
        assert following.stderr is not None
        assert "Pause" in following.stderr.readline()
        following.send_signal(signal.SIGINT)
        told = following.stderr.read()
    assert following.returncode == 130
    assert "pause:left goes on running" in told
    states = server.client("stepfunctions")
    arn = f"{ARN}:execution:pause:left"
    assert states.describe_execution(executionArn=arn)["status"] == "RUNNING"
    states.stop_execution(executionArn=arn)


def test_a_terminal_is_redrawn_in_place(server: Server) -> None:
    ours, theirs = pty.openpty()
    command = [OWARI, "start", "work", "--input", '{"items": [1, 2]}', "--follow"]
    environ = environment(server) | {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environ) as following:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                shown += os.read(ours, 65_536)
            except OSError:  # nobody writes to it any more
                break
        assert following.stdout is not None
        assert json.loads(following.stdout.read()) == [2, 4]
    os.close(ours)
    last = shown.decode().rpartition("F\x1b[2K")[2] or shown.decode()
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", last)
    assert "succeeded" in plain
    assert re.search(r"✓ Each +2/2", plain)
    assert re.search(r"✓ Double <it> +×2", plain)
    assert re.search(r"· Nothing", plain)


def test_following_survives_a_killed_server(tmp_path: Path) -> None:
    definition = {
        "StartAt": "Pause",
        "States": {
            "Pause": {"Type": "Wait", "Seconds": 2, "Next": "Done"},
            "Done": {"Type": "Pass", "Result": "went on", "End": True},
        },
    }
    with Server(tmp_path / "data") as server:
        server.client("stepfunctions").create_state_machine(
            name="m", definition=json.dumps(definition), roleArn=ROLE
        )
        command = [OWARI, "start", "m", "--follow"]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, stdout=pipe, stderr=pipe, text=True, env=environment(server)
        ) as following:
            assert following.stderr is not None
            assert following.stdout is not None
            assert "Pause" in following.stderr.readline()
            server.kill()
            server.start()
            assert following.stdout.read() == '"went on"\n'
        assert following.returncode == 0


def test_graph_of_a_machine_and_of_an_execution(server: Server, tmp_path: Path) -> None:
    machine = owari(server, "graph", "work")
    for words in ("( Start )", "How many", "default", "Double <it>", "( End )"):
        assert words in machine.stdout
    arn = owari(server, "start", "work", "--input", '{"items": [1, "bad"]}').stdout.strip()
    states = server.client("stepfunctions")
    eventually(lambda: states.describe_execution(executionArn=arn)["status"] == "FAILED")
    drawn = owari(server, "graph", arn)
    assert "failed after" in drawn.stdout
    assert re.search(r"✗ 1/2 · 1 failed", drawn.stdout)
    assert owari(server, "graph", arn, "-o", "x.svg", folder=tmp_path).returncode == 0
    root = ElementTree.parse(tmp_path / "x.svg").getroot()
    boxes = root.iter("{http://www.w3.org/2000/svg}g")
    found = {g[0].text: g.get("data-status") for g in boxes if g.get("class") == "state"}
    assert found == {
        "How many: choice": "succeeded",
        "Nothing: fail: NothingToDo": "waiting",
        "Both: parallel": "failed",
        "Side: pass": "succeeded",
        "Each: map, 1 at a time": "failed",
        "Double <it>: lambda double": "failed",
    }
    to_stdout = owari(server, "graph", arn, "-o", "-")
    assert to_stdout.stdout.startswith("<svg")


def test_an_execution_is_drawn_as_it_was_started(server: Server) -> None:
    """Whatever has become of its state machine since."""
    states = server.client("stepfunctions")
    made = states.create_state_machine(name="changing", definition=json.dumps(PAUSE), roleArn=ROLE)[
        "stateMachineArn"
    ]
    arn = owari(server, "start", "changing", "--name", "old").stdout.strip()
    other = json.dumps(PAUSE).replace("Pause", "Rest")
    states.update_state_machine(stateMachineArn=made, definition=other)
    assert "Pause" in owari(server, "graph", "changing:old").stdout
    assert "Rest" in owari(server, "graph", "changing").stdout
    states.stop_execution(executionArn=arn)
