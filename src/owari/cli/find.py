"""Which Owari a command is about, and Owari's own pages, with nothing heavy imported."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from owari.config import Config

DATA = Path(".owari")  # `args.data is DATA`: the user named no folder
TIMEOUT_S = 10.0


class NotRunning(Exception):
    """There is no Owari where the command looked; the message is for the user."""


def config_of(args: argparse.Namespace) -> Config:
    return Config(data=args.data)


def announced(data: Path) -> dict[str, Any]:
    """What the server of a data folder says of itself; empty when none runs."""
    try:
        found = json.loads(Config(data=data).server_file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and _is_alive(found.get("pid")) else {}


def _is_alive(pid: object) -> bool:
    """A killed server leaves its file; nobody would answer where it says."""
    return isinstance(pid, int) and Path(f"/proc/{pid}").exists()


def endpoint(args: argparse.Namespace) -> str:
    """--endpoint, then --data, then AWS_ENDPOINT_URL, then ./.owari. Raises NotRunning."""
    given: str | None = args.endpoint
    if given is None and args.data is DATA:
        given = os.environ.get("AWS_ENDPOINT_URL")
    found = given or announced(args.data).get("endpoint")
    if not found:
        raise NotRunning(f"Owari does not run on {args.data}; start it with `owari up`")
    return str(found).rstrip("/")


def data_of(args: argparse.Namespace) -> Path:
    """The folder of the Owari that is meant; of one that does not run, the folder that is named.
    Raises NotRunning when an endpoint was named."""
    if args.endpoint is None and args.data is not DATA:
        return Path(args.data)
    try:
        return Path(page(endpoint(args), "/_owari/status")["data"])
    except NotRunning:
        if args.endpoint is not None:
            raise
        return Path(args.data)


def place(args: argparse.Namespace) -> str:
    """What a command we tell the user to type needs to find the same Owari; '' or ' --…'."""
    if args.endpoint is not None:
        return f" --endpoint {shlex.quote(args.endpoint)}"
    return "" if args.data is DATA else f" --data {shlex.quote(str(args.data))}"


def page(url: str, path: str) -> dict[str, Any]:
    """A JSON page of the server at `url`. Raises NotRunning."""
    target = urlsplit(url)
    if target.scheme not in ("http", "https") or not target.hostname:
        raise NotRunning(f"{url} is no URL")
    secure = target.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(target.hostname, target.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read()
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        raise NotRunning(f"Owari does not answer at {url}: {error}") from error
    finally:
        connection.close()
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NotRunning(f"what answers at {url} is not Owari")
    if status != 200:
        raise NotRunning(f"{url}: {found.get('message', status)}")
    return found
