"""What Step Functions adds to JSONata: hashes, identifiers, JSON text.

Source: "Transforming data with JSONata in Step Functions", the developer guide.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.functions.library import LIBRARY
from owari.services.stepfunctions.jsonata.scope import Outside
from owari.services.stepfunctions.jsonata.values import NOTHING, text

function = LIBRARY.function
_ALGORITHMS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


@function("hash", "<xs:s>")
def digest(value: Any, algorithm: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    name = _ALGORITHMS.get(algorithm)
    if name is None:
        known = ", ".join(_ALGORITHMS)
        raise JsonataError("D3137", f"$hash knows the algorithms {known}, not {algorithm!r}")
    return hashlib.new(name, text(value).encode(), usedforsecurity=False).hexdigest()


@function("uuid", "<:s>", outside=True)
def uuid(outside: Outside) -> Any:
    return outside.uuid()


@function("parse", "<s:x>")
def parse(value: Any) -> Any:
    if value is NOTHING:
        return NOTHING
    try:
        return json.loads(value)
    except ValueError as error:
        raise JsonataError("D3137", f"$parse was given no JSON: {error}") from error


@function("eval", "<sx?:x>")
def evaluate(_source: Any, _context: Any) -> Any:
    message = "$eval is not supported in Step Functions; use $parse to read JSON"
    raise JsonataError("D3121", message)
