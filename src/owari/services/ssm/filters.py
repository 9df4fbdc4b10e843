"""ParameterFilters, and the Filters that were before them. Pure.

Source: Systems Manager API reference, "ParameterStringFilter" and "ParametersFilter".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from owari.errors import ServiceError
from owari.services.ssm.core import check_path
from owari.services.ssm.faults import invalid
from owari.services.ssm.records import ADVANCED, INTELLIGENT, SECURE, STANDARD, Parameter

Test = Callable[["Seen"], bool]
Match = Callable[[str, str], bool]
_TYPES = ("String", "StringList", SECURE)
_TIERS = (STANDARD, ADVANCED, INTELLIGENT)
EQUALS, BEGINS, CONTAINS, RECURSIVE, ONE_LEVEL = (
    "Equals", "BeginsWith", "Contains", "Recursive", "OneLevel",
)  # fmt: skip
OF_DESCRIBE = ("Path", "Name", "Type", "KeyId", "Tier", "DataType")
OF_PATH = ("Type", "KeyId", "Label")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "Name": (BEGINS, EQUALS, CONTAINS),
    "Path": (RECURSIVE, ONE_LEVEL),
    "Label": (EQUALS,),
}
_VALUES = {"Type": _TYPES, "Tier": _TIERS}
_MATCHES: dict[str, Match] = {
    EQUALS: lambda text, value: text == value,
    BEGINS: lambda text, value: text.startswith(value),
    CONTAINS: lambda text, value: value in text,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A parameter as filters see it; its tags are only looked for where one asks."""

    parameter: Parameter
    tags: Callable[[], Mapping[str, str]]


def described(p: Mapping[str, Any]) -> list[Test]:
    """DescribeParameters' filters. Raises InvalidFilter…, ValidationException."""
    if p.get("Filters") and p.get("ParameterFilters"):
        raise invalid("You can use either Filters or ParameterFilters in a single request.")
    old = [{**one, "Option": EQUALS} for one in p.get("Filters", ())]
    filters = p.get("ParameterFilters") or old
    keys = [f["Key"] for f in filters]
    for key in keys:
        if keys.count(key) > 1:
            raise ServiceError(
                "InvalidFilterKey",
                f"The following filter is duplicated in the request: {key}. A request can contain"
                " only one occurrence of a specific filter.",
            )
    return [_test(f, OF_DESCRIBE, tags=True) for f in filters]


def by_path(p: Mapping[str, Any]) -> tuple[list[Test], list[str]]:
    """GetParametersByPath's filters, and the labels one of them wants."""
    filters = p.get("ParameterFilters", ())
    tests = [_test(f, OF_PATH, tags=False) for f in filters]
    labels = [label for f in filters if f["Key"] == "Label" for label in f["Values"]]
    return tests, labels


def _test(f: Mapping[str, Any], keys: tuple[str, ...], *, tags: bool) -> Test:
    key = f["Key"]
    is_tag = tags and key.startswith("tag:")
    if key not in keys and not is_tag:
        raise ServiceError(
            "InvalidFilterKey",
            f"The following filter key is not valid: {key}. Valid filter keys include:"
            f" [{', '.join(keys)}].",
        )
    option = _option(f)
    values = f.get("Values", [])
    if not values and not is_tag:
        raise _bad_value(f"The following filter values are missing : null for filter key {key}.")
    _check_values(key, values)
    match key:
        case "Path":
            return _under(values, recursive=option == RECURSIVE)
        case "Label":
            return lambda _seen: True
        case _ if is_tag:
            return _tagged(key.removeprefix("tag:"), _MATCHES[option], values)
        case _:
            return _of_field(key, _MATCHES[option], values)


def _option(f: Mapping[str, Any]) -> str:
    key = f["Key"]
    options = _OPTIONS.get(key, (BEGINS, EQUALS))
    option = f.get("Option", ONE_LEVEL if key == "Path" else EQUALS)
    if option not in options:
        raise ServiceError(
            "InvalidFilterOption",
            f"The following filter option is not valid: {option}. Valid options include:"
            f" [{', '.join(options)}].",
        )
    return str(option)


def _check_values(key: str, values: list[str]) -> None:
    known = _VALUES.get(key)
    for value in values:
        if known is not None and value not in known:
            raise _bad_value(
                f"The following filter value is not valid: {value}. Valid values include:"
                f" [{', '.join(known)}]."
            )


def _bad_value(message: str) -> ServiceError:
    return ServiceError("InvalidFilterValue", message)


def _under(paths: list[str], *, recursive: bool) -> Test:
    prefixes = [check_path(path) for path in paths]
    return lambda seen: any(is_under(seen.parameter.name, prefix, recursive) for prefix in prefixes)


def is_under(name: str, prefix: str, recursive: bool) -> bool:
    """`prefix` ends with a slash; names without a hierarchy are under `/` too."""
    if prefix == "/":
        rest = name.removeprefix("/")
    elif name.startswith(prefix):
        rest = name[len(prefix) :]
    else:
        return False
    return recursive or "/" not in rest


def _tagged(key: str, matches: Match, values: list[str]) -> Test:
    def test(seen: Seen) -> bool:
        found = seen.tags().get(key)
        return found is not None and (not values or any(matches(found, v) for v in values))

    return test


def _of_field(key: str, matches: Match, values: list[str]) -> Test:
    def test(seen: Seen) -> bool:
        latest = seen.parameter.latest
        text = {
            "Name": seen.parameter.name, "Type": latest.type, "KeyId": latest.key,
            "Tier": latest.tier, "DataType": latest.data_type,
        }[key]  # fmt: skip
        return any(matches(text, value) for value in values)

    return test
