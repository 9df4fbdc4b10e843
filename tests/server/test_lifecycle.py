"""The process: up, a second up, status, signals, down."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.agents_seen import agents
from owari.server import GRACE_S
from tests.support.server import OWARI, PATIENCE_S, Server, eventually


def owari(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return subprocess.run(
        [OWARI, *words], capture_output=True, text=True, timeout=120, env=environment
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data") as made:
        yield made


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def agent_pid(server: Server) -> int:
    pid: int = eventually(lambda: (server.status()["agents"] or [{}])[0].get("pid"))
    return pid


def end(server: Server, number: int) -> tuple[int, float]:
    """Send a signal; (exit status, seconds until the process had gone)."""
    assert server.process is not None
    began = time.monotonic()
    server.process.send_signal(number)
    return server.process.wait(PATIENCE_S), time.monotonic() - began


def test_up_and_status(server: Server) -> None:
    assert server.process is not None
    found = server.status()
    assert found["endpoint"] == server.endpoint
    assert found["server"]["pid"] == server.process.pid
    assert alive(agent_pid(server))
    text = owari("status", "--data", str(server.data))
    assert text.returncode == 0
    assert server.endpoint in text.stdout
    assert owari("status", "--endpoint", server.endpoint, "--json").returncode == 0
    greeting = (server.data.parent / "up.log").read_text()
    assert f"export AWS_ENDPOINT_URL={server.endpoint}" in greeting


def test_the_data_folder_is_private(server: Server) -> None:
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    for path in server.data.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_a_second_up_on_the_same_data_says_so_and_stops(server: Server) -> None:
    assert server.process is not None
    second = owari("up", "--port", "0", "--data", str(server.data))
    assert second.returncode == 1
    assert server.endpoint in second.stderr
    assert str(server.process.pid) in second.stderr
    assert len(second.stderr.splitlines()) == 1
    assert server.status()["server"]["pid"] == server.process.pid


def test_a_port_in_use_is_told_in_one_line(server: Server, tmp_path: Path) -> None:
    other = owari("up", "--port", str(server.port), "--data", str(tmp_path / "other"))
    assert other.returncode == 1
    assert f"port {server.port} is in use" in other.stderr
    assert len(other.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly_and_the_idle_agent_with_it(server: Server, number: int) -> None:
    agent = agent_pid(server)
    status, taken = end(server, number)
    assert status == 0
    assert taken < AT_ONCE_S
    assert not (server.data / "server.json").exists()
    assert not alive(agent)
    assert owari("status", "--data", str(server.data)).returncode == 1
    log = server.data / "server.log"
    assert not log.exists() or log.read_text() == ""
    server.start()
    assert server.status()["endpoint"] == server.endpoint


SLEEPER = """
import time
def handler(event, context):
    time.sleep(600)
"""
AT_ONCE_S = 20.0  # on a busy machine too


@pytest.fixture
def busy(server: Server) -> Server:
    """With an asynchronous invocation under way."""
    server.function("sleeper", SLEEPER, Timeout=900)
    server.client("lambda").invoke(FunctionName="sleeper", InvocationType="Event", Payload="{}")
    eventually(lambda: any(agent["running"] for agent in server.status()["agents"]))
    return server


def agents_of(data: Path) -> list[Path]:
    return [process for process, of in agents() if of == data]


def test_an_agent_that_is_only_starting_ends_with_its_server(server: Server) -> None:
    """It listens long after the server does."""
    eventually(lambda: agents_of(server.data))
    status, taken = end(server, signal.SIGTERM)
    assert (status, agents_of(server.data)) == (0, [])
    assert taken < AT_ONCE_S
    server.start()
    began = time.monotonic()
    assert owari("down", "--data", str(server.data)).returncode == 0
    assert agents_of(server.data) == []
    assert time.monotonic() - began < AT_ONCE_S


def test_down_ends_an_agent_that_is_starting_for_a_killed_server(server: Server) -> None:
    eventually(lambda: agents_of(server.data))
    server.kill()
    assert owari("down", "--data", str(server.data)).returncode == 0
    assert agents_of(server.data) == []


def test_work_goes_on_under_the_agent_and_down_ends_it(busy: Server) -> None:
    agent = agent_pid(busy)
    status, taken = end(busy, signal.SIGTERM)
    assert status == 0
    assert taken < AT_ONCE_S
    assert alive(agent)
    said = (busy.data.parent / "up.log").read_text()
    assert f"1 run continues under the agent (pid {agent})" in said
    busy.start()
    assert agent_pid(busy) == agent
    busy.kill()
    assert alive(agent)
    assert owari("down", "--data", str(busy.data)).returncode == 0
    assert not alive(agent)


def test_it_ends_cleanly_when_its_terminal_has_gone(busy: Server) -> None:
    busy.kill()
    command = [OWARI, "up", "--port", str(busy.port), "--data", str(busy.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdout is not None and server.stderr is not None
        assert b"listens on" in server.stdout.readline()
        server.stdout.close()
        eventually(lambda: any(agent["running"] for agent in busy.status()["agents"]))
        server.send_signal(signal.SIGHUP)
        assert server.wait(PATIENCE_S) == 0
        assert server.stderr.read() == b""


def test_down_ends_server_and_agent_while_work_is_under_way(busy: Server) -> None:
    assert busy.process is not None
    agent = agent_pid(busy)
    reaper = threading.Thread(target=busy.process.wait)
    reaper.start()
    done = owari("down", "--data", str(busy.data))
    reaper.join(PATIENCE_S)
    assert done.returncode == 0
    assert busy.process.returncode == 0
    assert not alive(agent)
    again = owari("down", "--data", str(busy.data))
    assert again.returncode == 0
    assert "nothing runs" in again.stdout


def test_a_killed_server_leaves_no_lock(server: Server) -> None:
    server.kill()
    assert owari("status", "--data", str(server.data)).returncode == 1
    server.start()
    assert server.process is not None
    assert server.status()["server"]["pid"] == server.process.pid


def test_in_the_background(tmp_path: Path) -> None:
    data = tmp_path / "data"
    try:
        up = owari("up", "-d", "--port", "0", "--data", str(data))
        assert up.returncode == 0
        found = json.loads(owari("status", "--json", "--data", str(data)).stdout)
        assert found["endpoint"] in up.stdout
        second = owari("up", "-d", "--port", "0", "--data", str(data))
        assert second.returncode == 1
        assert found["endpoint"] in second.stderr
    finally:
        assert owari("down", "--data", str(data)).returncode == 0
    assert not alive(found["server"]["pid"])


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    done = owari("up", f"--port={port}", "--data", str(tmp_path))
    assert done.returncode == 2
    assert f"{port!r} is no port: 0 to 65535" in done.stderr


def test_another_address_needs_auth(tmp_path: Path) -> None:
    refused = owari("up", "--bind", "0.0.0.0", "--port", "0", "--data", str(tmp_path / "data"))
    assert refused.returncode == 2
    assert "--auth" in refused.stderr


def test_with_auth_only_real_keys_pass(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--auth") as server:
        with pytest.raises(Exception, match=r"InvalidClientTokenId|InvalidAccessKeyId"):
            server.client("sts").get_caller_identity()
        keys = server.data / "credentials"
        assert stat.S_IMODE(keys.stat().st_mode) == 0o600
        listed = owari("logs", "nothing", "--data", str(server.data))
        assert "there is no log group" in listed.stderr


def test_a_folder_of_other_things_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not touch")
    tmp_path.chmod(0o755)
    refused = owari("up", "--port", "0", "--data", str(tmp_path))
    assert refused.returncode == 1
    assert "no Owari data folder" in refused.stderr
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_status_of_what_is_not_owari(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    gone = owari("status", "--endpoint", f"http://127.0.0.1:{port}")
    assert gone.returncode == 1
    assert "does not answer" in gone.stderr
    assert owari("status", "--data", str(tmp_path)).returncode == 1
    assert owari("down", "--data", str(tmp_path)).returncode == 0


def test_a_request_under_way_is_answered_before_it_ends(server: Server) -> None:
    """If it goes on within the time that the server gives it."""
    server.client("s3").create_bucket(Bucket="bucket")
    while (found := put_while_it_ends(server)) is None:
        server.start()
    assert found == 200
    server.start()
    got: dict[str, Any] = server.client("s3").get_object(Bucket="bucket", Key="key")
    assert got["Body"].read() == b"hello"


def put_while_it_ends(server: Server) -> int | None:
    """The answer's status; None if this machine was so busy that it had to be cut."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    connection.putrequest("PUT", "/bucket/key")
    scope = "Credential=test/20260101/us-east-1/s3/aws4_request"
    connection.putheader(
        "Authorization", f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
    )
    connection.putheader("Content-Length", "5")
    connection.endheaders(b"he")
    assert server.process is not None
    eventually(lambda: server.status()["server"]["connections"] >= 2)
    began = time.monotonic()
    server.process.terminate()
    eventually(lambda: _refuses(server.port))
    try:
        connection.send(b"llo")
        status = connection.getresponse().status
    except OSError:
        if time.monotonic() - began < GRACE_S:
            raise
        status = None
    connection.close()
    assert server.process.wait(PATIENCE_S) == 0
    return status


def _refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_two_starts_at_once_make_one_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [OWARI, "up", "--port", "0", "--data", str(data)]
    both = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    try:
        eventually(lambda: [p.poll() for p in both].count(1) == 1)
        [winner] = [p for p in both if p.poll() is None]
        eventually((data / "server.json").exists)
        assert json.loads((data / "server.json").read_text())["pid"] == winner.pid
    finally:
        for process in both:
            process.terminate()
            process.wait(PATIENCE_S)
        owari("down", "--data", str(data))
