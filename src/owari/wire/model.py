"""AWS's service models, as botocore ships them, and our own; read without importing botocore.

A model is loaded when its service is first called. Documentation is dropped and shapes become
objects only when an operation that uses them is compiled, so that an idle server holds little.
"""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson

Raw = dict[str, Any]

OURS = Path(__file__).parents[1] / "models"  # laid out as botocore's: fit for AWS_DATA_PATH
_GZIP = 16 + zlib.MAX_WBITS
# What the wire never reads: most of a model's size.
_UNUSED = frozenset({"documentation", "deprecatedMessage", "deprecatedSince", "examples"})


class Shape:
    """A type, together with the traits of the place that refers to it.

    `type` is botocore's: structure, list, map, string, integer, long, float, double, boolean,
    timestamp, blob. `name` is the shape's; the member's own name is the key in `members`.
    """

    __slots__ = ("_members", "_model", "name", "traits", "type")

    def __init__(self, model: ServiceModel, name: str, traits: Raw) -> None:
        self._model = model
        self._members: dict[str, Shape] | None = None
        self.name = name
        self.traits = traits
        self.type: str = traits["type"]

    def __repr__(self) -> str:
        return f"<Shape {self.name} {self.type}>"

    @property
    def members(self) -> dict[str, Shape]:
        if self._members is None:
            refs: Raw = self.traits.get("members", {})
            self._members = {name: self._model.resolve(ref) for name, ref in refs.items()}
        return self._members

    @property
    def member(self) -> Shape:
        """What a list holds."""
        return self._model.resolve(self.traits["member"])

    @property
    def key(self) -> Shape:
        return self._model.resolve(self.traits["key"])

    @property
    def value(self) -> Shape:
        return self._model.resolve(self.traits["value"])

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(self.traits.get("required", ()))

    @property
    def wire_name(self) -> str | None:
        """The name on the wire, where it is not the member's own."""
        return self.traits.get("locationName")

    @property
    def location(self) -> str | None:
        """header, headers, uri, querystring or statusCode; None is the body."""
        return self.traits.get("location")

    @property
    def flattened(self) -> bool:
        return bool(self.traits.get("flattened"))

    @property
    def streaming(self) -> bool:
        return bool(self.traits.get("streaming"))

    @property
    def document(self) -> bool:
        """A free-form JSON value."""
        return bool(self.traits.get("document"))

    @property
    def payload(self) -> str | None:
        """The member that is the whole HTTP body (rest protocols)."""
        return self.traits.get("payload")

    @property
    def identity(self) -> str:
        """Equal for two shapes that are read and written alike."""
        wire = {k: v for k, v in self.traits.items() if k in _WIRE_TRAITS}
        return f"{self.name}{wire}" if wire else self.name


_WIRE_TRAITS = frozenset(
    {"locationName", "location", "flattened", "timestampFormat", "xmlNamespace", "jsonvalue"}
)


class Operation:
    """One operation of a service. `compiled` is the protocols' own, keyed by protocol."""

    __slots__ = ("_model", "_raw", "compiled", "input", "name", "output", "streaming_input")

    def __init__(self, model: ServiceModel, name: str, raw: Raw) -> None:
        self._model = model
        self._raw = raw
        self.name = name
        self.compiled: dict[str, Any] = {}
        self.input = self._shape("input")
        self.output = self._shape("output")
        self.streaming_input = self._streaming()  # the member that is a streamed request body

    def __repr__(self) -> str:
        return f"<Operation {self._model.service}:{self.name}>"

    @property
    def service(self) -> ServiceModel:
        return self._model

    @property
    def method(self) -> str:
        return str(self._raw["http"].get("method", "POST"))

    @property
    def uri(self) -> str:
        return str(self._raw["http"].get("requestUri", "/"))

    @property
    def status(self) -> int:
        return int(self._raw["http"].get("responseCode", 200))

    def _shape(self, which: str) -> Shape | None:
        ref = self._raw.get(which)
        return None if ref is None else self._model.resolve(ref)

    def _streaming(self) -> Shape | None:
        shape = self.input
        if shape is None or shape.payload is None:
            return None
        member = shape.members[shape.payload]
        return member if member.streaming and member.type == "blob" else None

    @property
    def result_wrapper(self) -> str | None:
        wrapper: str | None = self._raw.get("output", {}).get("resultWrapper")
        return wrapper

    @property
    def deprecated(self) -> bool:
        return bool(self._raw.get("deprecated"))

    @property
    def anonymous(self) -> bool:
        """Takes unsigned requests, as `AssumeRoleWithWebIdentity` does."""
        return self._raw.get("authtype") == "none"


class ServiceModel:
    """A service's metadata, operations and shapes."""

    __slots__ = ("_errors", "_operations", "_shapes", "cache", "metadata", "service")

    def __init__(self, service: str, raw: Raw) -> None:
        self.service = service
        self.metadata: Raw = raw["metadata"]
        self._operations: dict[str, Operation | Raw] = raw["operations"]
        self._shapes: dict[str, Raw] = raw["shapes"]
        self._errors: dict[str, Shape] | None = None
        self.cache: dict[Any, Any] = {}  # compiled routers, readers and writers

    @property
    def api_version(self) -> str:
        return str(self.metadata["apiVersion"])

    @property
    def target_prefix(self) -> str | None:
        prefix: str | None = self.metadata.get("targetPrefix")
        return prefix

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols it is spoken in, the newest first."""
        return tuple(self.metadata.get("protocols") or (self.metadata["protocol"],))

    @property
    def query_compatible(self) -> bool:
        """Its JSON or CBOR errors also name the code of its query protocol."""
        return "awsQueryCompatible" in self.metadata

    @property
    def xml_namespace(self) -> str | None:
        namespace: str | None = self.metadata.get("xmlNamespace")
        return namespace

    def __iter__(self) -> Iterator[str]:
        return iter(self._operations)

    def operation(self, name: str) -> Operation | None:
        found = self._operations.get(name)
        if found is None or isinstance(found, Operation):
            return found
        operation = self._operations[name] = Operation(self, name, found)
        return operation

    def resolve(self, ref: Raw) -> Shape:
        """The shape a reference names; the reference's own traits win."""
        name: str = ref["shape"]
        if len(ref) == 1:
            return self.shape(name)
        traits = {**self._shapes[name], **ref}
        del traits["shape"]
        return Shape(self, name, traits)

    def shape(self, name: str) -> Shape:
        found: Shape | None = self.cache.get(("shape", name))
        if found is None:
            found = self.cache["shape", name] = Shape(self, name, self._shapes[name])
        return found

    def error(self, code: str) -> Shape | None:
        """The error shape called `code`, by its name or by its error-code trait."""
        if self._errors is None:
            errors = {n: t for n, t in self._shapes.items() if t.get("exception")}
            self._errors = {name: self.shape(name) for name in errors}
            for name, traits in errors.items():
                self._errors.setdefault(error_code(name, traits), self.shape(name))
        return self._errors.get(code)


def error_code(name: str, traits: Raw) -> str:
    """The code an error has in the query protocols: its trait, else its name."""
    code: str = traits.get("error", {}).get("code", name)
    return code


def _strip(value: Any) -> Any:
    match value:
        case dict():
            return {k: _strip(v) for k, v in value.items() if k not in _UNUSED}
        case list():
            return [_strip(v) for v in value]
        case _:
            return value


def _strip_shape(shape: Raw) -> Raw:
    """Without documentation. `members` is treated apart: a member may bear any name."""
    slim: Raw = {k: _strip(v) for k, v in shape.items() if k != "members" and k not in _UNUSED}
    if "members" in shape:
        slim["members"] = {name: _strip(ref) for name, ref in shape["members"].items()}
    return slim


def slim(raw: Raw) -> Raw:
    """A service-2.json document without what the wire never reads."""
    return {
        "metadata": raw["metadata"],
        "operations": {name: _strip(op) for name, op in raw["operations"].items()},
        "shapes": {name: _strip_shape(shape) for name, shape in raw["shapes"].items()},
    }


@cache
def _botocore_data() -> Path:
    """Where botocore keeps its models. Finding a package does not import it."""
    spec = importlib.util.find_spec("botocore")
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data"


def _read(service: str) -> Raw | None:
    folder = OURS if (OURS / service).is_dir() else _botocore_data()
    found = sorted((folder / service).glob("*/service-2.json*"))
    if not found:
        return None
    data = found[-1].read_bytes()
    raw: Raw = orjson.loads(zlib.decompress(data, _GZIP) if found[-1].suffix == ".gz" else data)
    return raw


@cache
def load(service: str) -> ServiceModel | None:
    """The newest model of `service` (botocore's name for it); None when there is none."""
    if not service.replace("-", "").isalnum():
        return None
    raw = _read(service)
    return None if raw is None else ServiceModel(service, slim(raw))
