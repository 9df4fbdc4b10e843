"""How code would run here: interpreters per runtime name, isolation tier, namespaces.

The command line never imports compute. It asks the same functions that the agent uses, in a
process of their own, so that the answer is what will happen and not a second opinion.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from owari.cli.finding import Finding, State, last_line, output_of

RUNTIMES = tuple(f"python3.{minor}" for minor in range(9, 15))

_ISOLATION = """
import json
from owari.compute.isolation import describe
print(json.dumps(describe()))
"""

_INTERPRETERS = """
import json, os, pathlib, sys
from owari.compute.agent.interpreters import choose, find
found = find(os.environ.get("PATH", ""), pathlib.Path.home())
chosen = {name: choose(name, found) for name in sys.argv[1:]}
print(json.dumps({n: [f"python3.{i.minor}", i.path] for n, i in chosen.items() if i}))
"""


def _ask(question: str, *args: str) -> dict[str, Any]:
    """Raises ValueError with what the process said when it has no answer."""
    status, text = output_of(sys.executable, "-c", question, *args, timeout_s=30.0)
    if status != 0:
        raise ValueError(last_line(text) or f"status {status}")
    answer: dict[str, Any] = json.loads(last_line(text))
    return answer


def interpreters() -> list[Finding]:
    try:
        chosen = _ask(_INTERPRETERS, *RUNTIMES)
    except ValueError as error:
        return [Finding("runtimes", "missing", str(error))]
    return [_interpreter(name, *chosen[name]) for name in RUNTIMES if name in chosen]


def _interpreter(runtime: str, name: str, path: str) -> Finding:
    if name == runtime:
        return Finding(f"runtime {runtime}", "ok", path)
    version = runtime.removeprefix("python")
    mend = f"uv python install {version}   (or: pyenv install {version})"
    return Finding(f"runtime {runtime}", "warn", f"runs on {name} at {path}, the nearest", mend)


def isolation() -> list[Finding]:
    try:
        told = _ask(_ISOLATION)
    except ValueError as error:
        return [Finding("isolation", "missing", str(error))]
    detail = f"{told['tier']}: {told['why']}; memory {told['memory']}, CPU {told['cpu']}"
    state: State = "warn" if told["tier"] == "watchdog" else "ok"
    return [Finding("isolation", state, detail, told["raise_it"]), namespaces()]


def namespaces() -> Finding:
    status, text = output_of("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork",
                             "true")  # fmt: skip
    if status == 0:
        return Finding("namespaces", "ok", "user, mount and process namespaces can be made")
    mend = "sysctl -w kernel.unprivileged_userns_clone=1   (as root; some systems: "
    mend += "kernel.apparmor_restrict_unprivileged_userns=0)"
    return Finding("namespaces", "warn", last_line(text) or "not allowed", mend)
