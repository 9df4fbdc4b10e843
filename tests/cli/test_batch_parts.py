"""The pure parts of the commands about jobs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from owari.cli.batch import items, mapping, units
from owari.cli.batch.counts import Counts, bar, counts_of, rate_text
from owari.cli.batch.grid import grid
from owari.cli.batch.planning import Asked, parts, requests
from owari.cli.batch.rerunning import request
from owari.cli.batch.sheet import attempts
from owari.cli.batch.submission import NoJob, part_of, place_of, split_reference, submit
from owari.cli.batch.wrapping import unwrap

ID = "0123abcd-0000-4000-8000-000000000000"


def asked(array: int, **more: object) -> Asked:
    return Asked("n", "q", "d:1", ("prog", "x"), array=array, folder="/f", **more)  # type: ignore[arg-type]


def test_arrays_are_split_where_aws_ends_them() -> None:
    assert parts(1) == [range(1)]
    assert parts(10_000) == [range(10_000)]
    assert [len(p) for p in parts(10_001)] == [5_000, 5_001]
    assert [len(p) for p in parts(1_000_000)] == [10_000] * 100
    (one,) = requests(asked(1), "s")
    assert "arrayProperties" not in one
    assert unwrap(one["containerOverrides"]["command"]).size == 1, (
        "it is told its number all the same"
    )
    (plain,) = requests(asked(0), "s")
    assert unwrap(plain["containerOverrides"]["command"]).size == 0
    (whole,) = requests(asked(10_000), "s")
    assert whole["arrayProperties"] == {"size": 10_000}
    assert unwrap(whole["containerOverrides"]["command"]).size == 0, "Batch tells it all"
    two = list(requests(asked(20_000), "s"))
    assert [unwrap(r["containerOverrides"]["command"]).first for r in two] == [0, 10_000]
    assert {tuple(r["tags"].items()) for r in two} == {
        (("owari:submission", "s"), ("owari:parts", "2"))
    }


def test_each_child_may_wait_for_the_child_of_its_number() -> None:
    two = list(requests(asked(20_000, after=("a",), after_each=(("x0", "x1"),)), "s"))
    assert [r["dependsOn"] for r in two] == [
        [{"jobId": "a"}, {"jobId": x, "type": "N_TO_N"}] for x in ("x0", "x1")
    ]
    (plain,) = requests(asked(1, after_each=(("x",),)), "s")
    assert plain["dependsOn"] == [{"jobId": "x"}], "an array of one is a plain job"


def test_what_is_asked_for_is_asked_of_batch() -> None:
    (made,) = requests(
        asked(0, vcpus=2, memory_mib=512, gpus=1, retries=2, timeout_s=90, after=(ID,)), "s"
    )
    assert made["containerOverrides"]["resourceRequirements"] == [
        {"type": "VCPU", "value": "2"},
        {"type": "MEMORY", "value": "512"},
        {"type": "GPU", "value": "1"},
    ]
    assert made["retryStrategy"] == {"attempts": 3}
    assert made["timeout"] == {"attemptDurationSeconds": 90}
    assert made["dependsOn"] == [{"jobId": ID}]


def test_sizes_and_times() -> None:
    assert [units.mebibytes(t) for t in ("512", "512M", "2G", "1gib")] == [512, 512, 2048, 1024]
    assert [units.timeout(t) for t in ("60", "90s", "10m", "2h")] == [60, 90, 600, 7200]
    assert units.variable("A=b=c") == ("A", "b=c")
    assert units.variable("A") == ("A", None)
    wrong = [(units.mebibytes, "2T"), (units.mebibytes, "1"), (units.timeout, "59"),
             (units.retries, "10"), (units.positive, "0"), (units.variable, "=x")]  # fmt: skip
    for parse, text in wrong:
        with pytest.raises(argparse.ArgumentTypeError):
            parse(text)


def test_items_are_lines_or_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list").write_bytes(b"one\r\n\n two \nthr\xff\xe9")
    assert items.items("list") == [b"one", b" two ", b"thr\xff\xe9"]
    for name in ("b.png", "a.png", "c.txt"):
        Path(name).touch()
    assert items.items("*.png") == [b"a.png", b"b.png"]
    Path("empty").touch()
    Path("strange\nname.jpg").touch()
    for text in ("empty", "*.gif", "*.jpg"):
        with pytest.raises(items.NoItems):
            items.items(text)


def test_counts_of_arrays_and_plain_jobs_together() -> None:
    array = {"status": "FAILED", "arrayProperties": {"size": 5, "statusSummary": {"SUCCEEDED": 3,
             "FAILED": 2}}}  # fmt: skip
    counts = counts_of([array, {"status": "RUNNING"}])
    assert (counts.total, counts.ended, counts.running, counts.of("FAILED")) == (6, 5, 1, 2)
    assert bar(counts, 12) == "━━━━━━╳╳╳╳──"


def test_one_failure_in_thousands_shows() -> None:
    counts = Counts((0, 0, 0, 0, 0, 9_999, 1))
    assert bar(counts, 20).count("╳") == 1
    assert len(bar(counts, 20)) == 20
    states = ["SUCCEEDED"] * 50_000
    states[31_000] = "FAILED"
    *rows, legend = grid(states, range(50_000), 80)
    assert sum(row.count("✗") for row in rows) == 1
    assert len(rows) <= 20
    assert "children, the worst shows" in legend


def test_the_grid_numbers_children_as_their_programs_do() -> None:
    rows = list(grid(["SUCCEEDED", "RUNNING", "RUNNABLE"] * 5, range(100, 115), 15))
    assert rows == ["100  ■●·■●·■●·■", "110  ●·■●·", "     ■ succeeded  ● running  · waiting"]


def test_rates_have_a_fitting_unit() -> None:
    assert [rate_text(r) for r in (250.4, 2.5, 0.5, 0.001)] == [
        "250/s",
        "2.5/s",
        "30.0/min",
        "3.6/h",
    ]


def detail(**more: object) -> dict[str, object]:
    return {
        "jobId": ID, "jobName": "n", "jobQueue": "q", "jobDefinition": "d:3", "status": "FAILED",
        "container": {"command": ["prog", "Ref::x"], "environment": [{"name": "A", "value": "b"}],
                      "vcpus": 2, "memory": 64, "image": "host"},
        "arrayProperties": {"size": 100, "statusSummary": {"FAILED": 3, "SUCCEEDED": 97}},
        "parameters": {"x": "y"}, "timeout": {"attemptDurationSeconds": 99},
        "retryStrategy": {"attempts": 2, "evaluateOnExit": []},
        "tags": {"owari:submission": "s", "mine": "1"},
    } | more  # fmt: skip


def test_a_rerun_asks_for_the_same_but_for_the_children() -> None:
    made = request(part_of(detail()), [4, 5, 40])
    assert made["arrayProperties"] == {"size": 3}
    wrapped = unwrap(made["containerOverrides"]["command"])
    assert (wrapped.program, wrapped.indexes, wrapped.rerun_size) == (
        ("prog", "Ref::x"), (4, 5, 40), 100,
    )  # fmt: skip
    assert made["containerOverrides"]["resourceRequirements"] == [
        {"type": "VCPU", "value": "2"},
        {"type": "MEMORY", "value": "64"},
    ]
    assert made["jobDefinition"] == "d:3"
    assert made["timeout"] == {"attemptDurationSeconds": 99}
    assert made["tags"] == {"mine": "1"}
    again = detail(container={"command": made["containerOverrides"]["command"]},
                   arrayProperties={"size": 3, "statusSummary": {}})  # fmt: skip
    wrapped = unwrap(request(part_of(again), [2])["containerOverrides"]["command"])
    assert (wrapped.program, wrapped.indexes, wrapped.rerun_size) == (
        ("prog", "Ref::x"), (40,), 100,
    )  # fmt: skip


def test_a_plain_job_is_run_again_as_it_was() -> None:
    made = request(part_of(detail(arrayProperties={})), [0])
    assert made["containerOverrides"]["command"] == ["prog", "Ref::x"]
    assert "arrayProperties" not in made
    for other in ({"nodeProperties": {}}, {"container": {"image": "i"}}):
        several = detail(**other)
        if "nodeProperties" in other:
            del several["container"]
        with pytest.raises(NoJob):
            request(part_of(several), [0])


def test_references() -> None:
    assert split_reference(ID) == (ID, None)
    assert split_reference(f"{ID}:12") == (ID, 12)
    assert split_reference(f"arn:aws:batch:us-east-1:000000000000:job/{ID}:12") == (ID, 12)
    whole = [part_of(detail())]
    assert place_of(whole, 99)[1] == 99
    for number in (100, -1):
        with pytest.raises(NoJob):
            place_of(whole, number)
    with pytest.raises(NoJob):
        place_of([part_of(detail(arrayProperties={}))], 0)


def test_attempts_say_how_they_ended() -> None:
    ended = {"container": {"exitCode": 137, "reason": "OutOfMemoryError: it was"},
             "startedAt": 1000, "stoppedAt": 3000, "statusReason": "why"}  # fmt: skip
    assert attempts({"status": "RUNNING", "attempts": [ended]}) == [
        "attempt 1  exit 137 after 2.0 s: OutOfMemoryError: it was: why",
        "attempt 2  running",
    ]


def test_image_mappings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    (root / "usr" / "bin").mkdir(parents=True)
    assert mapping.entry("i", str(root)) == {"kind": "dir", "path": str(root)}
    assert mapping.entry("i", "host") == {"kind": "host"}
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    for target in (str(tmp_path / "Dockerfile"), str(tmp_path), str(tmp_path / "gone")):
        with pytest.raises(mapping.NoImage):
            mapping.entry("i", target)
    podman = tmp_path / "podman"
    podman.write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/asked\n')
    podman.chmod(0o700)
    built = mapping.entry("My/Tool:1", str(tmp_path))
    assert built == {"kind": "runtime", "image": "localhost/owari-my-tool-1"}
    assert (tmp_path / "asked").read_text().split() == [
        "build", "--tag", built["image"], "--file", str(tmp_path / "Dockerfile"), str(tmp_path),
    ]  # fmt: skip
    mapping.write(tmp_path / "data", {"a": built})
    assert mapping.read(tmp_path / "data") == {"a": built}
    (tmp_path / "data" / mapping.FILE).write_text("[")
    with pytest.raises(mapping.NoImage):
        mapping.read(tmp_path / "data")
    assert json.dumps({"kind": "?"}) in mapping.words({"kind": "?"})


class Refusing:
    """A Batch that takes one job only."""

    def __init__(self) -> None:
        self.submitted: list[str] = []
        self.terminated: list[str] = []

    def submit_job(self, **asked: str) -> dict[str, str]:
        if self.submitted:
            raise ValueError("refused")
        self.submitted.append(asked["jobName"])
        return {"jobId": asked["jobName"]}

    def terminate_job(self, **asked: str) -> None:
        self.terminated.append(asked["jobId"])


def test_all_jobs_of_a_submission_are_submitted_or_none() -> None:
    batch = Refusing()
    with pytest.raises(ValueError, match="refused"):
        submit(batch, [{"jobName": "a"}, {"jobName": "b"}])
    assert (batch.submitted, batch.terminated) == (["a"], ["a"])
