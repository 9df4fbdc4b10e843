"""What a job's command is wrapped in, and how to read that again. Pure.

A child of AWS Batch is only told its number in its own array. Three things need more than that: a
command that runs in the folder it was submitted from, an array of which this job is a part (more
than 10,000 children, or a line of a file for each), and a rerun of some children only. Each is a
few lines of POSIX shell that end in `exec`: the program replaces the shell, gets the signals, and
its exit status is the job's. `sh` must be in the image; `sed` too where lines are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_IN_FOLDER = 'cd "$1" && shift && exec "$@"'
_PART = (
    "n=${AWS_BATCH_JOB_ARRAY_INDEX:-0}\n"
    'if [ -n "$4" ]; then\n'
    '  [ -r "$4" ] || { echo "owari: the items $4 are not there" >&2; exit 125; }\n'
    '  OWARI_ITEM=$(LC_ALL=C sed -n "$((n + 1)){p;q;}" "$4") && export OWARI_ITEM || exit 125\n'
    "fi\n"
    "export AWS_BATCH_JOB_ARRAY_INDEX=$(($2 + n)) AWS_BATCH_JOB_ARRAY_SIZE=$3\n"
    'cd "$1" && shift 4 && exec "$@"'
)
_RERUN = (
    "n=${AWS_BATCH_JOB_ARRAY_INDEX:-0}\n"
    "for r in $1; do\n"
    "  a=${r%-*} b=${r#*-}\n"
    '  [ "$n" -gt $((b - a)) ] || break\n'
    "  n=$((n - (b - a) - 1))\n"
    "done\n"
    "export AWS_BATCH_JOB_ARRAY_INDEX=$((a + n)) AWS_BATCH_JOB_ARRAY_SIZE=$2\n"
    'shift 2 && exec "$@"'
)
_SHELL = ("/bin/sh", "-c")
_NAME = "owari"  # $0 of each


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A command as it was meant, and which children of it a job has.

    `indexes`: of a rerun, what each of its children was in the job that is run again. `first`:
    what is added to that to give the number the program sees. `size`: of the whole array, 0 where
    Batch says it. `folder` and `items` are empty where there are none.
    """

    program: tuple[str, ...]
    folder: str = ""
    first: int = 0
    size: int = 0
    items: str = ""
    indexes: tuple[int, ...] = ()
    rerun_size: int = 0

    def index_of(self, child: int) -> int:
        """The number that the program of that child sees."""
        return self.first + (self.indexes[child] if self.indexes else child)

    def child_of(self, index: int) -> int | None:
        """The other way round; None when a rerun has no such child."""
        within = index - self.first
        if not self.indexes:
            return within
        return self.indexes.index(within) if within in self.indexes else None


def wrap(wrapped: Wrapped) -> list[str]:
    """The command of the job."""
    command = list(wrapped.program)
    if wrapped.size:
        first, size = str(wrapped.first), str(wrapped.size)
        words = [wrapped.folder or ".", first, size, wrapped.items]
        command = [*_SHELL, _PART, _NAME, *words, *command]
    elif wrapped.folder:
        command = [*_SHELL, _IN_FOLDER, _NAME, wrapped.folder, *command]
    if wrapped.indexes:
        words = [ranges(wrapped.indexes), str(wrapped.rerun_size)]
        command = [*_SHELL, _RERUN, _NAME, *words, *command]
    return command


def unwrap(command: Sequence[str]) -> Wrapped:
    """Of any job's command; one that is not ours is a program as it stands."""
    indexes: tuple[int, ...] = ()
    rerun_size = 0
    if _is(command, _RERUN, 2):
        indexes, rerun_size = tuple(numbers(command[4])), int(command[5])
        command = command[6:]
    if _is(command, _PART, 4):
        folder, first, size, items = command[4:8]
        program = tuple(command[8:])
        return Wrapped(program, folder, int(first), int(size), items, indexes, rerun_size)
    if _is(command, _IN_FOLDER, 1):
        return Wrapped(tuple(command[5:]), command[4], indexes=indexes, rerun_size=rerun_size)
    return Wrapped(tuple(command), indexes=indexes, rerun_size=rerun_size)


def _is(command: Sequence[str], script: str, words: int) -> bool:
    return tuple(command[:4]) == (*_SHELL, script, _NAME) and len(command) > 4 + words


def ranges(indexes: Iterable[int]) -> str:
    """`0-3 7 9-12`, in the order given."""
    found: list[list[int]] = []
    for index in indexes:
        if found and found[-1][1] == index - 1:
            found[-1][1] = index
        else:
            found.append([index, index])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def numbers(text: str) -> Iterator[int]:
    """What `ranges` was given. Raises ValueError."""
    for word in text.split():
        first, _, last = word.partition("-")
        yield from range(int(first), int(last or first) + 1)
