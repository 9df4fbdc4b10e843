"""Wrapped commands, run by the real sh as Batch runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from owari.cli.batch.items import keep
from owari.cli.batch.wrapping import Wrapped, numbers, ranges, unwrap, wrap

SHOW = (
    "sh",
    "-c",
    'printf "%s|" "$AWS_BATCH_JOB_ARRAY_INDEX" "$AWS_BATCH_JOB_ARRAY_SIZE"'
    ' "${OWARI_ITEM-none}" "$PWD" "$@"',
    "sh",
    "a b",
    "$HOME",
)


def printed(wrapped: Wrapped, **variables: str) -> list[str]:
    done = subprocess.run(
        wrap(wrapped),
        env={"PATH": os.environ["PATH"]} | variables,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split("|")[:-1]


def child(index: int, size: int) -> dict[str, str]:
    return {"AWS_BATCH_JOB_ARRAY_INDEX": str(index), "AWS_BATCH_JOB_ARRAY_SIZE": str(size)}


def test_a_command_runs_in_its_folder_with_its_words_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    shown = printed(Wrapped(SHOW, str(folder)), **child(3, 9))
    assert shown == ["3", "9", "none", str(folder), "a b", "$HOME"]


def test_a_part_sees_its_place_in_the_whole_and_its_own_item(tmp_path: Path) -> None:
    items = str(keep(tmp_path, [b"zero", b"  two words ", b"-n $x *"]))
    part = Wrapped(SHOW, "/", first=10_000, size=10_003, items=items)
    assert printed(part, **child(1, 3))[:3] == ["10001", "10003", "  two words "]
    assert printed(part, **child(2, 3))[:3] == ["10002", "10003", "-n $x *"]
    assert printed(part)[:3] == ["10000", "10003", "zero"], "a plain job is the first child"


def test_a_rerun_sees_the_numbers_of_the_children_it_stands_for() -> None:
    again = Wrapped(SHOW, "/", indexes=(0, 3, 4, 5, 9), rerun_size=12)
    seen = [printed(again, **child(n, 5))[:2] for n in range(5)]
    assert seen == [["0", "12"], ["3", "12"], ["4", "12"], ["5", "12"], ["9", "12"]]
    part = Wrapped(SHOW, "/", first=100, size=200, indexes=(7,), rerun_size=50)
    assert printed(part)[:2] == ["107", "200"]


def test_missing_items_and_programs_fail_by_name(tmp_path: Path) -> None:
    lost = Wrapped(("true",), "/", size=2, items=str(tmp_path / "gone"))
    done = subprocess.run(wrap(lost), capture_output=True, text=True)
    assert done.returncode == 125
    assert "gone" in done.stderr
    done = subprocess.run(wrap(Wrapped(("no-such-program",), "/")), capture_output=True, text=True)
    assert done.returncode == 127
    assert "no-such-program" in done.stderr


@given(st.sets(st.integers(0, 10_000), min_size=1))
def test_ranges_say_the_same_numbers(chosen: set[int]) -> None:
    assert list(numbers(ranges(sorted(chosen)))) == sorted(chosen)


@given(
    st.lists(st.text(min_size=1), min_size=1),
    st.sampled_from(["", "/some/where"]),
    st.integers(0, 10**6),
    st.sampled_from([0, 10**6]),
    st.sets(st.integers(0, 9999)),
)
def test_what_was_wrapped_can_be_read_again(
    program: list[str], folder: str, first: int, size: int, again: set[int]
) -> None:
    made = Wrapped(
        tuple(program),
        folder or "." if size else folder,
        first if size else 0,
        size,
        indexes=tuple(sorted(again)),
        rerun_size=10_000 if again else 0,
    )
    assert unwrap(wrap(made)) == made


def test_children_are_found_by_the_numbers_their_programs_see() -> None:
    plain = Wrapped(("true",))
    assert (plain.index_of(4), plain.child_of(4)) == (4, 4)
    again = Wrapped(("true",), first=100, size=200, indexes=(3, 7), rerun_size=50)
    assert [again.index_of(n) for n in (0, 1)] == [103, 107]
    assert [again.child_of(n) for n in (103, 107, 104)] == [0, 1, None]
