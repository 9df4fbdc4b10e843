"""How a function's runtime is run here: forked from a warm interpreter, or a program of its own.

Source: "Lambda runtimes" (developer guide) for the names and where a bootstrap is looked for.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from owari.compute.agent import interpreters, nodes
from owari.compute.agent.environment import Definition
from owari.compute.agent.interpreters import Interpreter

BOOTSTRAP = Path(__file__).parent.parent / "runtime" / "bootstrap.py"
NODE_BOOTSTRAP = Path(__file__).parent.parent / "runtime" / "node" / "bootstrap.cjs"
PROVIDED = re.compile(r"provided(\.al2(023)?)?$")
OTHERS = {"java": "Java", "dotnet": ".NET", "ruby": "Ruby"}
WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"


@dataclass(frozen=True, slots=True)
class Fork:
    """A Python function: our own loop, forked from this interpreter."""

    interpreter: Interpreter
    words: str


@dataclass(frozen=True, slots=True)
class Program:
    """Started afresh; it speaks the Runtime API (runtime/host.py).

    `command`: `{code}` and `{opt}` stand for the function's folder and its layers'.
    `bootstraps`: places of an executable that goes before the command; the first there is.
    `keep`: folders it needs, visible even below /tmp.
    """

    command: list[str]
    words: str
    bootstraps: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    keep: list[str] = field(default_factory=list)
    folder: str = ""
    box: dict[str, Any] | None = None
    container: str = ""  # its name, where it is one
    python: bool = False  # of ours: the SDK is in its place

    def meta(self) -> dict[str, Any]:
        """For the worker's INIT frame."""
        return {
            "command": self.command,
            "bootstraps": self.bootstraps,
            "folder": self.folder,
            "box": self.box,
        }


@dataclass(frozen=True, slots=True)
class Refused:
    why: str
    code: str = "InvalidRuntimeException"


Runtime = Fork | Program | Refused


class Runtimes:
    """What this machine has; Node.js is looked for when first asked for."""

    def __init__(self) -> None:
        self.found = interpreters.find(os.environ.get("PATH", ""), Path.home())
        self._nodes: list[nodes.Node] | None = None

    def resolve(self, definition: Definition, pycache: str) -> Runtime:
        """`pycache`: where its compiled modules are kept."""
        runtime = definition.runtime
        chosen = interpreters.choose(runtime, self.found)
        if chosen is not None and definition.variables.get(WRAPPER):
            return apart(chosen, definition, pycache)
        if chosen is not None:
            return Fork(chosen, chosen.words(runtime))
        if PROVIDED.match(runtime):
            return Program([], runtime, bootstraps=["{code}/bootstrap", "{opt}/bootstrap"])
        if runtime.startswith("nodejs"):
            return self._node(runtime, definition.memory_mib, definition.variables)
        return Refused(_remedy(runtime))

    def nodes(self) -> list[nodes.Node]:
        if not self._nodes:  # asked again while there is none: it may be installed meanwhile
            self._nodes = nodes.find(os.environ.get("PATH", ""), Path.home())
        return self._nodes

    def _node(self, runtime: str, memory_mib: int, variables: dict[str, str]) -> Runtime:
        node = nodes.choose(runtime, self.nodes())
        if node is None:
            return Refused(
                f"the runtime {runtime} needs Node.js: install `node` and put it on PATH."
            )
        sdk = nodes.sdk_folder(
            os.environ.get("HOME", "/"), os.environ.get("XDG_CACHE_HOME", ""), runtime
        )
        heap = [f"--max-old-space-size={memory_mib * 9 // 10}"]
        heap.append(f"--max-semi-space-size={max(memory_mib // 20, 1)}")
        command = [node.path, "--max-http-header-size=81920", *heap, str(NODE_BOOTSTRAP)]
        wrapper = variables.get(WRAPPER)
        return Program(
            [wrapper, *command] if wrapper else command,
            node.words(runtime),
            variables={"NODE_PATH": _node_path(runtime, str(sdk), variables)},
            keep=[str(sdk), str(NODE_BOOTSTRAP.parent), str(Path(node.path).parent.parent)],
        )


def apart(interpreter: Interpreter, definition: Definition, pycache: str) -> Program:
    """A Python function that is not forked (runtime/bootstrap.py)."""
    command = [interpreter.path, str(BOOTSTRAP)]
    command += ["{opt}", pycache, "" if definition.code_folder else "write"]
    wrapper = definition.variables.get(WRAPPER)
    return Program(
        [wrapper, *command] if wrapper else command,
        interpreter.words(definition.runtime),
        keep=[str(Path(interpreter.path).parent.parent), str(BOOTSTRAP.parent)],
        python=True,
    )


def _node_path(runtime: str, sdk: str, variables: dict[str, str]) -> str:
    """Where `require` looks after the function's own folder, as AWS's runtime sets it."""
    major = nodes.wanted_major(runtime)
    layers = [f"/opt/nodejs/node{major}/node_modules", "/opt/nodejs/node_modules"]
    own = variables.get("NODE_PATH")
    return ":".join([*([own] if own else layers), sdk])


def _remedy(runtime: str) -> str:
    name = next((words for start, words in OTHERS.items() if runtime.startswith(start)), runtime)
    return (
        f"Owari does not run {name} functions as {runtime}. Deploy it as `provided.al2023` with a "
        "`bootstrap` that starts its runtime interface client, or as a container image with one."
    )
