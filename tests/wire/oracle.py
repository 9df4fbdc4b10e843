"""botocore as the oracle: its serialiser makes requests, its parser reads answers."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSRequest, prepare_request_dict
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from owari.wire.message import Body, Request, Response
from owari.wire.model import OURS

SERVICES = (
    *("s3", "sns", "sqs", "lambda", "logs", "sts", "iam", "stepfunctions", "batch", "ecs"),
    *("ecr", "events", "scheduler", "ssm", "secretsmanager", "cloudwatch", "owari"),
)
# (service, protocol) of everything a current SDK may speak.
SPOKEN = tuple(
    (service, protocol)
    for service in SERVICES
    for protocol in {
        "s3": ("rest-xml",),
        "lambda": ("rest-json",),
        "batch": ("rest-json",),
        "scheduler": ("rest-json",),
        "cloudwatch": ("smithy-rpc-v2-cbor", "json", "query"),
        "sns": ("query",),
        "sts": ("query",),
        "iam": ("query",),
    }.get(service, ("json",))
)
SCOPES = {"stepfunctions": "states", "cloudwatch": "monitoring"}


@cache
def model(service: str) -> ServiceModel:
    loader = botocore.session.get_session().get_component("data_loader")
    loader.search_paths.append(str(OURS))
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def streams_events(operation: OperationModel) -> bool:
    return operation.has_event_stream_input or operation.has_event_stream_output


def operations(service: str) -> list[OperationModel]:
    found = model(service)
    return [
        operation
        for name in found.operation_names
        if not streams_events(operation := found.operation_model(name))
    ]


def authorization(service: str, region: str = "eu-west-1") -> str:
    scope = SCOPES.get(service, service)
    return (
        f"AWS4-HMAC-SHA256 Credential=123456789012/20260101/{region}/{scope}/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
    )


def request(operation: OperationModel, protocol: str, params: dict[str, Any]) -> Request:
    """As a client would send it, with the body in `body`."""
    serializer = create_serializer(protocol, include_validation=False)
    made = serializer.serialize_to_request(params, operation)
    prepare_request_dict(made, endpoint_url="http://localhost:4566", user_agent="test")
    prepared = AWSRequest(
        method=made["method"], url=made["url"], data=made["body"], headers=made["headers"]
    ).prepare()
    parts = urlsplit(prepared.url)
    headers = {
        k.lower(): v.decode() if isinstance(v, bytes) else str(v)
        for k, v in prepared.headers.items()
    }
    headers["host"] = parts.netloc
    headers["authorization"] = authorization(operation.service_model.service_name)
    body = prepared.body or b""
    data = body.encode() if isinstance(body, str) else bytes(body)
    return Request(prepared.method, parts.path, parts.query, headers, data)


def body_of(response: Response) -> bytes:
    body = response.body
    if isinstance(body, Body):
        return b"".join(s.data or b"" for s in body.segments)
    return body


class _Headers(dict[str, str]):
    """Case-insensitive, as botocore's are."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__({k.lower(): v for k, v in pairs})

    def __contains__(self, key: object) -> bool:
        return super().__contains__(str(key).lower())

    def __getitem__(self, key: str) -> str:
        return super().__getitem__(key.lower())

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key.lower(), default)


def _as_botocore(response: Response) -> dict[str, Any]:
    return {
        "status_code": response.status,
        "headers": _Headers(response.headers),
        "body": body_of(response),
    }


def parsed(operation: OperationModel, protocol: str, response: Response) -> dict[str, Any]:
    """What a client would be given."""
    found = create_parser(protocol).parse(_as_botocore(response), operation.output_shape)
    found.pop("ResponseMetadata", None)
    return dict(found)


def parsed_error(
    operation: OperationModel, protocol: str, response: Response
) -> tuple[str, str, str | None, dict[str, Any]]:
    """(code, message, name of the modelled error, its members)."""
    parser, raw = create_parser(protocol), _as_botocore(response)
    found = parser.parse(raw, operation.output_shape)["Error"]
    code = found.get("QueryErrorCode") or found["Code"]  # as botocore's client chooses
    lookup = operation.service_model.shape_for_error_code
    shape = lookup(found["Code"]) or lookup(code)
    if shape is None:
        return code, found["Message"], None, {}
    return code, found["Message"], shape.name, parser.parse(raw, shape)
