"""Bad input: AWS's own error with its status, and never a 500."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from owari.errors import ServiceError
from owari.wire.cbor_codec import CborError, Moment, decode, encode
from owari.wire.exchange import Exchange
from owari.wire.message import Request
from owari.wire.xml import XmlError, parse
from tests.wire import oracle
from tests.wire.client import Server, exchange, refusal
from tests.wire.client import settings as wire_settings

WIRE = wire_settings()


def request(
    service: str, method: str = "POST", path: str = "/", query: str = "", **more: str
) -> Request:
    headers = {"host": "localhost", "authorization": oracle.authorization(service)}
    return Request(
        method, path, query, {**headers, **{k.replace("_", "-"): v for k, v in more.items()}}
    )


def logs(operation: str = "PutLogEvents") -> Request:
    return request("logs", x_amz_target=f"Logs_20140328.{operation}")


FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "JSON"),
        (b"\xff", "JSON"),
        (b"[]", "Unexpected field type"),
        (b'"x"', "Unexpected field type"),
        (b'{"logGroupName":1}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"logGroupName":1.5}', "DECIMAL_VALUE can not be converted to a String"),
        (b'{"logGroupName":true}', "TRUE_VALUE can not be converted to a String"),
        (b'{"logGroupName":{}}', "Start of structure or map found where not expected."),
        (b'{"logGroupName":[]}', "Start of list found where not expected"),
        (b'{"logEvents":{}}', "Expected list or null"),
        (b'{"logEvents":[null]}', "Unexpected field type"),
        (b'{"logEvents":[{"timestamp":"x"}]}', "STRING_VALUE can not be converted to a Long"),
        (b'{"logEvents":[{"timestamp":1e300}]}', "out of range"),
        (b'{"logEvents":[{"timestamp":9223372036854775808}]}', "out of range"),
        (b'{"logGroupName":' + b"[" * 5000, "JSON"),
    ],
)
def test_json(body: bytes, message: str) -> None:
    refused = refusal(logs(), WIRE, body)
    assert (refused.code, refused.status) == ("SerializationException", 400)
    assert message in refused.message


@pytest.mark.parametrize(
    "body", [b"\xff", b"\x01", b"\xbf", b"\xa1\x01\x02", b"\xa1aa", b"\x9f" * 500, b"\xa0\xa0"]
)
def test_cbor(body: bytes) -> None:
    path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
    made = request("monitoring", path=path, smithy_protocol="rpc-v2-cbor")
    refused = refusal(made, WIRE, body)
    assert (refused.code, refused.status) == ("SerializationException", 400)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"Action=Publish&Version=2010-03-31&MessageAttributes.entry.1.Name=x", "MalformedInput"),
        (b"Action=Publish&Version=2010-03-31&Message.x=y", "MalformedInput"),
        (b"Action=Publish&Version=2010-03-31&Message=%ff", "MalformedQueryString"),
        (b"\xff\xfe", "MalformedQueryString"),
        (b"Version=2010-03-31", "MissingAction"),
        (b"", "MissingAction"),
        (b"Action=Publish&" + b"a" + b".a" * 100 + b"=1", "MalformedInput"),
        (b"Action=Publish&" + b"a=1&" * 10_001, "MalformedInput"),
    ],
)
def test_query(body: bytes, code: str) -> None:
    refused = refusal(request("sns", **FORM), WIRE, body)
    assert (refused.code, refused.status) == (code, 400)


def test_query_numbers() -> None:
    body = b"Action=ListRoles&Version=2010-05-08&MaxItems=many"
    assert refusal(request("iam", **FORM), WIRE, body).code == "MalformedInput"


BOMB = b"""<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>
<Tagging><TagSet>&y;</TagSet></Tagging>"""
EXTERNAL = b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><Tagging/>'


@pytest.mark.parametrize(
    "body",
    [
        b"<Tagging>",
        b"x",
        b"<Other/>",
        b"<Tagging/>",  # TagSet is required
        b"<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>",
        b"<Tagging><TagSet><Tag><Key><b/></Key><Value/></Tag></TagSet></Tagging>",
        b"<Tagging>&undefined;</Tagging>",
        b'<?xml version="1.0" encoding="nonsense"?><Tagging/>',
        b"<Tagging>\xff</Tagging>",
        BOMB,
        EXTERNAL,
        b"<a>" * 1000 + b"</a>" * 1000,
    ],
)
def test_xml(body: bytes) -> None:
    md5 = b64encode(hashlib.md5(body).digest()).decode()
    made = request("s3", "PUT", "/b", "tagging", content_md5=md5)
    refused = refusal(made, WIRE, body)
    assert (refused.code, refused.status) == ("MalformedXML", 400)


def test_a_missing_xml_body() -> None:
    refused = refusal(request("s3", "PUT", "/b", "tagging"), WIRE)
    assert refused.code == "MissingRequestBodyError"


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ("max-keys=many", "max-keys"),
        ("max-keys=99999999999999", "max-keys"),
        ("fetch-owner=x&list-type=2", "fetch-owner"),
    ],
)
def test_s3_arguments(query: str, argument: str) -> None:
    refused = refusal(request("s3", "GET", "/b", query), WIRE)
    assert (refused.code, refused.fields["ArgumentName"]) == ("InvalidArgument", argument)


def test_rest_json() -> None:
    made = request("lambda", path="/2015-03-31/functions")
    for body in (b"{", b"[]", b'{"Timeout":"x"}', b'{"Code":{"ZipFile":"*"}}', b'{"Code":7}'):
        assert refusal(made, WIRE, body).code == "SerializationException"
    refused = refusal(request("lambda", "GET", "/2015-03-31/functions", "MaxItems=x"), WIRE)
    assert refused.code == "SerializationException"


@pytest.mark.parametrize(
    ("service", "body", "code", "message"),
    [
        (
            "Logs_20140328.PutLogEvents",
            b"{}",
            "InvalidParameterException",
            "3 validation errors detected: Value null at 'logGroupName' failed to satisfy "
            "constraint: Member must not be null; Value null at 'logStreamName'",
        ),
        (
            "Logs_20140328.CreateLogGroup",
            b'{"logGroupName":"a b"}',
            "InvalidParameterException",
            "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy "
            r"constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+",
        ),
        (
            "Logs_20140328.CreateLogGroup",
            b'{"logGroupName":""}',
            "InvalidParameterException",
            "Member must have length greater than or equal to 1",
        ),
        (
            "AWSStepFunctions.CreateStateMachine",
            b'{"name":"n","definition":"{}","roleArn":"r","type":"SLOW"}',
            "ValidationException",
            "Value 'SLOW' at 'type' failed to satisfy constraint: Member must satisfy enum value "
            "set: [STANDARD, EXPRESS]",
        ),
        (
            "AWSEvents.PutRule",
            b'{"Name":"' + b"x" * 65 + b'"}',
            "ValidationException",
            "at 'name' failed to satisfy constraint: Member must have length less than or equal "
            "to 64",
        ),
        (
            "AmazonSQS.SendMessage",
            b"{}",
            "MissingParameter",
            "The request must contain the parameter QueueUrl.",
        ),
        ("AmazonEC2ContainerServiceV20141113.RunTask", b"{}", "InvalidParameterException", "null"),
    ],
)
def test_constraints(service: str, body: bytes, code: str, message: str) -> None:
    refused = refusal(request("x", x_amz_target=service), WIRE, body)
    assert refused.code == code
    assert message in refused.message


def test_constraints_of_lambda_and_iam() -> None:
    body = (
        b'{"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{},"MemorySize":1}'
    )
    refused = refusal(request("lambda", path="/2015-03-31/functions"), WIRE, body)
    assert refused.code == "ValidationException"
    assert "Value '1' at 'memorySize'" in refused.message
    body = b"Action=GetRole&Version=2010-05-08"
    refused = refusal(request("iam", **FORM), WIRE, body)
    assert (refused.code, refused.status) == ("ValidationError", 400)
    assert "Value null at 'roleName'" in refused.message


def test_secrets_are_not_repeated() -> None:
    model_body = b'{"activityArn":"a","input":"' + b"x" * 300_000 + b'"}'
    target = "AWSStepFunctions.StartSyncExecution"
    refused = refusal(request("states", x_amz_target=target), WIRE, model_body)
    assert "xxx" not in refused.message


# ---- anything at all

HEADERS = st.sampled_from(
    ["x-amz-target", "content-type", "x-amz-content-sha256", "x-amz-copy-source", "content-md5"]
)
ANY = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20)
KNOWN = st.sampled_from(
    [
        *("Logs_20140328.PutLogEvents", "AWSEvents.PutEvents", "multipart/form-data; boundary=x"),
        *("application/x-www-form-urlencoded", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "a" * 64),
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"]),
    st.sampled_from(["s3", "sns", "lambda", "states", "monitoring", "sqs", "sts", "iam"]),
    ANY.map(lambda t: "/" + t),
    ANY,
    st.dictionaries(HEADERS, ANY | KNOWN, max_size=3),
    st.binary(max_size=40),
)
def test_no_request_gives_worse_than_a_client_error(
    method: str, service: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    made = request(service, method, path, query)
    made.headers.update(headers)
    response = Server(WIRE, result={}).respond(made, body)
    assert response.status < 500 or response.status == 501


@given(st.binary(max_size=60))
def test_any_bytes_as_cbor(data: bytes) -> None:
    with suppress(CborError):
        decode(data)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text()
    | st.binary()
    | st.floats(allow_nan=False)
    | st.floats(0, 1e10).map(Moment),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_cbor_round_trip(value: Any) -> None:
    assert decode(encode(value)) == value


def test_cbor_indefinite_lengths() -> None:
    assert decode(bytes.fromhex("bf61619f0102ffff")) == {"a": [1, 2]}
    assert decode(bytes.fromhex("7f61616162ff")) == "ab"
    assert decode(bytes.fromhex("5f4161ff")) == b"a"
    assert decode(bytes.fromhex("f93c00")) == 1.0


@given(st.binary(max_size=60))
def test_any_bytes_as_xml(data: bytes) -> None:
    with suppress(XmlError):
        parse(data)


def test_errors_are_kept_for_the_answer() -> None:
    made = Exchange(Request("GET", "/b/k", "", {"host": "localhost"}), WIRE)
    assert made.early_error is not None
    response = made.refuse(made.early_error)
    assert response.status == 403
    assert b"<Code>AccessDenied</Code>" in bytes(response.body)  # type: ignore[arg-type]
    with pytest.raises(ServiceError, match="AccessDenied"):
        made.parse(b"")


def test_deep_json_is_no_recursion_error() -> None:
    body = b'{"a":' * 900 + b"1" + b"}" * 900
    target = "DynamoDB_20120810.PutItem"
    deep = (
        b'{"TableName":"t","Item":{"k":' + b'{"M":{"k":' * 400 + b'{"S":"x"}' + b"}}" * 400 + b"}}"
    )
    for text in (body, deep):
        try:
            exchange(request("dynamodb", x_amz_target=target), text, WIRE)
        except ServiceError as error:
            assert error.status == 400


@pytest.mark.parametrize("service", ["iam", "sts", "s3"])
def test_an_error_that_repeats_control_characters_is_still_read(service: str) -> None:
    """XML 1.0 has no way to write them; a client that cannot parse an error has none."""
    every = "".join(map(chr, range(32))) + "\x7f\ufffe\uffff&#7;<>"
    server = Server(result=ServiceError("Odd", f"It says {every}.", status=400))
    operation = {"iam": "list_users", "sts": "get_caller_identity", "s3": "list_buckets"}[service]
    with pytest.raises(ClientError) as caught:
        getattr(server.client(service), operation)()
    assert caught.value.response["Error"]["Code"] == "Odd"
    assert caught.value.response["Error"]["Message"].startswith("It says \ufffd")
    assert caught.value.response["Error"]["Message"].endswith("&#7;<>.")
