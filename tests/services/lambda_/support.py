"""Packages, functions and recorded neighbours for the tests of Lambda."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from owari.errors import ServiceError
from owari.wire.operation import REGISTRY, Operation, Registry
from tests.support.world import ACCOUNT, REGION, World

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/worker"


def package(files: dict[str, str] | None = None) -> bytes:
    """A zip with these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (files or {"main.py": "def handler(event, context): ..."}).items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def arn(name: str, qualifier: str = "") -> str:
    text = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return f"{text}:{qualifier}" if qualifier else text


def create(world: World, name: str = "f", **settings: Any) -> dict[str, Any]:
    given = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "main.handler",
        "Code": {"ZipFile": package()},
    }
    return world.call("lambda", "CreateFunction", **(given | settings))


def refusal(call: Callable[[], Any]) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        call()
    return caught.value


@dataclass
class Neighbour:
    """Other services' operations as Lambda meets them: recorded, answered as told."""

    received: list[tuple[float, str, dict[str, Any], str]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)  # operation → result or ServiceError

    def operation(self, service: str, name: str) -> Operation:
        def handler(tx: Any, p: dict[str, Any]) -> Any:
            self.received.append((tx.now, f"{service}:{name}", p, tx.principal))
            answer = self.answers.get(name, {})
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            if isinstance(answer, ServiceError):
                raise answer
            return answer

        return Operation(service, name, handler, lambda _p: False)

    def calls(self, name: str) -> list[dict[str, Any]]:
        return [params for _, called, params, _ in self.received if called == name]


NEIGHBOURS = (
    ("s3", "GetObject"),
    ("s3", "PutObject"),
    ("sqs", "SendMessage"),
    ("sns", "Publish"),
    ("events", "PutEvents"),
)


def world_with(folder: Path, neighbour: Neighbour) -> World:
    """The real Lambda among recorded neighbours."""
    operations = dict(REGISTRY.operations)
    for service, name in NEIGHBOURS:
        operations[service, name] = neighbour.operation(service, name)
    registry: Registry = replace(REGISTRY, operations=operations)
    return World(folder, registry=registry)
