"""`owari invoke` and `owari logs` against a real server, as a shell user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import OWARI, Server, eventually

pytestmark = pytest.mark.acceptance

GREET = """
def handler(event, context):
    print("greeting", event.get("name"))
    if event.get("name") == "nobody":
        raise ValueError("no name")
    return {"hello": event.get("name")}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("owari") / "data") as started:
        started.function("greet", GREET)
        yield started


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
        env=os.environ | {"AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1"},
    )


def test_invoke_prints_the_result_and_on_request_the_log(server: Server, tmp_path: Path) -> None:
    done = owari(server, "invoke", "greet", "--payload", '{"name": "Ada"}', "--tail")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"hello": "Ada"}), done.stderr
    assert "greeting Ada" in done.stderr
    assert "REPORT RequestId" in done.stderr
    (tmp_path / "event.json").write_text('{"name": "Bo"}')
    from_file = owari(server, "invoke", "greet", "--payload", "@event.json", folder=tmp_path)
    assert json.loads(from_file.stdout) == {"hello": "Bo"}
    assert from_file.stderr == ""
    from_stdin = owari(server, "invoke", "greet", "--payload", "-", stdin='{"name": "Cy"}')
    assert json.loads(from_stdin.stdout) == {"hello": "Cy"}


def test_invoke_fails_as_the_function_does(server: Server) -> None:
    failed = owari(server, "invoke", "greet", "--payload", '{"name": "nobody"}')
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["errorType"] == "ValueError"
    missing = owari(server, "invoke", "nothing")
    assert missing.returncode == 1
    assert "ResourceNotFoundException" in missing.stderr
    assert "Traceback" not in missing.stderr
    assert owari(server, "invoke", "greet", "--payload", "@/no/such/file").returncode == 2
    broken = owari(server, "invoke", "greet", "--payload", "{not json")
    assert broken.returncode == 1
    assert "InvalidRequestContentException" in broken.stderr


def test_logs_of_an_asynchronous_invocation(server: Server) -> None:
    sent = owari(server, "invoke", "greet", "--async", "--payload", '{"name": "later"}')
    assert (sent.returncode, sent.stdout) == (0, "")

    def shown() -> list[str]:
        done = owari(server, "logs", "--filter", "later", "greet")
        return done.stdout.splitlines() if done.returncode == 0 else []

    lines = eventually(shown)
    assert [line.split("  ")[2] for line in lines] == ["greeting later"]
    assert owari(server, "logs", "--since", "0s", "greet").stdout == ""


def test_logs_that_are_not_there(server: Server) -> None:
    done = owari(server, "logs", "nothing")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no log group or job nothing" in done.stderr
    wrong = owari(server, "logs", "--filter", "a:b", "greet")
    assert wrong.returncode == 1
    assert "InvalidParameterException" in wrong.stderr


def test_following_begins_before_the_group_exists_and_ends_with_ctrl_c(server: Server) -> None:
    logs = server.client("logs")
    command = [OWARI, "logs", "-f", "/later/group"]
    variables = os.environ | {
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) as following:
        assert following.stdout is not None
        try:
            where = {"logGroupName": "/later/group", "logStreamName": "s"}
            logs.create_log_group(logGroupName="/later/group")
            logs.create_log_stream(**where)
            for n in range(3):
                event = {"timestamp": int(time.time() * 1000), "message": f"number {n}"}
                logs.put_log_events(**where, logEvents=[event])
                assert following.stdout.readline().endswith(f"s  number {n}\n")
        finally:
            following.send_signal(signal.SIGINT)
        assert following.wait(60) == 0
