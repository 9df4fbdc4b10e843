"""The small parts: log lines, interpreters, zips, wait statuses, isolation."""

from __future__ import annotations

import io
import os
import signal
import stat
import zipfile
from pathlib import Path

import pytest

from owari.compute import isolation
from owari.compute.agent import errors
from owari.compute.agent.interpreters import Interpreter, choose, find, own
from owari.compute.agent.lines import EVENT_MAX_BYTES, Lines, Shipper, Stream, Tail
from owari.compute.runtime import unzip
from owari.compute.variables import function_variables

# ---- log lines


def test_lines_are_cut_where_they_end() -> None:
    lines = Lines()
    assert lines.feed(b"one\ntw") == ["one\n"]
    assert lines.feed(b"o\n\nthree") == ["two\n", "\n"]
    assert lines.finish() == ["three\n"]
    assert lines.finish() == []


def test_bytes_that_are_not_text_and_records_of_several_lines() -> None:
    assert Lines().feed(b"\xff\xfe\n") == ["\ufffd\ufffd\n"]
    assert Lines().feed(b"a\x1eb\n") == ["a\nb\n"]


def test_a_character_cut_between_two_reads_stays_whole() -> None:
    lines = Lines()
    whole = "日本\n".encode()
    assert [*lines.feed(whole[:2]), *lines.feed(whole[2:])] == ["日本\n"]


def test_a_long_line_becomes_several_events() -> None:
    texts = Lines().feed(b"x" * (EVENT_MAX_BYTES * 2 + 5) + b"\n")
    assert [len(t) - 1 for t in texts] == [EVENT_MAX_BYTES, EVENT_MAX_BYTES, 5]


def test_the_tail_is_the_last_four_kibibytes() -> None:
    tail = Tail()
    for number in range(20_000):
        tail.add(f"line {number}\n")
    assert len(tail.bytes()) == 4096
    assert tail.bytes().endswith(b"line 19999\n")


def test_when_the_journal_is_full_lines_are_dropped_and_it_is_said() -> None:
    batches: list[bytes] = []
    full = [True]
    shipper = Shipper(batches.append, lambda: full[0])
    stream = Stream("1", "r", "g", "s")
    shipper.add(stream, "lost\n")
    full[0] = False
    shipper.add(stream, "kept\n")
    shipper.flush()
    assert b"kept" in batches[0] and b"1 log lines were dropped" in batches[0]
    assert b"lost" not in batches[0]


# ---- interpreters
FOUND = {minor: Interpreter(minor, f"/python3.{minor}") for minor in (8, 10, 13)}


@pytest.mark.parametrize(
    ("runtime", "minor"), [("python3.10", 10), ("python3.9", 10), ("python3.14", 13)]
)
def test_the_nearest_interpreter_and_of_two_the_newer(runtime: str, minor: int) -> None:
    chosen = choose(runtime, FOUND)
    assert chosen is not None and chosen.minor == minor


@pytest.mark.parametrize("runtime", ["nodejs20.x", "provided.al2023", "java21"])
def test_other_runtimes_have_none(runtime: str) -> None:
    assert choose(runtime, FOUND) is None


def test_interpreters_are_found_on_path_and_shims_are_passed_over(tmp_path: Path) -> None:
    for folder in ("bin", "shims", ".pyenv/versions/3.77.1/bin"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("bin/python3.99", "shims/python3.98", ".pyenv/versions/3.77.1/bin/python3.77"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "bin/python3.97").write_text("not executable")
    found = find(f"{tmp_path}/bin:{tmp_path}/shims", tmp_path)
    assert {99, 77, own().minor} <= set(found)
    assert not {98, 97} & set(found)
    assert "the nearest to python3.98" in found[99].words("python3.98")


# ---- zips
def archive(tmp_path: Path, *members: tuple[str, int, bytes]) -> str:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, mode, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            bundle.writestr(info, content)
    return str(tmp_path / "a.zip")


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path = archive(
        tmp_path,
        ("bin/tool", stat.S_IFREG | 0o755, b"#!/bin/sh\n"),
        ("data", stat.S_IFREG | 0o600, b"data"),
        ("link", stat.S_IFLNK | 0o777, b"bin/tool"),
    )
    code = tmp_path / "code"
    unzip.unpack(path, str(code), 1000)
    assert (code / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert (code / "data").stat().st_mode & 0o444 == 0o444
    assert (code / "link").readlink() == Path("bin/tool")


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    path = archive(
        tmp_path,
        ("door", stat.S_IFLNK | 0o777, str(outside).encode()),
        ("door/evil", stat.S_IFREG | 0o644, b"evil"),
    )
    with pytest.raises(unzip.BadZip, match="through a link"):
        unzip.unpack(path, str(tmp_path / "code"), 1000)
    assert not list(outside.iterdir()) and not (tmp_path / "code").exists()


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, ("big", stat.S_IFREG | 0o644, b"\0" * 5_000_000))
    with pytest.raises(unzip.BadZip, match="smaller"):
        unzip.unpack(path, str(tmp_path / "code"), 1_000_000)


def test_a_truncated_zip_leaves_nothing(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("app.py", "x" * 1000)
    (tmp_path / "a.zip").write_bytes(buffer.getvalue()[:-200])
    with pytest.raises(unzip.BadZip):
        unzip.unpack(str(tmp_path / "a.zip"), str(tmp_path / "code"), 10_000)
    assert not (tmp_path / "code").exists()


# ---- ends of processes
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "Runtime exited without providing a reason"),
        (3 << 8, "Runtime exited with error: exit status 3"),
        (signal.SIGKILL, "Runtime exited with error: signal: killed"),
        (signal.SIGSEGV | 0x80, "signal: segmentation fault (core dumped)"),
        (signal.SIGTERM, "Runtime exited with error: signal: terminated"),
    ],
)
def test_ends_are_worded_as_lambda_does(status: int, words: str) -> None:
    verdict = errors.ended("id", status, out_of_memory=False)
    assert verdict.kind == "Runtime.ExitError"
    assert verdict.message.startswith("RequestId: id Error: ") and words in verdict.message


# ---- variables
def test_reserved_variables_cannot_be_overridden_and_defaults_can() -> None:
    spec = {
        "handler": "a.b", "region": "r", "runtime": "python3.12", "function_name": "f",
        "version": "3", "memory_mib": 256, "log_group": "g", "logging": {"LogFormat": "Text"},
        "variables": {"_HANDLER": "mine", "PATH": "/mine", "AWS_SECRET_ACCESS_KEY": "mine"},
    }  # fmt: skip
    made = function_variables(spec, "http://e", {"AWS_SECRET_ACCESS_KEY": "ours"})
    assert (made["_HANDLER"], made["PATH"]) == ("a.b", "/mine")
    assert made["AWS_SECRET_ACCESS_KEY"] == "ours"


# ---- isolation
def test_cpu_is_shared_in_proportion_to_memory() -> None:
    assert isolation.cpu_shares(1_769) == 1_024
    assert isolation.cpu_shares(128) == 74
    assert isolation.cpu_shares(10_240) == 5_927


def test_without_cgroups_the_watchdog_says_why_and_what_helps(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    (tmp_path / "cgroup").write_text("0::/\n")
    tier = isolation.detect("owari-test", proc=tmp_path)
    assert tier.name == "watchdog"
    assert "v1: no memory hierarchy is mounted" in tier.why
    assert "v2: no unified hierarchy is mounted" in tier.why
    assert "Delegate=yes" in tier.raise_it


def test_the_unified_hierarchy(tmp_path: Path) -> None:
    """Over a folder that looks like one: which files are written, and with what."""
    (tmp_path / "proc").mkdir()
    mounted = tmp_path / "unified"
    (mounted / "app.slice").mkdir(parents=True)
    (tmp_path / "proc" / "mountinfo").write_text(
        f"30 1 0:26 / {mounted} rw shared:4 - cgroup2 cgroup2 rw\n"
    )
    (tmp_path / "proc" / "cgroup").write_text("0::/app.slice\n")
    group = mounted / "app.slice" / "owari-x"
    slot = group / "slot-0"
    slot.mkdir(parents=True)
    for name in ("cgroup.controllers", "cgroup.subtree_control"):
        (group / name).write_text("cpu memory")
    for name in ("memory.oom.group", "memory.max", "memory.swap.max", "cpu.weight"):
        (slot / name).write_text("")
    (slot / "memory.events").write_text("low 0\noom 0\noom_kill 0\n")
    made = isolation.SlotV2(slot)
    made.limit(3_538)
    assert (slot / "memory.max").read_text() == str(3_538 * 1024 * 1024)
    assert (slot / "cpu.weight").read_text() == "200"
    assert not made.ran_out_of_memory()
    (slot / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert made.ran_out_of_memory()
    assert made.join == [str(slot / "cgroup.procs")]


def test_a_slot_limits_and_is_reused() -> None:
    name = f"owari-test-{os.getpid()}"
    tier = isolation.detect(name)
    if not tier.parents:
        pytest.skip(f"no cgroups here: {tier.why}")
    slot = tier.slot(1)
    try:
        slot.limit(128)
        assert slot.pids() == [] and not slot.ran_out_of_memory()
        slot.clear()
        slot.limit(256)
    finally:
        slot.remove()
        isolation.remove_groups(tier.parents)
    assert not any(Path(parent).exists() for parent in tier.parents)


def test_describe_says_what_holds() -> None:
    told = isolation.describe()
    assert told["tier"] in ("cgroup v1", "cgroup v2", "watchdog")
    assert told["why"] and told["memory"] and told["cpu"]
    assert bool(told["raise_it"]) == (told["tier"] == "watchdog")
