"""How callers name a function: name, partial ARN or full ARN, each with or without a qualifier.

Source: the Lambda API reference, "Name formats" of each operation's FunctionName.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from owari.arn import make_arn
from owari.services.lambda_.faults import constraint, denied, invalid, not_found

LATEST = "$LATEST"
NAME_MAX = 64

_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]+)"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)


class FunctionRef(NamedTuple):
    """`qualifier` is `$LATEST`, a version number or an alias; None when none was given."""

    name: str
    qualifier: str | None

    @property
    def version(self) -> str:
        return self.qualifier or LATEST


class _Parts(NamedTuple):
    region: str | None
    account: str | None
    name: str
    qualifier: str | None


@lru_cache(maxsize=4096)
def _split(text: str) -> _Parts | None:
    match = _NAME.fullmatch(text)
    return _Parts(*match.group("region", "account", "name", "qualifier")) if match else None


def parse_function(
    text: str, qualifier: str | None, *, account: str, region: str, principal: str, action: str
) -> FunctionRef:
    """The function that a caller in `account` and `region` means.

    Raises ValidationException, InvalidParameterValueException (two different qualifiers),
    ResourceNotFoundException (another region) and AccessDeniedException (another account).
    """
    parts = _split(text)
    if parts is None:
        raise constraint(text, "functionName", f"satisfy regular expression pattern: {_PATTERN}")
    if len(parts.name) > NAME_MAX:
        raise constraint(
            parts.name, "functionName", f"have length less than or equal to {NAME_MAX}"
        )
    if qualifier and parts.qualifier and qualifier != parts.qualifier:
        raise invalid(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    if parts.region not in (None, region):
        raise not_found(
            f"Functions from '{parts.region}' are not reachable in this region ('{region}')"
        )
    if parts.account not in (None, account):
        raise denied(principal, action, text)
    return FunctionRef(parts.name, qualifier or parts.qualifier)


def function_arn(account: str, region: str, name: str, qualifier: str | None = None) -> str:
    resource = f"function:{name}:{qualifier}" if qualifier else f"function:{name}"
    return make_arn("lambda", region, account, resource)


def is_alias(qualifier: str) -> bool:
    return qualifier != LATEST and not qualifier.isdigit()
