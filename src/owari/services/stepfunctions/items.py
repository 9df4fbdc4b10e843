"""What an ItemReader's file holds, as the items of a distributed Map. Pure.

AWS: "ItemReader (Map)", with its input types and the rules for CSV.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from owari.services.stepfunctions.asl.json_text import loads

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
NOT_ITERABLE = "Attempting to map over non-iterable node."

Config = dict[str, Any]


class Unreadable(Exception):
    """The cause of States.ItemReaderFailed."""


def max_items(config: Config) -> int | None:
    """None: all."""
    most = config.get("MaxItems")
    if most is None:
        return None
    if isinstance(most, bool) or not isinstance(most, int | float) or most < 0:
        raise Unreadable("field MaxItems must be positive")
    return int(most) or None


def parse(data: bytes, config: Config) -> list[Any]:
    """Raises Unreadable."""
    match config.get("InputType"):
        case "CSV":
            return _csv(_decoded(data), config)
        case "JSON":
            return _json(data, config.get("ItemsPointer"))
        case "JSONL":
            return _jsonl(data)
        case "MANIFEST":
            raise Unreadable("A manifest is read by its own rules.")
        case other:
            raise Unreadable(f"Unsupported InputType: {other}")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("The file is not encoded in UTF-8.") from error


def _csv(text: str, config: Config) -> list[Any]:
    delimiter = DELIMITERS.get(config.get("CSVDelimiter", "COMMA"), ",")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lines = [row for row in rows if row]
    if config.get("CSVHeaderLocation") == "GIVEN":
        headers = config.get("CSVHeaders") or []
    else:
        headers, lines = (lines[0], lines[1:]) if lines else ([], [])
    if len(set(headers)) != len(headers):
        raise Unreadable("CSV headers cannot contain duplicates.")
    return [_record(headers, line) for line in lines]


def _record(headers: list[str], line: list[str]) -> dict[str, str]:
    """Cells beyond the headers are dropped, missing ones are empty."""
    return {name: line[at] if at < len(line) else "" for at, name in enumerate(headers)}


def _json(data: bytes, pointer: str | None) -> list[Any]:
    try:
        value = loads(_decoded(data))
    except ValueError as error:
        raise Unreadable(f"The file is not valid JSON: {error}") from error
    if pointer:
        value = _pointed(value, pointer)
    if not isinstance(value, list):
        raise Unreadable(NOT_ITERABLE)
    return value


def _pointed(value: Any, pointer: str) -> Any:
    """RFC 6901."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Unreadable(
                f"The ItemsPointer '{pointer}' could not be found in the file."
            ) from error
    return value


def _jsonl(data: bytes) -> list[Any]:
    try:
        return [loads(line) for line in _decoded(data).splitlines() if line.strip()]
    except ValueError as error:
        raise Unreadable(f"A line is not valid JSON: {error}") from error
