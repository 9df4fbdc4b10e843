"""The agent's life: servers that come, go and are killed; its own death; nothing lost or twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from owari.compute.agent import orphans
from tests.compute.lab import Lab, alive, in_time

MakeLab = Callable[..., Lab]

ECHO = "def handler(event, context):\n    return event\n"
COUNT = """
    def handler(path, context):
        with open(path, "a") as file:
            file.write("x")
        return "counted"
    """
WAIT = """
    import os, time
    def handler(path, context):
        while not os.path.exists(path):
            time.sleep(0.005)
        return "waited"
    """


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that functions see too: not below /tmp, which is their own."""
    folder = Path(f"/var/tmp/owari-test-{os.getpid()}-{os.urandom(4).hex()}")
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def clean_up(shared: Path) -> object:
    yield
    for path in shared.iterdir():
        path.unlink()
    shared.rmdir()


def marked(lab: Lab) -> list[int]:
    """Every process of this lab's agent."""
    command = Path(f"/proc/{lab.agent['interpreters'][0]['pid']}/environ").read_bytes()
    mark = next(v for v in command.split(b"\0") if v.startswith(b"OWARI_AGENT="))
    return list(orphans.marked(mark))


def test_a_durable_run_is_reported_until_acknowledged(make_lab: MakeLab) -> None:
    lab = make_lab()
    spec = lab.start(ECHO, "é")
    report = lab.report_of(spec)
    assert (report["status"], json.loads(report["payload"])) == ("ok", "é")
    lab.reports.clear()
    lab.reconnect()
    assert lab.agents[-1][1] == {(spec["run_id"], 1)}
    assert lab.report_of(spec)["payload"] == report["payload"]
    lab.acknowledge(report)
    lab.reports.clear()
    lab.reconnect()
    assert lab.agents[-1][1] == set()
    assert lab.result(ECHO, 1) == 1 and lab.reports == []


def test_a_run_is_started_once(make_lab: MakeLab, shared: Path) -> None:
    lab = make_lab()
    path = shared / "count"
    spec = lab.start(COUNT, str(path))
    lab.start_spec(spec)
    lab.report_of(spec)
    lab.reports.clear()
    lab.start_spec(spec)
    report = lab.report_of(spec)
    lab.acknowledge(report)
    lab.start_spec(spec)
    again = spec | {"attempt": 2}
    lab.start_spec(again)
    lab.report_of(again)
    assert path.read_text() == "xx"


def test_work_goes_on_while_no_server_is_there(make_lab: MakeLab, shared: Path) -> None:
    lab = make_lab()
    path = shared / "go"
    spec = lab.start(WAIT, str(path))
    lab.wait(lambda: lab.agent.get("running") == 1)
    lab.runner.run(lab.compute.stop(end_agent=False))
    path.touch()
    lab.compute = lab._make()
    lab.up()
    assert len({instance for instance, _ in lab.agents}) == 1
    assert lab.report_of(spec)["status"] == "ok"


SERVER = """
import asyncio, json, sys
from pathlib import Path
from tests.compute.lab import Lab
lab = Lab(Path(sys.argv[1]))
lab.up()
spec = lab.start(sys.argv[2], sys.argv[3])
lab.wait(lambda: lab.agent.get("running") == 1)
print(json.dumps([spec["run_id"], lab.agent["pid"]]), flush=True)
lab.wait(lambda: False, 1000)
"""


def test_a_server_killed_in_mid_run(tmp_path: Path, shared: Path) -> None:
    path = shared / "go"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "data"), WAIT, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert server.stdout is not None
    run_id, agent = json.loads(server.stdout.readline())
    server.kill()
    server.wait()
    server.stdout.close()
    assert alive(agent)
    lab = Lab(tmp_path / "data").up()
    try:
        assert lab.agents[-1][1] == {(run_id, 1)}
        assert lab.agent["pid"] == agent
        path.touch()
        assert lab.report_of({"run_id": run_id, "attempt": 1})["status"] == "ok"
    finally:
        lab.down()
    assert not alive(agent)


def test_an_agent_killed_is_replaced_and_its_orphans_die(make_lab: MakeLab, shared: Path) -> None:
    lab = make_lab()
    path = shared / "pids"
    source = """
        import os, subprocess, sys, time
        def handler(path, context):
            plain = subprocess.Popen(["sleep", "1000"])
            session = subprocess.Popen(["setsid", "sleep", "1000"])
            bare = subprocess.Popen(["sleep", "1000"], env={}, start_new_session=True)
            daemon = os.fork()
            if daemon == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(1000)
                os._exit(0)
            with open(path + ".part", "w") as file:
                file.write(f"{os.getpid()} {plain.pid} {session.pid} {bare.pid}")
            os.rename(path + ".part", path)
            time.sleep(1000)
        """
    spec = lab.start(source, str(path), timeout_s=900)
    lab.wait(path.exists)
    lab.wait(lambda: lab.agent.get("running") == 1)
    pids = [int(word) for word in path.read_text().split()]
    if not lab.agent["isolation"].startswith("cgroup"):
        pids.pop()  # without its environment and its parents nothing says whose it is
    before = lab.agent["instance"]
    everyone = lab.wait(lambda: len(found := {*pids, *marked(lab)}) >= 7 and found)
    lab.kill_agent()
    lab.wait(lambda: lab.agents[-1][0] != before)
    assert lab.agents[-1][1] == set(), "the engine hears that the run is lost"
    assert [pid for pid in everyone if alive(pid)] == []
    assert lab.result(ECHO, 1) == 1
    lab.start_spec(spec | {"attempt": 2, "environment": "again", "timeout_s": 0.5})
    assert lab.report_of(spec | {"attempt": 2})["status"] == "error"


def test_an_invoke_in_flight_is_lost_with_the_agent(make_lab: MakeLab) -> None:
    lab = make_lab()
    reports: list[dict[str, object]] = []

    async def ask() -> None:
        lab.compute.invoke(
            lab.spec("import time\ndef handler(e, c):\n    time.sleep(60)\n", timeout_s=90),
            reports.append,
        )

    lab.runner.run(ask())
    lab.wait(lambda: lab.agent.get("running") == 1)
    lab.kill_agent()
    lab.wait(lambda: reports)
    assert (reports[0]["status"], reports[0]["payload"]) == ("lost", b"")
    assert lab.result(ECHO, "next") == "next"


def test_a_new_agent_replays_the_journal_of_a_killed_one(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.acknowledge_logs = False
    spec = lab.start("def handler(event, context):\n    print('kept line')\n    return 'kept'\n")
    lab.report_of(spec)
    lab.wait_for_line("kept line")
    lab.reports.clear()
    lab.logs.clear()
    before = lab.agent["instance"]
    lab.acknowledge_logs = True
    lab.kill_agent()
    lab.wait(lambda: lab.agents[-1][0] != before)
    assert lab.agents[-1][1] == {(spec["run_id"], 1)}
    assert lab.report_of(spec)["payload"] == b'"kept"'
    lab.wait_for_line("kept line")


def test_acknowledged_logs_do_not_come_again(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.result("def handler(event, context):\n    print('once')\n")
    lab.wait_for_line("once")
    lab.result(ECHO)
    lab.wait(lambda: sum("REPORT" in line for line in lab.lines()) == 2)
    lab.logs.clear()
    lab.reconnect()
    lab.result(ECHO)
    lab.wait_for_line("REPORT")
    assert not any("once" in line for line in lab.lines())


def test_an_older_server_is_fenced(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    older = Lab(tmp_path / "data")
    older.compute.epoch = lab.compute.epoch - 1
    with pytest.raises(TimeoutError):
        older.runner.run(_within(older, 0.5))
    older.runner.close()
    assert lab.result(ECHO, "still served") == "still served"


async def _within(lab: Lab, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await lab.compute.start_agent()


def test_signals_of_a_terminal_do_not_touch_the_agent(make_lab: MakeLab) -> None:
    lab = make_lab()
    pid = lab.agent["pid"]
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGHUP)
    assert lab.result(ECHO, 1) == 1
    assert lab.agent["pid"] == pid


def test_sigterm_ends_the_agent_with_all_it_runs(make_lab: MakeLab) -> None:
    lab = make_lab()
    assert lab.result(ECHO, 1) == 1
    everyone = [*marked(lab), lab.agent["pid"]]
    os.kill(lab.agent["pid"], signal.SIGTERM)
    lab.wait(lambda: len(lab.agents) == 2)
    assert [pid for pid in everyone if alive(pid)] == []


def test_shutdown_kills_everything_and_removes_its_groups(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "data").up()
    spec = lab.start(
        "import time\ndef handler(event, context):\n    time.sleep(60)\n", timeout_s=90
    )
    assert lab.result(ECHO, 1) == 1
    lab.wait(lambda: lab.agent.get("running") == 1)
    everyone = [*marked(lab), lab.agent["pid"]]
    groups = (tmp_path / "data" / "agent" / "cgroups").read_text().split()
    lab.down()
    assert spec and [pid for pid in everyone if alive(pid)] == []
    assert [group for group in groups if Path(group).exists()] == []


def test_cancel_a_running_and_a_waiting_run(make_lab: MakeLab) -> None:
    lab = make_lab()
    sleeper = "import time\ndef handler(event, context):\n    time.sleep(60)\n"
    spec = lab.start(sleeper, timeout_s=90)
    lab.wait(lambda: lab.agent.get("running") == 1)
    lab.cancel(spec)
    report = lab.report_of(spec)
    assert (report["status"], report["message"]) == ("failed", "cancelled: no longer wanted")


def test_cancelling_a_run_that_ends_by_itself_ends_no_other(make_lab: MakeLab) -> None:
    """The environment takes the signal as a wish, answers, and goes on to the next."""
    lab = make_lab()
    source = (
        "import signal, time\n"
        "wished = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: wished.append(1))\n"
        "def handler(event, context):\n"
        "    until = time.monotonic() + 60\n"
        "    while not wished and time.monotonic() < until:\n"
        "        time.sleep(0.01)\n"
        "    if event == 'second':\n"
        "        time.sleep(3)\n"  # longer than the first was given
        "    return event\n"
    )
    first = lab.start(source, "first", timeout_s=90, concurrency=1)
    lab.wait(lambda: lab.agent.get("running") == 1)
    lab.cancel(first)
    assert lab.report_of(first)["status"] == "ok"
    second = lab.start(source, "second", timeout_s=90, concurrency=1)
    report = lab.report_of(second)
    assert (report["status"], report["cold"]) == ("ok", False)


def test_the_status_tells_of_a_run_that_began_after_a_slow_start(make_lab: MakeLab) -> None:
    lab = make_lab()
    sleeper = "import time\ntime.sleep(0.5)\ndef handler(event, context):\n    time.sleep(60)\n"
    spec = lab.start(sleeper, timeout_s=90)
    lab.wait(lambda: lab.agent.get("running") == 1)
    lab.cancel(spec)
    lab.report_of(spec)


def test_an_environment_unused_is_retired(make_lab: MakeLab) -> None:
    lab = make_lab(idle_s=0.1)
    source = "import os\ndef handler(event, context):\n    return os.getpid()\n"
    pid = lab.result(source)
    lab.wait(lambda: not alive(pid))
    assert lab.result(source) != pid


def test_a_zygote_killed_is_replaced(make_lab: MakeLab) -> None:
    lab = make_lab()
    assert lab.result(ECHO, 1) == 1
    lab.wait(lambda: lab.agent.get("environments") == 1)
    zygote = lab.agent["interpreters"][0]["pid"]
    os.kill(zygote, signal.SIGKILL)
    lab.wait(lambda: not alive(zygote))
    lab.wait(lambda: lab.agent.get("environments") == 0)
    assert lab.result(ECHO, 2) == 2


def test_only_one_agent_per_folder(make_lab: MakeLab) -> None:
    lab = make_lab()
    second = subprocess.run(
        [sys.executable, "-m", "owari.compute.agent", str(lab.config.agent_folder), "mark"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (second.returncode, second.stdout) == (1, "another agent has this folder\n")
    assert lab.result(ECHO, 1) == 1


# ---- the tier without cgroups
def test_the_watchdog_enforces_memory_and_finds_descendants(make_lab: MakeLab) -> None:
    lab = make_lab(isolation="watchdog")
    assert lab.agent["isolation"] == "watchdog"
    hungry = """
        import time
        def handler(event, context):
            kept = []
            for _ in range(30):
                kept.append(b"x" * (10 << 20))
                time.sleep(0.01)
            time.sleep(60)
        """
    error = lab.error(hungry, memory_mib=128, timeout_s=90)
    assert error["errorType"] == "Runtime.OutOfMemory"
    leaver = """
        import os, subprocess, time
        def handler(event, context):
            child = subprocess.Popen(["setsid", "sleep", "1000"])
            print("child", child.pid, flush=True)
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(1000)
                os._exit(0)
            time.sleep(1000)
        """
    report = in_time(
        lambda s: lab.invoke(leaver, timeout_s=s), lambda r: b"child " in r["log_tail"]
    )
    child = int(report["log_tail"].decode().partition("child ")[2].split()[0])
    lab.wait(lambda: not alive(child))
    assert report["status"] == "error"
    known = {p["pid"] for p in lab.agent["interpreters"]}
    left = [pid for pid in marked(lab) if pid not in known]
    lab.wait(lambda: len([p for p in left if alive(p)]) <= 2)  # blank workers only
