"""Names, ARNs and ids of the resources of ECS.

Source: "Amazon Resource Names (ARNs) and IDs", developer guide: the long format.
"""

from __future__ import annotations

import re

from owari.arn import make_arn, parse_arn
from owari.services.ecs.faults import client, invalid

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
DEFAULT_CLUSTER = "default"


def ecs_arn(account: str, region: str, kind: str, *path: str) -> str:
    return make_arn("ecs", region, account, "/".join((kind, *path)))


def check_name(what: str, name: str) -> str:
    """Raises InvalidParameterException."""
    if not NAME.fullmatch(name):
        raise invalid(
            f"{what} must be at most 255 letters, numbers, hyphens and underscores: {name}"
        )
    return name


def check_family(name: str) -> str:
    """Raises ClientException."""
    if not NAME.fullmatch(name):
        raise client("Family contains invalid characters.")
    return name


def last_of(reference: str, kind: str) -> str:
    """The name in a name or an ARN of that kind. Raises InvalidParameterException."""
    arn = parse_arn(reference)
    if arn is None:
        return reference.rpartition("/")[2]
    found, _, rest = arn.resource.partition("/")
    if arn.service != "ecs" or found != kind:
        raise invalid("Invalid identifier: Identifier is for " + found)
    return rest.rpartition("/")[2]


def within(cluster: str, reference: str, kind: str) -> str:
    """As `last_of`, of what is in a cluster: an ARN has its name, and it must be this one."""
    name = last_of(reference, kind)
    arn = parse_arn(reference)
    of = arn.resource.split("/")[1:-1] if arn else []
    if of and of != [cluster]:
        raise invalid(
            f"Invalid identifier: Identifier is for cluster {of[0]}. Your cluster is {cluster}"
        )
    return name


def definition_reference(reference: str) -> tuple[str, int | None]:
    """Family and revision of `family`, `family:revision` or an ARN. Raises ClientException."""
    arn = parse_arn(reference)
    if arn is not None and (
        arn.service != "ecs" or not arn.resource.startswith("task-definition/")
    ):
        raise client(f"Invalid identifier: {reference}")
    text = arn.resource.partition("/")[2] if arn else reference
    family, colon, revision = text.partition(":")
    if colon and (not revision.isascii() or not revision.isdigit() or len(revision) > 9):
        raise client(f"Invalid revision number. Number: {revision}")
    return family, int(revision) if colon else None
