"""String functions."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote, unquote

from owari.services.stepfunctions.jsonata.bounds import check_text
from owari.services.stepfunctions.jsonata.calling import call
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.functions.library import LIBRARY
from owari.services.stepfunctions.jsonata.scope import Outside
from owari.services.stepfunctions.jsonata.values import NOTHING, Function, Regex, text

function = LIBRARY.function
# What encodeURI and encodeURIComponent leave as it is (ECMA-262).
_COMPONENT = "-_.!~*'()"
_URL = _COMPONENT + ";/?:@&=+$,#"


@function("string", "<x-b?:s>")
def to_string(value: Any, pretty: Any) -> Any:
    return NOTHING if value is NOTHING else text(value, pretty=pretty is True)


@function("length", "<s-:n>")
def length(value: Any) -> Any:
    return NOTHING if value is NOTHING else len(value)


@function("substring", "<s-nn?:s>")
def substring(value: Any, start: Any, count: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    start = 0 if start is NOTHING else int(start)
    if start < 0:
        start = max(len(value) + start, 0)
    if count is NOTHING:
        return value[start:]
    return value[start : start + int(count)] if count > 0 else ""


@function("substringBefore", "<s-s:s>")
def substring_before(value: Any, mark: Any) -> Any:
    if value is NOTHING or mark is NOTHING:
        return value
    return value.partition(mark)[0] if mark else ""


@function("substringAfter", "<s-s:s>")
def substring_after(value: Any, mark: Any) -> Any:
    if value is NOTHING or mark is NOTHING or (mark and mark not in value):
        return value
    return value.partition(mark)[2] if mark else value


@function("uppercase", "<s-:s>")
def uppercase(value: Any) -> Any:
    return NOTHING if value is NOTHING else value.upper()


@function("lowercase", "<s-:s>")
def lowercase(value: Any) -> Any:
    return NOTHING if value is NOTHING else value.lower()


@function("trim", "<s-:s>")
def trim(value: Any) -> Any:
    return NOTHING if value is NOTHING else " ".join(value.split())


@function("pad", "<s-ns?:s>")
def pad(value: Any, width: Any, character: Any) -> Any:
    if value is NOTHING or width is NOTHING:
        return value
    fill = character if character is not NOTHING and character else " "
    missing = abs(int(width)) - len(value)
    check_text(missing)
    if missing <= 0:
        return value
    padding = (fill * (missing // len(fill) + 1))[:missing]
    return value + padding if width > 0 else padding + value


@function("contains", "<s-(sf):b>")
def contains(value: Any, token: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    if isinstance(token, Regex):
        return token.pattern.search(value) is not None
    if isinstance(token, Function):
        return token.call([value], value) is not NOTHING
    return token is not NOTHING and token in value


@function("split", "<s-(sf)n?:a<s>>")
def split(value: Any, separator: Any, limit: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    if separator is NOTHING:
        return [value]
    if limit is not NOTHING and limit < 0:
        raise JsonataError("D3020", "Third argument of split function must be a positive number")
    if isinstance(separator, Regex):
        parts, at = [], 0
        for found in separator.pattern.finditer(value):
            parts.append(value[at : found.start()])
            at = found.end()
        parts.append(value[at:])
    else:
        parts = list(value) if separator == "" else value.split(separator)
    return parts if limit is NOTHING else parts[: int(limit)]


@function("join", "<a<s>s?:s>")
def join(items: Any, separator: Any) -> Any:
    if items is NOTHING:
        return NOTHING
    between = "" if separator is NOTHING else separator
    check_text(sum(map(len, items)) + len(between) * len(items))
    return between.join(items)


@function("match", "<s-f<s:o>n?:a<o>>")
def match(value: Any, pattern: Any, limit: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    if limit is not NOTHING and limit < 0:
        raise JsonataError("D3040", "Third argument of match function must be a positive number")
    found: list[Any] = []
    each = pattern.call([value], value)
    while each is not NOTHING and (limit is NOTHING or len(found) < limit):
        found.append({"match": each["match"], "index": each["start"], "groups": each["groups"]})
        each = each["next"].call([], value)
    return found[0] if len(found) == 1 else found or NOTHING


@function("replace", "<s-(sf)(sf)n?:s>", outside=True)
def replace(outside: Outside, value: Any, pattern: Any, by: Any, limit: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    if pattern == "":
        raise JsonataError("D3010", "Second argument of replace function cannot be an empty string")
    if limit is not NOTHING and limit < 0:
        raise JsonataError("D3011", "Fourth argument of replace function must be a positive number")
    most = -1 if limit is NOTHING else int(limit)
    if isinstance(pattern, str):
        if not isinstance(by, str):
            return value
        check_text(len(value) + value.count(pattern) * len(by))
        return value.replace(pattern, by, most)
    return _replace_matches(outside, value, pattern, by, most)


def _replace_matches(outside: Outside, value: str, pattern: Any, by: Any, most: int) -> str:
    parts, at, done, size = [], 0, 0, len(value)
    each = pattern.call([value], value)
    while each is not NOTHING and done != most:
        if isinstance(by, Function):
            new = call(by, [each], value, outside)
            if not isinstance(new, str):
                message = "Attempted to replace a matched string with a non-string value"
                raise JsonataError("D3012", message)
        else:
            new = _expand(by, each)
        size += len(new)
        check_text(size)
        parts += [value[at : each["start"]], new]
        at, done = each["end"], done + 1
        each = each["next"].call([], value)
    return "".join((*parts, value[at:]))


def _expand(template: str, found: dict[str, Any]) -> str:
    """`$0` the match, `$1…` its groups (as many digits as there are groups), `$$` a dollar."""
    parts, at = [], 0
    groups = found["groups"]
    while (dollar := template.find("$", at)) >= 0:
        parts.append(template[at:dollar])
        at = dollar + 1
        following = template[at : at + 1]
        if following == "$":
            parts.append("$")
            at += 1
        elif following == "0":
            parts.append(found["match"])
            at += 1
        elif following.isdecimal():
            width = len(str(len(groups))) if groups else 1
            while width > 1 and not _group_number(template[at : at + width], groups):
                width -= 1
            digits = template[at : at + width]
            number = int(digits) if digits.isdecimal() else 0
            parts.append(groups[number - 1] if 0 < number <= len(groups) else "")
            at += width
        else:
            parts.append("$")
    return "".join((*parts, template[at:]))


def _group_number(digits: str, groups: list[str]) -> bool:
    return digits.isdecimal() and int(digits) <= len(groups)


@function("base64encode", "<s-:s>")
def base64_encode(value: Any) -> Any:
    return NOTHING if value is NOTHING else base64.b64encode(value.encode()).decode()


@function("base64decode", "<s-:s>")
def base64_decode(value: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise JsonataError("D3137", f"Not base64: {error}") from error


def _encoded(name: str, value: Any, safe: str) -> Any:
    if value is NOTHING:
        return NOTHING
    try:
        return quote(value, safe=safe)
    except UnicodeEncodeError as error:
        message = f"Malformed URL passed to ${name}(): {value!r}"
        raise JsonataError("D3140", message) from error


@function("encodeUrl", "<s-:s>")
def encode_url(value: Any) -> Any:
    return _encoded("encodeUrl", value, _URL)


@function("encodeUrlComponent", "<s-:s>")
def encode_url_component(value: Any) -> Any:
    return _encoded("encodeUrlComponent", value, _COMPONENT)


def _decoded(name: str, value: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        message = f"Malformed URL passed to ${name}(): {value!r}"
        raise JsonataError("D3140", message) from error


@function("decodeUrl", "<s-:s>")
def decode_url(value: Any) -> Any:
    return _decoded("decodeUrl", value)


@function("decodeUrlComponent", "<s-:s>")
def decode_url_component(value: Any) -> Any:
    return _decoded("decodeUrlComponent", value)
