"""Both directions of every operation against botocore: what it sends we read, what we send it
reads. `OWARI_WIRE_EXAMPLES=50 pytest tests/wire` looks longer.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owari.errors import ServiceError
from owari.wire import qs, validate
from owari.wire.message import Upload
from owari.wire.model import load
from owari.wire.protocols.base import Incoming
from owari.wire.routing import CBOR, JSON, QUERY, REST_JSON, REST_XML, resolve_action, route
from tests.wire import oracle
from tests.wire.making import Maker, plain, without_empty

PROTOCOLS = {p.name: p for p in (CBOR, JSON, QUERY, REST_JSON, REST_XML)}
EXAMPLES = int(os.environ.get("OWARI_WIRE_EXAMPLES", "5"))
some = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 5,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SEED = st.integers(0, 2**32)
VAGUE = {"query", "rest-xml", "rest-json"}  # cannot tell empty from absent everywhere


def comparable(value: Any, protocol: str) -> Any:
    value = plain(value)
    return without_empty(value) if protocol in VAGUE else value


def received(operation: Any, protocol: str, params: dict[str, Any]) -> dict[str, Any]:
    """`params` sent by botocore, read by us."""
    request = oracle.request(operation, protocol, params)
    found = route(request)
    if found.protocol is QUERY:
        found.query = qs.parse(request.body.decode())
        resolve_action(found, dict(found.query))
    assert found.error is None, found.error
    assert found.protocol.name == protocol
    assert found.operation is not None and found.operation.name == operation.name
    incoming = Incoming(request.headers, found.labels, found.query, request.body)
    return found.protocol.parse(found.operation, incoming)


def as_sent(params: dict[str, Any]) -> dict[str, Any]:
    """A streamed body reaches the service as an Upload; compare its bytes."""
    return {k: v.data if isinstance(v, Upload) else v for k, v in params.items()}


def twins(name: str) -> set[str]:
    """Operations that share one route: no request tells them apart."""
    return {
        "GetBucketLifecycle": {"GetBucketLifecycleConfiguration"},
        "PutBucketLifecycle": {"PutBucketLifecycleConfiguration"},
        "GetBucketNotification": {"GetBucketNotificationConfiguration"},
        "PutBucketNotification": {"PutBucketNotificationConfiguration"},
        "ListDirectoryBuckets": {"ListBuckets"},
    }.get(name, set())


@pytest.mark.parametrize(("service", "protocol"), oracle.SPOKEN)
@some
@given(seed=SEED)
def test_what_botocore_sends_is_read(service: str, protocol: str, seed: int) -> None:
    for operation in oracle.operations(service):
        if twins(operation.name) or operation.name == "WriteGetObjectResponse":
            continue
        shape = operation.input_shape
        params = {} if shape is None else Maker(seed).structure(shape)
        _drop_empty_body(shape, params)
        params.pop("Expires", None)  # a string in the model, a date in botocore: test_s3_quirks
        found = as_sent(received(operation, protocol, params))
        wanted = comparable(params, protocol)
        assert comparable(_only(found, params), protocol) == wanted, operation.name


def _drop_empty_body(shape: Any, params: dict[str, Any]) -> None:
    """An empty body and none are the same bytes."""
    payload = None if shape is None else shape.serialization.get("payload")
    if params.get(payload) in ("", b""):
        del params[payload]


def _only(found: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Without what the HTTP layer adds by itself (Content-Length, Content-Type …)."""
    added = {"Body", "ContentLength", "ContentType"} - set(params)
    return {k: v for k, v in found.items() if k not in added and (v != b"" or k in params)}


@pytest.mark.parametrize(("service", "protocol"), oracle.SPOKEN)
@some
@given(seed=SEED)
def test_what_we_answer_is_read_by_botocore(service: str, protocol: str, seed: int) -> None:
    model = load(service)
    assert model is not None
    for operation in oracle.operations(service):
        shape = operation.output_shape
        if operation.name in ("GetBucketLocation", "GetBucketNotification"):
            continue  # root text (test_s3_quirks); two members on one element
        result = {} if shape is None else Maker(seed, whole_times=False).structure(shape)
        _make_readable(shape, result)
        result.pop("Expires", None)
        ours = model.operation(operation.name)
        assert ours is not None
        response = PROTOCOLS[protocol].answer(ours, plain(result), "ID")
        found = oracle.parsed(operation, protocol, response)
        _drop_status(shape, result, found)
        assert comparable(found, protocol) == comparable(result, protocol), operation.name


def _make_readable(shape: Any, result: dict[str, Any]) -> None:
    """botocore's parser gives a raw body as text; give it text that is there."""
    payload = None if shape is None else shape.serialization.get("payload")
    if payload is not None and shape.members[payload].type_name in ("blob", "string"):
        result[payload] = "a body"


def _drop_status(shape: Any, result: dict[str, Any], found: dict[str, Any]) -> None:
    """An HTTP status is always there, whether the service gave one or not."""
    members = {} if shape is None else shape.members
    for name, member in members.items():
        if member.serialization.get("location") == "statusCode" and name not in result:
            found.pop(name, None)


@pytest.mark.parametrize(("service", "protocol"), oracle.SPOKEN)
@some
@given(seed=SEED)
def test_modelled_errors_are_read_by_botocore(service: str, protocol: str, seed: int) -> None:
    model = load(service)
    assert model is not None
    operation = oracle.operations(service)[0]
    for shape in oracle.model(service).error_shapes:
        fields = plain(Maker(seed).structure(shape))
        for name in [n for n in fields if n.lower() == "message"]:
            del fields[name]
        error = ServiceError(shape.name, "it <failed> & 'so'", fields=fields)
        response = PROTOCOLS[protocol].refuse(model, error, "ID")
        code, message, name, members = oracle.parsed_error(operation, protocol, response)
        assert message == error.message, shape.name
        assert code in (shape.name, shape.metadata.get("error", {}).get("code")), shape.name
        assert name in (shape.name, *_same_code(service, shape)), shape.name
        members = {k: v for k, v in members.items() if k.lower() != "message"}
        if name == shape.name:
            assert comparable(members, "query") == comparable(fields, "query"), shape.name


def _same_code(service: str, shape: Any) -> list[str]:
    code = shape.metadata.get("error", {}).get("code")
    shapes = oracle.model(service).error_shapes
    return [s.name for s in shapes if code and s.metadata.get("error", {}).get("code") == code]


@pytest.mark.parametrize("service", [s for s in oracle.SERVICES if s != "s3"])
@some
@given(seed=SEED)
def test_valid_parameters_break_no_constraint(service: str, seed: int) -> None:
    """But for patterns, which the random strings do not follow."""
    model = load(service)
    assert model is not None
    for operation in oracle.operations(service):
        ours = model.operation(operation.name)
        if operation.input_shape is None or ours is None:
            continue
        params = plain(Maker(seed).structure(operation.input_shape))
        try:
            validate.validate(ours, "json", params)
        except ServiceError as error:
            problems = error.message.partition("detected: ")[2].split("; V")
            for problem in problems:
                assert "regular expression pattern" in problem, (operation.name, problem)
