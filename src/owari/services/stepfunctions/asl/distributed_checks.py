"""Checks of ItemReader, ItemBatcher and ResultWriter of a distributed Map."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from owari.services.stepfunctions.asl import checks
from owari.services.stepfunctions.asl.checks import Check
from owari.services.stepfunctions.asl.diagnostics import Problem

COUNT = partial(checks.number_from, 1, 100_000_000, True)
READER: dict[str, Check] = {
    "InputType": partial(checks.one_of, ("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET")),
    "CSVHeaderLocation": partial(checks.one_of, ("FIRST_ROW", "GIVEN")),
    "CSVDelimiter": partial(checks.one_of, ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")),
    "MaxItems": COUNT,
    "MaxItemsPath": checks.path,
}
BATCHER: dict[str, Check] = {
    "MaxItemsPerBatch": COUNT,
    "MaxItemsPerBatchPath": checks.path,
    "MaxInputBytesPerBatch": partial(checks.number_from, 1, 262_144, True),
    "MaxInputBytesPerBatchPath": checks.path,
}


def _fields(fields: dict[str, Check], value: Any, jsonata: bool) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem("Expected value of type [OBJECT]")
        return
    for key, item in value.items():
        check = fields.get(key)
        if check is None and not jsonata and key.endswith("Path"):
            check = checks.path
        if check is not None:
            found = checks.jsonata_or(check, item) if jsonata else check(item)
            yield from checks.within(found, f"/{key}")


def resource_settings(jsonata: bool, value: Any) -> Iterator[Problem]:
    """An ItemReader or ResultWriter: a resource, what to give it, and how to read or write."""
    template = checks.jsonata if jsonata else checks.template
    config = partial(_config, jsonata)
    fields: dict[str, Check] = {
        "Resource": checks.string,
        "Parameters": template,
        "Arguments": template,
        "ReaderConfig": config,
        "WriterConfig": config,
    }
    yield from _fields(fields, value, jsonata)
    if isinstance(value, dict) and "ReaderConfig" in value and "Resource" not in value:
        yield Problem("These fields are required: [Resource]")


def _config(jsonata: bool, value: Any) -> Iterator[Problem]:
    yield from _fields(READER, value, jsonata)
    if not isinstance(value, dict):
        return
    kind, header = value.get("InputType"), value.get("CSVHeaderLocation")
    if kind == "CSV" and header is None:
        yield Problem("The field 'CSVHeaderLocation' is required")
    if kind == "JSON" and header is not None:
        yield Problem("Field 'CSVHeaderLocation' is not supported")
    headers = value.get("CSVHeaders")
    if header == "GIVEN" and headers is None:
        yield Problem("These fields are required: [CSVHeaders]")
    if headers is not None and not (
        isinstance(headers, list) and all(isinstance(name, str) for name in headers)
    ):
        yield Problem("Expected value of type [STRING]", "/CSVHeaders")


def batcher(jsonata: bool, value: Any) -> Iterator[Problem]:
    template = checks.jsonata if jsonata else checks.template
    yield from _fields({**BATCHER, "BatchInput": template}, value, jsonata)
