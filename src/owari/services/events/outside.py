"""API destinations as targets: what is sent, and to whom."""

from __future__ import annotations

from typing import Any

from owari.effects import Http
from owari.errors import ServiceError
from owari.services.events import web_rows
from owari.services.events.failures import Failure
from owari.services.events.requests import request_for
from owari.store.tx import Tx


def request(tx: Tx, target: dict[str, Any], text: str) -> Http | Failure:
    destination = web_rows.destination_named(tx, target["Arn"])
    if destination is None:
        return Failure("NO_RESOURCE", "The API destination does not exist.", transient=False)
    try:
        connection = web_rows.connection_named(tx, destination.settings["ConnectionArn"])
    except ServiceError as error:
        return Failure("NO_RESOURCE", error.message, transient=False)
    return request_for(destination.settings, connection.parameters, target, text)
