"""What a value must look like, by its parameter's DataType. Pure.

Source: Systems Manager user guide, "Working with parameter data types in Parameter Store".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from owari.json_text import parsed
from owari.services.ssm.faults import invalid
from owari.services.ssm.records import SECURE

TEXT = "text"
INTEGRATION = "aws:ssm:integration"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*"
_ASIDE = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)


def _form(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _tried(read: Callable[[str], object]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            read(value)
        except (ValueError, binascii.Error):
            return False
        return True

    return check


def _url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) and not re.search(r"\s", value)


def _without_comment(found: re.Match[str]) -> str:
    """Texts stay, and what is no whole comment."""
    text = found[0]
    whole = text.startswith("//") or (text.startswith("/*") and text[2:].endswith("*/"))
    return " " if whole else text


_FORMS: dict[str, Callable[[str], bool]] = {
    TEXT: lambda _value: True,
    INTEGRATION: lambda _value: True,
    "aws:ec2:image": _form(r"ami-[0-9a-f]{8}(?:[0-9a-f]{9})?"),
    "aws:region": _form(r"[a-z]{2,}(?:-[a-z]+)+-\d+"),
    "aws:account:id": _form(r"[0-9]{12}"),
    "boolean": _form("true|false"),
    "integer": _form(r"[+-]?[0-9]+"),
    "float": _form(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"),
    "binary": _tried(lambda value: base64.b64decode(value, validate=True)),
    "hostname": _form(_HOST),
    "email": _form(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_HOST}"),
    "ipv4-address": _tried(ipaddress.IPv4Address),
    "ipv6-address": _tried(ipaddress.IPv6Address),
    "url": _url,
    "json": _tried(parsed),
    "jsonc": _tried(lambda value: parsed(_ASIDE.sub(_without_comment, value))),
}


def check_data_type(data_type: str, type: str, value: str) -> None:
    """Raises ValidationException."""
    fits = _FORMS.get(data_type)
    if fits is None:
        raise invalid(
            f"The following data type is not supported: {data_type} (Data type names are all"
            " lowercase.)"
        )
    if data_type == INTEGRATION and type != SECURE:
        raise invalid(f"The data type {INTEGRATION} is for parameters of the type {SECURE}.")
    if not fits(value):
        raise invalid(f"The parameter value isn't valid for the data type {data_type}.")
