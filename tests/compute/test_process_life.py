"""Process runs and the lives around them: servers and agents that are killed, keepers, groups."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.compute.lab import Lab, alive

MakeLab = Callable[..., Lab]


def until(path: Path) -> str:
    return f"while [ ! -e {path} ]; do sleep 0.01; done"


def begun(lab: Lab, spec: dict[str, object]) -> None:
    lab.wait(lambda: any(run_id == spec["run_id"] for run_id, _, _ in lab.started))


def test_a_report_comes_until_acknowledged(make_lab: MakeLab) -> None:
    lab = make_lab()
    spec = lab.process("exit 5")
    lab.start_spec(spec)
    report = lab.report_of(spec)
    lab.reports.clear()
    lab.reconnect()
    assert lab.agents[-1][1] == {(spec["run_id"], 1)}
    assert lab.report_of(spec) == report
    lab.acknowledge(report)
    lab.reports.clear()
    lab.reconnect()
    assert lab.agents[-1][1] == set()
    assert lab.run_process(["true"])["status"] == "ok"
    assert [r["run_id"] for r in lab.reports] != [spec["run_id"]]


def test_a_run_is_started_once(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    path = tmp_path / "count"
    spec = lab.process(f"printf x >> {path}; sleep 0.1")
    lab.start_spec(spec)
    lab.start_spec(spec)
    begun(lab, spec)
    lab.start_spec(spec)
    report = lab.report_of(spec)
    lab.reports.clear()
    lab.start_spec(spec)
    lab.acknowledge(lab.report_of(spec))
    lab.start_spec(spec)
    again = spec | {"attempt": 2}
    lab.start_spec(again)
    assert lab.report_of(again)["status"] == report["status"] == "ok"
    assert path.read_text() == "xx"


def test_jobs_go_on_while_no_server_is_there(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    go = tmp_path / "go"
    spec = lab.process(f"echo before; {until(go)}; echo after; exit 6")
    queued = lab.process(["true"], vcpus=999.0)
    lab.start_spec(spec)
    lab.start_spec(queued)
    begun(lab, spec)
    lab.runner.run(lab.compute.stop(end_agent=False))
    go.touch()
    lab.started.clear()
    lab.compute = lab._make()
    lab.up()
    assert lab.agents[-1][1] == {(spec["run_id"], 1), (queued["run_id"], 1)}
    assert len({instance for instance, _ in lab.agents}) == 1
    report = lab.report_of(spec)
    assert report["exit_code"] == 6
    lab.wait(lambda: lab.output(report) == ["before", "after"])
    assert lab.report_of(queued)["status"] == "ok"


def test_a_new_server_hears_what_runs(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    go = tmp_path / "go"
    spec = lab.process(until(go))
    lab.start_spec(spec)
    begun(lab, spec)
    before = list(lab.started)
    lab.started.clear()
    lab.reconnect()
    begun(lab, spec)
    assert lab.started == before
    go.touch()
    assert lab.report_of(spec)["status"] == "ok"


SERVER = """
import json, sys
from pathlib import Path
from typing import Any
from tests.compute.lab import Lab
lab = Lab(Path(sys.argv[1]))
lab.up()
spec = lab.process(sys.argv[2])
lab.start_spec(spec)
lab.wait(lambda: lab.started)
print(json.dumps([spec["run_id"], lab.agent["pid"]]), flush=True)
lab.wait(lambda: False, 1000)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_server_that_ends_in_mid_run(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C goes to the whole group of the terminal: it must not reach the job."""
    go = tmp_path / "go"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "data"), f"{until(go)}; exit 9"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    assert server.stdout is not None
    run_id, agent = json.loads(server.stdout.readline())
    os.killpg(server.pid, number)
    server.wait()
    server.stdout.close()
    assert alive(agent)
    lab = Lab(tmp_path / "data").up()
    try:
        assert lab.agents[-1][1] == {(run_id, 1)}
        go.touch()
        assert lab.report_of({"run_id": run_id, "attempt": 1})["exit_code"] == 9
    finally:
        lab.down()
    assert not alive(agent)


@pytest.mark.parametrize("isolation", ["auto", "watchdog"])
def test_an_agent_killed(make_lab: MakeLab, tmp_path: Path, isolation: str) -> None:
    """What its jobs had started is dead before the new agent says that they are lost."""
    lab = make_lab(isolation=isolation)
    pids = tmp_path / "pids"
    line = f"""
        sleep 1000 & echo $! >> {pids}
        setsid sleep 1000 & echo $! >> {pids}
        env -i setsid sleep 1000 & echo $! >> {pids}
        env -i sh -c 'setsid sleep 1000 & echo $! >> {pids}'
        echo $$ >> {pids}
        wait
        """
    specs = [lab.process(line), lab.process(line)]
    for spec in specs:
        lab.start_spec(spec)
    waiting = lab.process(["true"], vcpus=999.0)
    lab.start_spec(waiting)
    lab.wait(lambda: pids.exists() and len(pids.read_text().split()) == 10)
    before = lab.agent["instance"]
    lab.kill_agent()
    lab.wait(lambda: lab.agents[-1][0] != before)
    assert lab.agents[-1][1] == set(), "the engine hears that the runs are lost"
    assert [pid for pid in map(int, pids.read_text().split()) if alive(pid)] == []
    lab.start_spec(specs[0] | {"attempt": 2, "command": ["true"]})
    assert lab.report_of(specs[0] | {"attempt": 2})["status"] == "ok"


def test_reports_and_logs_of_a_killed_agent_come_from_the_next(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.acknowledge_logs = False
    spec = lab.process("echo kept; exit 2")
    lab.start_spec(spec)
    report = lab.report_of(spec)
    lab.reports.clear()
    lab.logs.clear()
    before = lab.agent["instance"]
    lab.acknowledge_logs = True
    lab.kill_agent()
    lab.wait(lambda: lab.agents[-1][0] != before)
    assert lab.agents[-1][1] == {(spec["run_id"], 1)}
    assert lab.report_of(spec) == report
    lab.wait(lambda: lab.output(report) == ["kept"])


def keepers(lab: Lab) -> list[int]:
    spawner = lab.agent["jobs"]["spawner"]
    found = Path(f"/proc/{spawner}/task/{spawner}/children").read_text().split()
    return [int(pid) for pid in found]


@pytest.mark.parametrize("isolation", ["auto", "watchdog"])
def test_a_keeper_killed_loses_its_job_only(
    make_lab: MakeLab, tmp_path: Path, isolation: str
) -> None:
    lab = make_lab(isolation=isolation)
    pids, go = tmp_path / "pids", tmp_path / "go"
    spec = lab.process(f"echo $$ >> {pids}; setsid sleep 1000 & echo $! >> {pids}; wait")
    lab.start_spec(spec)
    begun(lab, spec)
    lab.wait(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    job, child = map(int, pids.read_text().split())
    keeper = int(Path(f"/proc/{job}/stat").read_text().rpartition(")")[2].split()[1])
    other = lab.process(f"{until(go)}; exit 8")
    lab.start_spec(other)
    begun(lab, other)
    os.kill(keeper, signal.SIGKILL)
    assert lab.report_of(spec)["status"] == "lost"
    lab.wait(lambda: not alive(job) and not alive(child))
    go.touch()
    assert lab.report_of(other)["exit_code"] == 8
    assert lab.run_process(["true"])["status"] == "ok"


def test_a_spawner_killed_is_replaced(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    go = tmp_path / "go"
    spec = lab.process(f"{until(go)}; exit 8")
    lab.start_spec(spec)
    begun(lab, spec)
    lab.wait(lambda: lab.agent["jobs"]["spawner"])
    spawner = lab.agent["jobs"]["spawner"]
    os.kill(spawner, signal.SIGKILL)
    lab.wait(lambda: not alive(spawner))
    others = [lab.process(until(go)) for _ in range(3)]
    for other in others:
        lab.start_spec(other)
        begun(lab, other)
    go.touch()
    assert lab.report_of(spec)["exit_code"] == 8
    assert all(lab.report_of(other)["status"] == "ok" for other in others)


def test_shutdown_ends_jobs_and_removes_their_groups(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "data").up()
    pids = tmp_path / "pids"
    spec = lab.process(
        f"env -i setsid sleep 1000 & echo $! $$ > {pids}.part; mv {pids}.part {pids}; wait"
    )
    lab.start_spec(spec)
    lab.wait(pids.exists)
    groups = (tmp_path / "data" / "agent" / "cgroups").read_text().split()
    lab.down()
    assert [pid for pid in map(int, pids.read_text().split()) if alive(pid)] == []
    assert [group for group in groups if Path(group).exists()] == []


# ---- back-pressure
def test_output_nobody_takes_makes_the_job_wait(make_lab: MakeLab, tmp_path: Path) -> None:
    """The agent stopped: the job's writes fill the pipe and wait; nothing is lost."""
    lab = make_lab()
    count = tmp_path / "count"
    source = (
        "import os, time\n"
        f"while not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)\n"
        "for i in range(400):\n"
        "    print(i, 'x' * 10_000, flush=True)\n"
        f"    open({str(count)!r}, 'w').write(str(i))\n"
    )
    spec = lab.process([sys.executable, "-S", "-c", source])
    lab.start_spec(spec)
    begun(lab, spec)
    agent = lab.agent["pid"]
    os.kill(agent, signal.SIGSTOP)
    try:
        (tmp_path / "go").touch()
        lab.wait(count.exists)
        last = ""

        def stands_still() -> bool:
            nonlocal last
            before, last = last, count.read_text()
            return bool(last) and before == last

        lab.wait(lambda: stands_still() and stands_still())
        assert int(last) < 399
    finally:
        os.kill(agent, signal.SIGCONT)
    report = lab.report_of(spec)
    assert report["status"] == "ok"
    lab.wait(lambda: len(lab.output(report)) == 400)
    assert lab.output(report) == [f"{i} {'x' * 10_000}" for i in range(400)]


def test_a_flood_of_output_arrives_whole_in_bounded_memory(make_lab: MakeLab) -> None:
    """100 MB from one job, every line counted; the agent holds a part of it at any time."""
    lab, lines, seen = make_lab(), 1_000_000, hashlib.sha256()
    count = 0

    def take(records: list[dict[str, Any]], acknowledge: Callable[[], None]) -> None:
        nonlocal count
        for _, text in (event for record in records for event in record["events"]):
            seen.update(text.encode() + b"\n")
            count += 1
        acknowledge()

    lab.compute._on_logs = take
    before = peak_mib(lab.agent["pid"])
    program = f'BEGIN {{ for (i = 0; i < {lines}; i++) printf "%099d\\n", i }}'
    assert lab.run_process(["awk", program])["status"] == "ok"
    lab.wait(lambda: count == lines)
    whole = hashlib.sha256()
    for i in range(lines):
        whole.update(b"%099d\n" % i)
    assert seen.digest() == whole.digest()
    assert peak_mib(lab.agent["pid"]) - before < 64


def peak_mib(pid: int) -> int:
    """Most memory it ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


# ---- GPUs and capacity
def test_gpus_are_handed_out_and_named(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab(gpus=3)
    assert lab.capacities[-1][0]["gpus"] == 3
    go = tmp_path / "go"
    line = f"echo [$CUDA_VISIBLE_DEVICES] [$NVIDIA_VISIBLE_DEVICES]; {until(go)}"
    specs = [lab.process(line, gpus=n, vcpus=0.25) for n in (2, 1, 0)]
    waits = lab.process("echo [$CUDA_VISIBLE_DEVICES]", gpus=1, vcpus=0.25)
    for spec in [*specs, waits]:
        lab.start_spec(spec)
    lab.wait(lambda: len(lab.lines()) == 3)
    assert sorted(lab.lines()) == ["[0,1] [0,1]", "[2] [2]", "[] [void]"]
    assert not any(run_id == waits["run_id"] for run_id, _, _ in lab.started)
    go.touch()
    assert lab.report_of(waits)["status"] == "ok"
    lab.wait(lambda: len(lab.lines()) == 4)
    assert lab.lines()[-1] in ("[0]", "[2]")


def test_capacity_is_told_on_each_connect(make_lab: MakeLab) -> None:
    lab = make_lab()
    [found] = lab.capacities[-1]
    assert found["instance"] == lab.agents[-1][0]
    assert found["vcpus"] == len(os.sched_getaffinity(0))
    assert 0 < found["memory_mib"] < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    before = lab.agent["instance"]
    lab.kill_agent()
    lab.wait(lambda: lab.agents[-1][0] != before)
    assert [] in lab.capacities
    assert lab.capacities[-1][0]["instance"] == lab.agents[-1][0]


# ---- callers who wait, and what a job leaves in its folder
def test_a_process_somebody_waits_for(make_lab: MakeLab) -> None:
    lab = make_lab()
    [report] = lab.invoke_all([lab.process("exit 3", durable=False)])
    assert (report["status"], report["exit_code"]) == ("error", 3)
    assert lab.reports == [] and lab.run_process(["true"])["status"] == "ok"


def test_what_a_job_leaves_in_its_tmp_is_removed(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("precious")
    line = f"cd $TMPDIR; mkdir -p a/b; echo x > a/b/c; ln -s {tmp_path}/kept a/link; mkfifo p; pwd"
    [folder] = lab.printed(line)
    lab.run_process(["true"])
    assert list(Path(folder).iterdir()) == []
    assert (tmp_path / "kept" / "file").read_text() == "precious"
