"""Process runs with real processes: how they end, what they print, what they see, their limits."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compute.lab import Lab, Report, alive, in_time

MakeLab = Callable[..., Lab]
MIB = 1024 * 1024
PYTHON = sys.executable


@pytest.fixture(scope="module", params=["auto", "watchdog"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One agent for all tests, in this machine's best tier and in the one without cgroups."""
    made = Lab(tmp_path_factory.mktemp("data"), isolation=request.param).up()
    yield made
    made.down()


# ---- how it ends
def test_success(lab: Lab) -> None:
    before = time.time()
    report = lab.run_process(["true"])
    assert (report["status"], report["exit_code"], report["reason"]) == ("ok", 0, "")
    assert before - 1 < report["started_at"] <= report["stopped_at"] < time.time() + 1


@pytest.mark.parametrize(
    ("line", "code"),
    [("exit 3", 3), ("exit 255", 255), ("kill -TERM $$", 143), ("kill -KILL $$", 137),
     ("kill -SEGV $$", 139)],
)  # fmt: skip
def test_exit_codes_and_signals(lab: Lab, line: str, code: int) -> None:
    report = lab.run_process(line)
    assert (report["status"], report["exit_code"], report["reason"]) == ("error", code, "")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["no-such-program"], 'exec: "no-such-program": executable file not found in $PATH'),
        (["/no/such/program"], 'exec: "/no/such/program": stat /no/such/program: no such file'),
        (["/etc/passwd"], 'exec: "/etc/passwd": permission denied'),
        (["/tmp"], 'exec: "/tmp": is a directory'),
        ([], "no command specified"),
    ],
)
def test_a_command_that_is_not_there(lab: Lab, command: list[str], words: str) -> None:
    report = lab.run_process(command)
    assert (report["status"], report["exit_code"], report["started_at"]) == ("failed", None, None)
    assert report["reason"].startswith("CannotStartContainerError: ") and words in report["reason"]
    assert lab.run_process(["true"])["status"] == "ok"


def test_what_is_no_program(lab: Lab, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_bytes(b"\x00\x01\x02")
    script.chmod(0o755)
    report = lab.run_process([str(script)])
    assert report["status"] == "failed" and "exec format error" in report["reason"]
    assert lab.run_process(["sh", "a\0b"])["status"] == "failed"
    assert lab.run_process(["x" * 3_000_000])["status"] == "failed"


def test_an_image_that_nobody_knows(lab: Lab) -> None:
    report = lab.run_process(["true"], image="example.com/team/model:7")
    assert (report["status"], report["exit_code"]) == ("failed", None)
    reason = report["reason"]
    assert reason.startswith("CannotPullContainerError: ")
    for remedy in ("owari images map example.com/team/model:7=DIR|Dockerfile|host", "podman"):
        assert remedy in reason
    assert "busybox" in reason


def test_what_can_never_fit(lab: Lab) -> None:
    report = lab.run_process(["true"], memory_mib=10_000_000)
    assert report["status"] == "failed" and "MiB" in report["reason"]
    report = lab.run_process(["true"], gpus=99)
    assert report["status"] == "failed" and "99 GPUs" in report["reason"]
    assert lab.run_process(["true"], vcpus=999.0)["status"] == "ok", "clamped: it runs alone"


# ---- what it leaves behind
def children_of(lab: Lab, tag: str) -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if tag.encode() in (entry / "cmdline").read_bytes():
                    found.add(int(entry.name))
            except OSError:
                continue
    return found


NAPPERS = 5


def leaver(tag: str, tail: str) -> str:
    """Starts NAPPERS descendants that try to get away, all with `tag` in their command line. Each
    prints a line first."""
    napper = f"{PYTHON} -S -c 'import time; print(1, flush=True); time.sleep(1000)' {tag}"
    return f"""
        {napper} &
        setsid {napper} &
        (setsid sh -c "{napper.replace('"', "")} &" {tag} &)
        env -i setsid {napper} &
        (trap '' TERM; {napper}) &
        {tail}
        """


def wait_for_nappers(lab: Lab, tag: str) -> None:
    lab.wait(lambda: len([p for p in children_of(lab, tag) if alive(p)]) >= NAPPERS)


def test_nothing_outlives_a_job(lab: Lab, tmp_path: Path) -> None:
    tag, go = f"tag-{os.urandom(6).hex()}", tmp_path / "go"
    spec = lab.process(leaver(tag, f"while [ ! -e {go} ]; do sleep 0.01; done; exit 4"))
    lab.start_spec(spec)
    wait_for_nappers(lab, tag)
    go.touch()
    assert lab.report_of(spec)["exit_code"] == 4
    assert children_of(lab, tag) == set()


def test_what_forks_on_and_on_does_not_get_away(lab: Lab) -> None:
    """Each of it lives for a moment only: whoever lists it and then kills comes too late."""
    hop = "import os\nwhile True:\n    if os.fork(): os._exit(0)"
    assert lab.run_process([PYTHON, "-c", hop])["status"] == "ok"
    assert lab.run_process(["true"])["status"] == "ok"  # where nothing else runs on


@pytest.fixture
def bomb(lab: Lab) -> Iterator[str]:
    """A job's command that doubles for ever; whatever happens nothing of it is left."""
    if not lab.agent["isolation"].startswith("cgroup"):
        pytest.skip("without a group nothing bounds it")
    tag = f"bomb-{os.urandom(6).hex()}"
    yield f"f() {{ f | f & }}; f; sleep 50 # {tag}"
    while found := {pid for pid in children_of(lab, tag) if alive(pid)}:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)


def test_a_fork_bomb_ends_and_the_slot_goes_on(lab: Lab, bomb: str) -> None:
    report = lab.run_process(["bash", "-c", bomb], memory_mib=64)
    assert (report["status"], report["exit_code"] != 0) == ("error", True)
    assert report["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert lab.run_process(["true"], memory_mib=64)["status"] == "ok"


def test_a_fork_bomb_whose_keeper_cannot_act_is_ended_from_outside(lab: Lab, bomb: str) -> None:
    safe = "cmp -s /proc/$$/oom_score_adj /proc/$PPID/oom_score_adj"  # set after the start
    line = f"while {safe}; do :; done; kill -STOP $PPID; {bomb}"
    report = lab.run_process(["bash", "-c", line], memory_mib=64)
    assert (report["status"], report["exit_code"]) == ("error", 137)
    assert report["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert lab.run_process(["true"], memory_mib=64)["status"] == "ok"


def test_a_cancelled_job_whose_keeper_cannot_act_is_ended_from_outside(lab: Lab) -> None:
    tag = f"tag-{os.urandom(6).hex()}"
    spec = lab.process(leaver(tag, "kill -STOP $PPID; wait"), grace_s=0.0)
    lab.start_spec(spec)
    wait_for_nappers(lab, tag)
    lab.cancel(spec)
    report = lab.report_of(spec)
    assert report["status"] == "cancelled"
    assert report["exit_code"] in (137, 143)  # by SIGTERM, if it is quick enough
    assert not any(map(alive, children_of(lab, tag)))
    assert lab.run_process(["true"])["status"] == "ok"


def test_a_job_that_kills_its_keeper_is_lost_and_ends(lab: Lab) -> None:
    tag = f"tag-{os.urandom(6).hex()}"
    spec = lab.process(leaver(tag, "read line; kill -KILL $PPID; wait"))
    lab.start_spec(spec)
    report = lab.report_of(spec)
    assert (report["status"], report["exit_code"]) == ("lost", None)
    lab.wait(lambda: not any(map(alive, children_of(lab, tag))))
    assert lab.run_process(["true"])["status"] == "ok"


def test_a_job_that_ends_well_is_a_success_whatever_its_child_lacked(lab: Lab) -> None:
    """Its own process is not the one killed, and it ends before anybody looks."""
    line = f"{PYTHON} -S -c '{HUNGRY}'; exit 0"
    for _ in range(3):
        report = lab.run_process(["bash", "-c", line], memory_mib=64)
        assert (report["status"], report["exit_code"]) in (("ok", 0), ("error", 137)), report
        assert bool(report["reason"]) == bool(report["exit_code"])


def test_a_job_has_so_many_processes_and_no_more(lab: Lab) -> None:
    if not lab.agent["isolation"].startswith("cgroup"):
        pytest.skip("only cgroups count processes")
    own = next(x for x in lab.printed("cat /proc/self/cgroup") if ":pids:" in x or x[:3] == "0::")
    place = "/sys/fs/cgroup/pids" if ":pids:" in own else "/sys/fs/cgroup"
    bound = Path(place + own.rpartition(":")[2]) / "pids.max"
    if "slot-job" not in own or not bound.exists():
        pytest.skip("no group of pids is writable here")
    assert bound.read_text() == "4097\n"  # with the one that keeps it


def test_timeout_ends_the_whole_tree(lab: Lab) -> None:
    tag = f"tag-{os.urandom(6).hex()}"

    def run(seconds: float) -> tuple[float, Report]:
        line = leaver(tag, "sleep 1000")
        return seconds, lab.run_process(line, timeout_s=seconds, grace_s=0.3)

    seconds, report = in_time(run, lambda told: len(lab.output(told[1])) == NAPPERS)
    assert report["status"] == "error"
    assert report["reason"] == "Job attempt duration exceeded timeout"
    assert report["exit_code"] in (143, 137)
    assert seconds <= report["stopped_at"] - report["started_at"] < 60
    assert children_of(lab, tag) == set()


def test_a_job_may_end_orderly_on_sigterm(lab: Lab) -> None:
    source = (
        "import signal, sys, time\n"
        "def end(*_):\n    print('orderly', flush=True)\n    sys.exit(7)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('ready', flush=True)\n"
        "time.sleep(1000)\n"
    )
    report = in_time(
        lambda s: lab.run_process([PYTHON, "-c", source], timeout_s=s),
        lambda r: lab.output(r),
    )
    assert (report["status"], report["exit_code"]) == ("error", 7)
    lab.wait(lambda: lab.output(report) == ["ready", "orderly"])


def test_sigkill_follows_sigterm(lab: Lab) -> None:
    line = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    report = in_time(
        lambda s: lab.run_process(line, timeout_s=s, grace_s=0.2), lambda r: lab.output(r)
    )
    assert report["exit_code"] == 137
    assert report["reason"] == "Job attempt duration exceeded timeout"


def test_cancel_a_running_job(lab: Lab) -> None:
    tag = f"tag-{os.urandom(6).hex()}"
    spec = lab.process(leaver(tag, "wait"), grace_s=0.2)
    lab.start_spec(spec)
    wait_for_nappers(lab, tag)
    lab.cancel(spec)
    report = lab.report_of(spec)
    assert (report["status"], report["reason"]) == ("cancelled", "no longer wanted")
    assert report["exit_code"] in (143, 137)
    assert children_of(lab, tag) == set()


def test_cancel_a_waiting_job(lab: Lab, tmp_path: Path) -> None:
    go = tmp_path / "go"
    first = lab.process(f"while [ ! -e {go} ]; do sleep 0.01; done", vcpus=999.0)
    second, third = lab.process(["true"], vcpus=999.0), lab.process(["true"], vcpus=999.0)
    for spec in (first, second, third):
        lab.start_spec(spec)
    lab.wait(lambda: any(run_id == first["run_id"] for run_id, _, _ in lab.started))
    lab.cancel(second)
    report = lab.report_of(second)
    assert (report["status"], report["exit_code"]) == ("cancelled", None)
    assert report["started_at"] is None
    go.touch()
    assert lab.report_of(first)["status"] == "ok"
    assert lab.report_of(third)["status"] == "ok"


# ---- memory
HUNGRY = 'x = []\nwhile True: x.append(b"x" * (1 << 20))\n'


def test_out_of_memory(lab: Lab) -> None:
    report = lab.run_process([PYTHON, "-S", "-c", HUNGRY], memory_mib=64)
    assert (report["status"], report["exit_code"]) == ("error", 137)
    assert report["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert lab.run_process(["true"], memory_mib=64)["status"] == "ok"


def test_a_grandchild_out_of_memory(lab: Lab) -> None:
    line = f"{PYTHON} -S -c '{HUNGRY}'; echo went on; sleep 20; exit 0"
    report = lab.run_process(line, memory_mib=64)
    assert report["status"] == "error"
    assert report["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert report["stopped_at"] - report["started_at"] < 15


def test_within_its_memory(lab: Lab) -> None:
    source = "x = bytearray(150 << 20); x[::4096] = b'y' * len(x[::4096]); print(len(x))"
    assert lab.printed([PYTHON, "-S", "-c", source], memory_mib=256) == [str(150 * MIB)]


def test_the_limit_is_exact(lab: Lab) -> None:
    if not lab.agent["isolation"].startswith("cgroup"):
        pytest.skip("only cgroups limit memory exactly")
    source = "x = bytearray(64 << 20); print('filled')"
    assert lab.run_process([PYTHON, "-S", "-c", source], memory_mib=60)["exit_code"] == 137
    assert lab.printed([PYTHON, "-S", "-c", source], memory_mib=80) == ["filled"]


def test_cpu_weight(lab: Lab) -> None:
    if lab.agent["isolation"] != "cgroup v1":
        pytest.skip("looks into cgroup v1")
    line = (
        "cat /sys/fs/cgroup/cpu$(sed -n 's/^.*:cpu:\\(.*\\)$/\\1/p' /proc/self/cgroup)/cpu.shares"
    )
    assert lab.printed(line, vcpus=0.5) == ["512"]
    assert lab.printed(line, vcpus=1.5) == ["1536"]


# ---- what it prints
def test_lines_in_order_from_both_streams(lab: Lab) -> None:
    line = "echo one; echo two >&2; printf 'a\\n\\nb'; printf ' c' >&2"
    assert lab.printed(line) == ["one", "two", "a", "b c"]


def test_much_output_arrives_whole_and_in_order(lab: Lab) -> None:
    source = "for i in range(70_000): print(i, 'x' * 68)"
    report = lab.run_process([PYTHON, "-S", "-c", source])
    assert report["status"] == "ok"
    lab.wait(lambda: len(lab.output(report)) == 70_000)
    assert lab.output(report) == [f"{i} {'x' * 68}" for i in range(70_000)]
    lab.logs.clear()


def test_output_that_is_no_text(lab: Lab) -> None:
    report = lab.run_process("printf 'a\\377\\376b\\n\\303\\251\\n\\303'")
    lab.wait(lambda: len(lab.output(report)) == 3)
    assert lab.output(report) == ["a\ufffd\ufffdb", "é", "\ufffd"]


def test_a_very_long_line_is_cut_as_aws_cuts_it(lab: Lab) -> None:
    source = "print('é' * 300_000)"
    report = lab.run_process([PYTHON, "-S", "-c", source], variables={"PYTHONUTF8": "1"})
    lab.wait(lambda: sum(map(len, lab.output(report))) == 300_000)
    pieces = lab.output(report)
    assert len(pieces) == 3 and "\ufffd" not in "".join(pieces)
    assert all(len(piece.encode()) <= 256 * 1024 - 26 for piece in pieces)


def test_lines_come_while_it_runs(lab: Lab, tmp_path: Path) -> None:
    go = tmp_path / "go"
    spec = lab.process(f"echo early; while [ ! -e {go} ]; do sleep 0.01; done; echo late")
    lab.start_spec(spec)
    lab.wait(lambda: any(text == "early" for text in lab.lines()))
    key = (spec["run_id"], 1)
    assert key in [(run_id, attempt) for run_id, attempt, _ in lab.started]
    assert not any(r["run_id"] == spec["run_id"] for r in lab.reports)
    go.touch()
    lab.wait_for_line("late")
    lab.report_of(spec)


def test_a_job_that_makes_its_output_nonblocking_harms_no_other(lab: Lab) -> None:
    source = "import os; os.set_blocking(1, False); print('done')"
    for _ in range(3):
        lab.printed([PYTHON, "-S", "-c", source])
    source = "for i in range(20_000): print(i, 'y' * 60)"
    report = lab.run_process([PYTHON, "-S", "-c", source])
    assert report["status"] == "ok"
    lab.wait(lambda: len(lab.output(report)) == 20_000)


def test_not_logged(lab: Lab) -> None:
    report = lab.run_process("echo unseen", log_group=None)
    assert report["status"] == "ok"
    lab.printed("echo seen")
    assert "unseen" not in lab.lines()


def test_many_at_once_each_with_its_own_output(lab: Lab) -> None:
    specs = [lab.process(f"echo line {i}; exit {i % 3}") for i in range(200)]
    for spec in specs:
        lab.start_spec(spec)
    for i, spec in enumerate(specs):
        report = lab.report_of(spec)
        assert report["exit_code"] == i % 3
        lab.wait(lambda report=report: lab.output(report))
        assert lab.output(report) == [f"line {i}"]
    assert len([r for r in lab.reports if r["run_id"] in {s["run_id"] for s in specs}]) == 200


def test_a_long_job_does_not_hold_up_what_was_sent_ahead(lab: Lab, tmp_path: Path) -> None:
    """Short jobs make a keeper look quick; those queued behind a long one go elsewhere."""
    go = tmp_path / "go"
    for spec in [lab.process(["true"], vcpus=1.0) for _ in range(40)]:
        lab.start_spec(spec)
    long = lab.process(f"while [ ! -e {go} ]; do sleep 0.01; done", vcpus=1.0)
    lab.start_spec(long)
    short = [lab.process(["true"], vcpus=1.0) for _ in range(40)]
    for spec in short:
        lab.start_spec(spec)
    if (os.cpu_count() or 1) > 1:
        for spec in short:
            assert lab.report_of(spec)["status"] == "ok"
        assert not any(r["run_id"] == long["run_id"] for r in lab.reports)
    go.touch()
    assert lab.report_of(long)["status"] == "ok"
    for spec in short:
        assert lab.report_of(spec)["status"] == "ok"


# ---- what it sees
def test_its_environment(lab: Lab) -> None:
    found = dict(
        line.partition("=")[::2]
        for line in lab.printed(["env"], image="busybox", variables={"MINE": "ä 1", "HOME": "/x"})
    )
    assert found["MINE"] == "ä 1" and found["HOME"] == "/x"
    assert found["AWS_ENDPOINT_URL"] == lab.endpoint
    assert found["AWS_ACCESS_KEY_ID"] == "ASIA123456789012"
    assert found["AWS_SESSION_TOKEN"] == "arn:aws:iam::123456789012:role/r/owari-job"
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert found["PATH"] == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    known = {
        "MINE", "HOME", "PATH", "LANG", "TMPDIR", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
        "AWS_DISABLE_HOST_PREFIX_INJECTION", "AWS_MAX_ATTEMPTS", "OWARI_AGENT", "OWARI_SLOT",
    }  # fmt: skip
    assert set(found) <= known, "nothing leaks from the host"


def test_the_job_may_override_what_owari_adds(lab: Lab) -> None:
    line = "echo $AWS_ENDPOINT_URL"
    assert lab.printed(line, variables={"AWS_ENDPOINT_URL": "http://else"}) == ["http://else"]


def test_its_input_is_empty_and_it_has_no_other_descriptors(lab: Lab) -> None:
    assert lab.printed("cat; echo end of input") == ["end of input"]
    assert lab.printed([PYTHON, "-c", "import os; print(sorted(os.listdir('/proc/self/fd')))"]) == [
        "['0', '1', '2', '3']"  # the last is the listing itself
    ]


def test_its_session_signals_and_mask_are_its_own(lab: Lab) -> None:
    source = """
import os, signal
assert os.getsid(0) == os.getpid() == os.getpgid(0)
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD):
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler), number
blocked = [l for l in open('/proc/self/status') if l.startswith('SigBlk')]
assert int(blocked[0].split()[1], 16) == 0
print(oct(os.umask(0)), open('/proc/self/oom_score_adj').read().strip())
"""
    printed = lab.printed([PYTHON, "-c", source])
    assert printed[0].startswith("0o22 ") and int(printed[0].split()[1]) >= 0


def test_where_it_works(lab: Lab, tmp_path: Path) -> None:
    assert lab.printed(["pwd"], folder=str(tmp_path)) == [str(tmp_path)]
    assert lab.run_process(["true"], folder="/no/such")["status"] == "failed"


@pytest.mark.parametrize("image", ["host", "busybox"])
@pytest.mark.parametrize("more", [{}, {"ulimits": [("nofile", 64, 64)]}])
def test_where_it_works_is_its_own(lab: Lab, image: str, more: dict[str, Any]) -> None:
    """What programs leave in `.` meets nothing of another job, and is gone after it."""
    for _ in range(2):
        line = "test ! -e file && mkdir made && echo x > file && cd made && echo ok"
        assert lab.printed(line, image=image, **more) == ["ok"]
    assert lab.printed("rm -rf $PWD 2>&-; echo gone", image=image, **more) == ["gone"]
    assert lab.printed("echo x > file && cat file", image=image, **more) == ["x"]


def test_a_folder_made_anew_is_where_it_works(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    for name in ("first", "second"):
        folder.mkdir()
        (folder / name).touch()
        assert lab.printed(["ls"], folder=str(folder)) == [name]
        (folder / name).unlink()
        folder.rmdir()


def test_a_container_has_its_own_tmp(lab: Lab) -> None:
    if lab.run_process(["unshare", "-m", "true"])["exit_code"] != 0:
        pytest.skip("no mount namespaces here")
    name = f"/tmp/owari-{os.urandom(6).hex()}"
    shown = {p.parts[2] for p in map(Path, (lab.config.data, sys.prefix, sys.base_prefix))
             if p.is_relative_to("/tmp")}  # what Owari itself needs of the host's  # fmt: skip
    others = " ".join(f"-e {part}" for part in sorted(shown | {"none"}))
    line = f"ls -A /tmp | grep -v -x {others}; test -e {name}; echo $?; echo x > {name}"
    assert lab.printed(line, image="alpine:3.20") == ["1"]
    assert lab.printed(line, image="alpine:3.20") == ["1"], "emptied after each job"
    assert not Path(name).exists()


def test_the_host_as_an_image_has_the_hosts_tmp(lab: Lab, tmp_path: Path) -> None:
    report = lab.run_process(f"echo x > {tmp_path}/made; echo y > $TMPDIR/own")
    assert report["status"] == "ok"
    assert (tmp_path / "made").read_text() == "x\n"


def test_python_images(lab: Lab) -> None:
    source = "import sys; print(*sys.version_info[:2])"
    own = f"{sys.version_info.major} {sys.version_info.minor}"
    tag = own.replace(" ", ".")
    assert lab.printed(["python", "-c", source], image=f"python:{tag}-slim") == [own]
    image = f"public.ecr.aws/docker/library/python:{tag}"
    assert lab.printed(["python3", "-c", source], image=image) == [own]


# ---- boxes
@pytest.fixture
def boxes(lab: Lab) -> None:
    if lab.run_process(["unshare", "-m", "true"])["exit_code"] != 0:
        pytest.skip("no mount namespaces here")


@pytest.mark.parametrize("image", ["host", "busybox"])
def test_mounts(lab: Lab, boxes: None, tmp_path: Path, image: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "data").write_text("from the host\n")
    mounts = [
        {"source": str(tmp_path / "in"), "target": "/mnt", "read_only": True},
        {"source": str(tmp_path / "out"), "target": "/srv", "read_only": False},
    ]
    line = "cat /mnt/data; touch /mnt/new 2>/dev/null || echo read-only; echo made > /srv/new"
    assert lab.printed(line, image=image, mounts=mounts) == ["from the host", "read-only"]
    assert (tmp_path / "out" / "new").read_text() == "made\n"
    assert lab.run_process("test -e /mnt/data")["exit_code"] == 1, "only that job had it"


def test_a_folder_made_anew_is_mounted_anew(lab: Lab, boxes: None, tmp_path: Path) -> None:
    source = tmp_path / "source"
    mounts = [{"source": str(source), "target": "/mnt", "read_only": True}]
    for text in ("first", "second"):
        source.mkdir()
        (source / text).write_text("")
        assert lab.printed("ls /mnt", image="busybox", mounts=mounts) == [text]
        (source / text).unlink()
        source.rmdir()


@pytest.mark.parametrize("image", ["host", "busybox"])
def test_a_mount_at_a_place_the_host_has_not(
    lab: Lab, boxes: None, tmp_path: Path, image: str
) -> None:
    name = f"owari-{os.urandom(6).hex()}"
    mounts = [{"source": str(tmp_path), "target": f"/{name}/in", "read_only": False}]
    line = f"echo ok > /{name}/in/made; ls / | grep -c -e ^usr$ -e ^{name}$"
    printed = lab.printed(line, image=image, mounts=mounts)
    assert printed[0] == "2" and (tmp_path / "made").read_text() == "ok\n"
    assert not Path("/", name).exists()
    user = lab.printed(f"id -u; ls /{name}", image=image, mounts=mounts, user="0")
    assert user == ["0", "in"]


def test_a_volume_without_a_source_and_tmpfs(lab: Lab, boxes: None) -> None:
    line = "ls -A /srv; echo x > /srv/file; stat -f -c %T /mnt /dev/shm; df -m --output=size /mnt"
    printed = lab.printed(
        line,
        mounts=[{"source": None, "target": "/srv", "read_only": False}],
        tmpfs_mib={"/mnt": 5},
        shm_mib=7,
    )
    assert printed[:2] == ["tmpfs", "tmpfs"] and printed[-1].strip() == "5"
    assert lab.printed(line, mounts=[{"source": None, "target": "/srv"}], tmpfs_mib={"/mnt": 5})


def test_another_user(lab: Lab, boxes: None) -> None:
    assert lab.printed("id -u; id -g", user="1234:4321") == ["1234", "4321"]
    assert lab.printed("id -un", user="nobody") == ["nobody"]
    report = lab.run_process(["true"], user="no-such-user")
    assert report["status"] == "failed" and "unable to find user" in report["reason"]


def test_limits_hold_in_a_box(lab: Lab, boxes: None) -> None:
    command = [PYTHON, "-S", "-c", HUNGRY]
    assert lab.run_process(command, user="0:0", memory_mib=64)["exit_code"] == 137
    report = lab.run_process(["no-such-program"], user="0")
    assert report["status"] == "failed" and "executable file not found" in report["reason"]
    report = lab.run_process(["sleep", "1000"], user="0", timeout_s=0.2)
    assert report["exit_code"] == 143
