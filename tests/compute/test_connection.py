"""What the server's side of the connection says to the agent."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from owari.compute import connection
from owari.compute.agent import protocol
from owari.compute.connection import Connection


class Owner:
    epoch = 1

    def endpoint(self) -> str:
        return "http://127.0.0.1:4566"

    def definition(self, spec: dict[str, Any], _endpoint: str) -> dict[str, Any]:
        return {"identity": spec["environment"]}


def said(environments: list[str]) -> list[dict[str, Any]]:
    """The `define` frames when so many environments are kept one after another."""

    async def talk() -> bytes:
        made = Connection(Owner())  # type: ignore[arg-type]
        for environment in environments:
            made.keep({"environment": environment}, 1)
        return b"".join(made._out)

    headers = [orjson.loads(head) for head, _ in protocol.Frames().feed(asyncio.run(talk()))]
    return [header for header in headers if header["k"] == "define"]


def test_the_agent_is_told_which_definitions_it_may_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or it would keep every one there ever was, as long as the server runs."""
    assert [(d["n"], d["forget"]) for d in said(["a", "a", "b"])] == [(1, []), (2, [])]
    monkeypatch.setattr(connection, "REDEFINE_MAX", 2)
    assert [d["forget"] for d in said(["a", "b", "c"])] == [[], [], [1]]
    monkeypatch.setattr(connection, "CREDENTIALS_FRESH_S", -1.0)
    assert [d["forget"] for d in said(["a", "a"])] == [[], [1]]
