"""What a Host header says: a service, a bucket, a region."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

from owari.wire import catalogue

_S3 = re.compile(r"s3(?:-accelerate|-external-1|-fips|-(?=[a-z]+-[a-z]+-\d)[a-z0-9-]+)?")


class Meaning(NamedTuple):
    service: str | None = None
    bucket: str | None = None
    region: str | None = None


_NOTHING = Meaning()
_BASES = ("localhost", "amazonaws.com", "amazonaws.com.cn", "api.aws")


def _name(host: str) -> str:
    """Without the port, in lower case."""
    if host.startswith("["):
        return host.partition("]")[0].strip("[")
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def meaning(host: str, bases: tuple[str, ...] = ()) -> Meaning:
    """`bases`: names this server goes by besides localhost; labels before one of them count."""
    name = _name(host)
    if _is_address(name):
        return _NOTHING
    base = next((b for b in (*bases, *_BASES) if name == b or name.endswith("." + b)), None)
    if base is None or name == base:
        return _NOTHING
    labels = name[: -len(base) - 1].split(".")
    for at in range(len(labels) - 1, -1, -1):
        if _S3.fullmatch(labels[at]):
            region = next((x for x in labels[at + 1 :] if x not in ("dualstack",)), None)
            return Meaning("s3", ".".join(labels[:at]) or None, region)
    if labels[0] in catalogue.NAMED:
        service = catalogue.HOSTS.get(labels[0], labels[0])
        return Meaning(service, None, labels[1] if len(labels) > 1 else None)
    if base in ("amazonaws.com", "amazonaws.com.cn", "api.aws"):
        return _NOTHING
    return Meaning(None, ".".join(labels), None)
