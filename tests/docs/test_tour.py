"""The README and the how-tos, carried out: every command succeeds and prints what its page says.

In an expected line `…` stands for anything. The page's port is replaced by a free one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.server import Server

ROOT = Path(__file__).parents[2]
PAGES = {
    "README.md": 20,
    "docs/queues.md": 10,
    "docs/durable.md": 10,
    "docs/functions.md": 30,
    "docs/events.md": 20,
    "docs/containers.md": 20,
    "docs/secrets.md": 25,
}  # and how many commands they have at least
COMMAND_MAX_S = 120
PAGE_ENDPOINT = "http://127.0.0.1:4566"


@dataclass
class Step:
    command: str
    expected: list[str] = field(default_factory=list)


def steps(page: str) -> list[Step]:
    found: list[Step] = []
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:]))
            elif line.startswith(">"):
                found[-1].command += "\n" + line[2:]
            else:
                found[-1].expected.append(line)
    return found


def fits(expected: list[str], printed: str) -> bool:
    pattern = "\n".join(".*".join(map(re.escape, line.split("…"))) for line in expected)
    return re.fullmatch(pattern, printed.strip("\n").rstrip(), re.DOTALL) is not None


class Shell:
    """Runs commands one after another; exported variables carry over, as in a terminal."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.variables = variables

    def run(self, command: str) -> tuple[int, str]:
        after = self.folder / ".variables"
        script = f"{command}\nstatus=$?\nenv -0 > {after}\nexit $status\n"
        with (self.folder / ".output").open("wb+") as out:
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=COMMAND_MAX_S,
            )
            out.seek(0)
            printed = out.read().decode()
        pairs = (item.split("=", 1) for item in after.read_text().split("\0") if "=" in item)
        self.variables = {name: value for name, value in pairs if name not in ("_", "SHLVL")}
        return done.returncode, printed


@pytest.mark.acceptance
@pytest.mark.parametrize("page", PAGES)
def test_the_tour(tmp_path: Path, page: str) -> None:
    data = tmp_path / ".owari"  # where `owari up` and `owari down` look by default
    plain = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    shell = Shell(tmp_path, plain | {"LANG": "C.UTF-8"})
    done = 0
    with Server(data) as server:
        for step in steps((ROOT / page).read_text()):
            if step.command.startswith("owari up"):
                continue  # it runs, on its own port
            command = step.command.replace(PAGE_ENDPOINT, server.endpoint)
            status, printed = shell.run(command)
            assert status == 0, f"{command}\n{printed}"
            assert fits(step.expected, printed), f"{command}\nprinted {printed!r}"
            done += 1
    assert done > PAGES[page]


def test_expected_lines_are_compared() -> None:
    page = "```console\n$ a\nx … y\n$ cat <<E\n> one\n>\n> E\none\n```"
    assert steps(page) == [Step("a", ["x … y"]), Step("cat <<E\none\n\nE", ["one"])]
    assert fits(["x … y"], "x 1 2 y\n")
    assert not fits(["x … y"], "x 1")
    assert not fits([], "unexpected")
