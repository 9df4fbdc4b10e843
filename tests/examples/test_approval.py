"""examples/approval: executions wait for a person, also while the server is away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.running import EXAMPLES, owari, python
from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance

FOLDER = EXAMPLES / "approval"
ARN = "arn:aws:states:us-east-1:000000000000:execution:approval"


def start(server: Server, name: str, amount: int) -> None:
    given = json.dumps({"what": name, "amount": amount})
    done = owari(server, "start", "approval", "--name", name, "--input", given)
    assert done.returncode == 0, done.stderr


def ended(server: Server, name: str) -> Any:
    """What has become of it, once it runs no more."""
    states = server.client("stepfunctions")

    def found() -> Any:
        told = states.describe_execution(executionArn=f"{ARN}:{name}")
        return told if told["status"] != "RUNNING" else None

    return eventually(found)


def waiting(server: Server) -> list[str]:
    listed = python(server, FOLDER / "approve.py")
    assert listed.returncode == 0, listed.stderr
    return [line.split()[0] for line in listed.stdout.splitlines()]


def test_somebody_has_to_agree(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        made = python(server, FOLDER / "run.py")
        assert made.returncode == 0, made.stderr
        start(server, "tea", 4)
        assert json.loads(ended(server, "tea")["output"])["paid"] is True
        for name in ("dinner", "yacht"):
            start(server, name, 140)
        eventually(lambda: waiting(server) == ["dinner", "yacht"])
        server.kill()
        server.start()
        assert waiting(server) == ["dinner", "yacht"]
        asked = python(server, FOLDER / "approve.py", "dinner", "yes", "--why", "long day")
        assert asked.returncode == 0, asked.stderr
        paid = json.loads(ended(server, "dinner")["output"])
        assert (paid["what"], paid["why"], paid["paid"]) == ("dinner", "long day", True)
        assert python(server, FOLDER / "approve.py", "yacht", "no", "--why", "no").returncode == 0
        refused = ended(server, "yacht")
        assert (refused["status"], refused["error"], refused["cause"]) == (
            "FAILED", "Refused", "no",
        )  # fmt: skip
        assert waiting(server) == []
        assert python(server, FOLDER / "approve.py", "dinner", "yes").returncode == 1
