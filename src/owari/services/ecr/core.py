"""Names of repositories, their errors, and which mapped images are whose."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from owari.errors import ServiceError

_NAME = r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*"
_WHOLE = re.compile(_NAME)
_URI = re.compile(r"(?:(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[a-z.:\d]+/)?([^:@]+)(?::([^:@]+))?")
NAME_MAX = 256
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Mapped:
    """An image of a repository, as the user's mapping has it."""

    tag: str
    digest: str


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)


def check_name(name: str) -> str:
    """Raises InvalidParameterException."""
    if not 2 <= len(name) <= NAME_MAX or not _WHOLE.fullmatch(name):
        raise invalid(
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy"
            f" regular expression '{_NAME.replace('?:', '')}''"
        )
    return name


def uri_of(account: str, region: str, name: str) -> str:
    return f"{account}.dkr.ecr.{region}.amazonaws.com/{name}"


def about(what: str, name: str, account: str) -> str:
    return f"{what} the repository with name '{name}' in the registry with id '{account}'"


def missing(name: str, account: str) -> ServiceError:
    return ServiceError(
        "RepositoryNotFoundException",
        f"The repository with name '{name}' does not exist in the registry with id '{account}'",
    )


def images_of(
    entries: Mapping[str, Any], account: str, region: str, repository: str
) -> list[Mapped]:
    """What is mapped under the repository's URI, or under its plain name.

    A folder or the host has no manifest: the digest is that of the mapping itself.
    """
    found: dict[str, Mapped] = {}
    for name, entry in sorted(entries.items()):
        match = _URI.fullmatch(name)
        if match is None or match[3] != repository:
            continue
        if match[1] is None or (match[1], match[2]) == (account, region):
            digest = hashlib.sha256(json.dumps([name, entry], sort_keys=True).encode())
            tag = match[4] or LATEST
            found[tag] = Mapped(tag, f"sha256:{digest.hexdigest()}")
    return list(found.values())
