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

NODES = ("nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x")
SDKS = {"nodejs22.x": "v3", "nodejs16.x": "v2"}  # by a runtime that brings it
SDK_V3 = tuple(
    f"@aws-sdk/{name}"
    for name in (
        "client-s3", "client-sqs", "client-sns", "client-lambda", "client-sfn", "client-batch",
        "client-eventbridge", "client-dynamodb", "lib-dynamodb", "lib-storage",
        "s3-request-presigner", "client-sts", "client-cloudwatch-logs",
    )
)  # fmt: skip

TRIAL_S = 30.0

_ISOLATION = """
import json
from owari.compute.isolation import describe
print(json.dumps(describe()))
"""

_TRIAL = """
import json, os, sys
from owari.compute.containers import trial
print(json.dumps({"command": trial(sys.argv[1], f"owari-doctor-{os.getpid()}")}))
"""

_EPHEMERAL = """
import json, tempfile
from owari.compute.runtime import ephemeral
with tempfile.TemporaryDirectory() as folder:
    print(json.dumps({"refusal": ephemeral.refusal(folder)}))
"""

_INTERPRETERS = """
import json, os, pathlib, sys
from owari.compute.agent.interpreters import choose, find
found = find(os.environ.get("PATH", ""), pathlib.Path.home())
chosen = {name: choose(name, found) for name in sys.argv[1:]}
print(json.dumps({n: [f"python3.{i.minor}", i.path] for n, i in chosen.items() if i}))
"""


_NODES = """
import json, os, pathlib, sys
from owari.compute.agent.nodes import choose, find, sdk_folder
home, cache = os.environ.get("HOME", "/"), os.environ.get("XDG_CACHE_HOME", "")
found = find(os.environ.get("PATH", ""), pathlib.Path.home())
told = {}
for name in sys.argv[1:]:
    node, sdk = choose(name, found), sdk_folder(home, cache, name)
    told[name] = [node.words(name) if node else "", node.major if node else 0,
                  str(sdk), sdk.is_dir()]
print(json.dumps(told))
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


def nodes() -> list[Finding]:
    """Node.js, and the SDK for JavaScript that AWS's runtime brings."""
    try:
        told = _ask(_NODES, *NODES, "nodejs16.x")
    except ValueError as error:
        return [Finding("runtime nodejs", "missing", str(error))]
    if not any(words for words, *_ in told.values()):
        return [Finding("runtime nodejs", "warn", "no node found", "install Node.js, on PATH")]
    made = [_node(name, *told[name][:2]) for name in NODES]
    for name, version in SDKS.items():
        _, _, folder, there = told[name]
        made.append(_sdk(folder, there, version))
    return made


def _node(runtime: str, words: str, major: int) -> Finding:
    if runtime == f"nodejs{major}.x":
        return Finding(f"runtime {runtime}", "ok", words)
    mend = f"nvm install {runtime.removeprefix('nodejs').removesuffix('.x')}"
    return Finding(f"runtime {runtime}", "warn", words, mend)


def _sdk(folder: str, there: bool, version: str) -> Finding:
    name = f"AWS SDK for JavaScript {version}"
    if there:
        return Finding(name, "ok", folder)
    prefix = folder.removesuffix("/node_modules")
    packages = "aws-sdk@2" if version == "v2" else " ".join(SDK_V3)
    why = f"functions of {'nodejs16.x and older' if version == 'v2' else 'nodejs18.x and newer'}"
    return Finding(
        name, "warn", f"not there for {why}", f"npm install --prefix {prefix} {packages}"
    )


def container_trial(program: str) -> str:
    """Why a container cannot be run, '' when it can or cannot be tried."""
    try:
        command = _ask(_TRIAL, program)["command"]
    except ValueError as error:
        return str(error)
    status, text = output_of(*command, timeout_s=TRIAL_S) if command else (0, "")
    return "" if status == 0 else last_line(text) or f"status {status}"


def isolation() -> list[Finding]:
    try:
        told = _ask(_ISOLATION)
    except ValueError as error:
        return [Finding("isolation", "missing", str(error))]
    detail = f"{told['tier']}: {told['why']}; memory {told['memory']}, CPU {told['cpu']}"
    state: State = "warn" if told["tier"] == "watchdog" else "ok"
    return [Finding("isolation", state, detail, told["raise_it"]), namespaces(), ephemeral()]


def ephemeral() -> Finding:
    """EphemeralStorage of functions."""
    try:
        refusal = _ask(_EPHEMERAL)["refusal"]
    except ValueError as error:
        refusal = str(error)
    if not refusal:
        return Finding("ephemeral storage", "ok", "a function's /tmp has the size it asked for")
    mend = "run as root on Linux 5.8 or newer with loop devices and mkfs.ext4 (e2fsprogs)"
    return Finding("ephemeral storage", "warn", f"a function's /tmp is unbounded: {refusal}", mend)


def namespaces() -> Finding:
    status, text = output_of("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork",
                             "true")  # fmt: skip
    if status == 0:
        return Finding("namespaces", "ok", "user, mount and process namespaces can be made")
    mend = "sysctl -w kernel.unprivileged_userns_clone=1   (as root; some systems: "
    mend += "kernel.apparmor_restrict_unprivileged_userns=0)"
    return Finding("namespaces", "warn", last_line(text) or "not allowed", mend)
