"""The server dies under running code: its callers wait at the port, which the agent keeps."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.server import OWARI, PATIENCE_S, Server, eventually

IMPATIENT = """
import boto3, os, socket
from botocore.config import Config
s3 = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}))
def handler(event, context):
    with socket.create_connection(("127.0.0.1", int(os.environ["MEETING"]))) as test:
        test.recv(1)  # the server was killed
        test.sendall(b"calling")
    s3.put_object(Bucket="files", Key="made", Body=b"x")
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data") as made:
        yield made


def test_a_call_without_any_retry_outlives_the_server(server: Server) -> None:
    server.client("s3").create_bucket(Bucket="files")
    with socket.create_server(("127.0.0.1", 0)) as meeting:
        meeting.settimeout(PATIENCE_S)
        port = str(meeting.getsockname()[1])
        variables = {"Variables": {"MEETING": port}}
        server.function("impatient", IMPATIENT, Timeout=90, Environment=variables)
        server.client("lambda").invoke(FunctionName="impatient", InvocationType="Event")
        function, _ = meeting.accept()
        with function:
            server.kill()
            function.sendall(b"k")
            assert function.recv(16) == b"calling"
        server.start()
        s3 = server.client("s3")
        eventually(lambda: s3.list_objects_v2(Bucket="files")["KeyCount"])


def test_who_connects_while_the_server_is_away_is_answered_by_the_next(server: Server) -> None:
    eventually(lambda: server.status()["agents"])
    for _ in range(3):
        server.kill()
        waiting = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        waiting.request("GET", "/_owari/health")
        server.start()
        assert waiting.getresponse().status == 200
        waiting.close()
        eventually(lambda: server.status()["agents"])


def test_an_agent_started_anew_holds_the_port_too(server: Server) -> None:
    (agent,) = eventually(lambda: server.status()["agents"])
    server.kill_agent()
    eventually(lambda: [a for a in server.status()["agents"] if a["pid"] != agent["pid"]])
    server.kill()
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as waiting:
        server.start()
        waiting.sendall(b"GET /_owari/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert waiting.recv(16).startswith(b"HTTP/1.1 200")


def test_a_server_on_another_port_lets_the_old_one_go(server: Server) -> None:
    eventually(lambda: server.status()["agents"])
    server.kill()
    old = server.port
    server.move()
    server.start()

    def is_refused() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", old)) != 0

    eventually(is_refused)


def test_a_server_that_ends_with_nothing_running_leaves_the_port(server: Server) -> None:
    eventually(lambda: server.status()["agents"])
    assert server.process is not None
    server.process.terminate()
    server.process.wait(PATIENCE_S)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.port)) != 0


def test_a_command_says_at_once_that_the_server_was_killed(server: Server) -> None:
    eventually(lambda: server.status()["agents"])
    server.kill()
    words = [OWARI, "status", "--data", str(server.data)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, env=environment)
    assert done.returncode == 1
    assert "`owari up`" in done.stderr


def test_another_server_that_wants_the_port_is_told_who_keeps_it(
    server: Server, tmp_path: Path
) -> None:
    eventually(lambda: server.status()["agents"])
    server.kill()
    words = [OWARI, "up", "--data", str(tmp_path / "other"), "--port", str(server.port)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert f"`owari down --data {server.data}`" in done.stderr


def test_a_port_that_a_dying_agent_still_has_is_waited_for(server: Server) -> None:
    (agent,) = eventually(lambda: server.status()["agents"])
    old = (server.data / "server.lock").read_text()
    server.kill()
    os.kill(agent["pid"], signal.SIGKILL)

    def taken() -> socket.socket | None:
        try:
            return socket.create_server(("127.0.0.1", server.port))
        except OSError:  # the agent is not gone yet
            return None

    with ThreadPoolExecutor(1) as thread:
        with eventually(taken):
            starting = thread.submit(server.start)
            lock = server.data / "server.lock"
            eventually(lambda: lock.read_text() not in ("", old))
        starting.result()
