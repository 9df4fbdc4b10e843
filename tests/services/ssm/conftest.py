"""A parameter store in a world of simulated time; it begins at 2030-01-01T00:00:00Z."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.events.driving import Bus
from tests.support.world import ACCOUNT, REGION


def arn(name: str) -> str:
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{name.removeprefix('/')}"


class Store:
    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.world = bus.world

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.world.call("ssm", operation, **params)

    def put(self, name: str, value: str = "v", **more: Any) -> dict[str, Any]:
        type = {} if more.get("Overwrite") else {"Type": "String"}
        return self.call("PutParameter", **({"Name": name, "Value": value} | type | more))

    def get(self, name: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GetParameter", Name=name, **more)["Parameter"]
        return found

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """The code and the message."""
        with pytest.raises(ServiceError) as caught:
            self.call(operation, **params)
        return caught.value.code, caught.value.message

    def names(self, operation: str, **params: Any) -> list[str]:
        """Of all pages."""
        found, token = [], {}
        while True:
            page = self.call(operation, **params, **token)
            found += [one["Name"] for one in page["Parameters"]]
            if "NextToken" not in page:
                return found
            token = {"NextToken": page["NextToken"]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    bus = Bus(tmp_path)
    yield Store(bus)
    bus.close()
