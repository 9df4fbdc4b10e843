"""Which service, protocol and operation a request means, from its head alone.

In order: the CBOR path or header, `X-Amz-Target`, the credential scope or host name, an
`Action`; what nothing else claims is S3's, as a bucket's URL may be anything.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from owari.errors import ServiceError
from owari.wire import catalogue, hosts, qs, s3_quirks
from owari.wire.credential import Signed, parse_authorization, parse_presigned
from owari.wire.message import Request
from owari.wire.model import Operation, ServiceModel, load
from owari.wire.protocols.base import WireProtocol
from owari.wire.protocols.cbor import Cbor
from owari.wire.protocols.ec2 import Ec2
from owari.wire.protocols.json import Json
from owari.wire.protocols.query import Query
from owari.wire.protocols.rest_json import RestJson
from owari.wire.protocols.rest_xml import RestXml
from owari.wire.rest_paths import router
from owari.wire.sigv2 import Claim, parse_url

CBOR, JSON, QUERY, REST_JSON, REST_XML = Cbor(), Json(), Query(), RestJson(), RestXml()
EC2 = Ec2()
_REST: dict[str, WireProtocol] = {"rest-json": REST_JSON, "rest-xml": REST_XML}

FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Route:
    """`operation` is None while unknown: an error, or a query request whose body must tell."""

    protocol: WireProtocol
    model: ServiceModel | None = None
    operation: Operation | None = None
    labels: dict[str, str] = field(default_factory=dict)
    query: qs.Pairs = field(default_factory=list)
    signed: Signed | None = None
    claim: Claim | None = None  # presigned with Signature Version 2, as only S3 takes it
    region: str | None = None  # from the host name, for requests without credentials
    bucket: str | None = None  # from the host name
    form: bool = False  # an S3 POST form: PutObject with its parameters in the body
    error: ServiceError | None = None


def route(request: Request, bases: tuple[str, ...] = ()) -> Route:
    """Never raises: what cannot be routed carries its error."""
    try:
        query = qs.parse(request.query) if request.query else []
    except ValueError:
        return Route(REST_XML, load("s3"), error=s3_quirks.invalid_uri())
    found = Route(REST_XML, query=query, signed=signed_of(request, query))
    if "AWSAccessKeyId=" in request.query:
        return _by_claim(found, request, bases)
    if "x-amz-target" in request.headers:
        _by_target(found, request.headers["x-amz-target"])
    elif request.path.startswith("/service/") and "smithy-protocol" in request.headers:
        _by_cbor_path(found, request)
    else:
        _by_service(found, request, bases)
    return found


def _by_claim(found: Route, request: Request, bases: tuple[str, ...]) -> Route:
    found.model = load("s3")
    found.bucket = hosts.meaning(request.headers.get("host", ""), bases).bucket
    try:
        found.claim = parse_url(found.query)
    except ServiceError as error:
        found.error = error
        return found
    _s3(found, request, dict(found.query))
    return found


def signed_of(request: Request, query: qs.Pairs) -> Signed | None:
    """The signature in the header or the query, if there is one."""
    header = request.headers.get("authorization")
    if header is not None:
        return parse_authorization(header, request.headers.get("x-amz-security-token"))
    if query and "mz-" in request.query:
        return parse_presigned({k.lower(): v for k, v in query})
    return None


def _by_target(found: Route, target: str) -> None:
    found.protocol = JSON
    prefix, _, name = target.rpartition(".")
    service = catalogue.TARGETS.get(prefix)
    if service is None and found.signed is not None:
        service = catalogue.service_of_scope(found.signed.credential.service)
    _set_operation(found, service, name, unknown_operation(name))


def _by_cbor_path(found: Route, request: Request) -> None:
    found.protocol = CBOR
    parts = request.path.split("/")
    service = catalogue.TARGETS.get(parts[2])
    name = parts[4] if len(parts) == 5 and parts[3] == "operation" else ""
    _set_operation(found, service, name, unknown_operation(name, status=404))


def unknown_operation(name: str, status: int = 400) -> ServiceError:
    return ServiceError(
        "UnknownOperationException", f"The operation {name[:128]!r} is not known.", status=status
    )


def _set_operation(found: Route, service: str | None, name: str, unknown: ServiceError) -> None:
    found.model = None if service is None else load(service)
    found.operation = None if found.model is None else found.model.operation(name)
    if found.operation is None:
        found.error = unknown


def _by_service(found: Route, request: Request, bases: tuple[str, ...]) -> None:
    host = hosts.meaning(request.headers.get("host", ""), bases)
    found.region = host.region
    service = host.service
    if found.signed is not None:
        service = catalogue.service_of_scope(found.signed.credential.service)
    pairs = dict(found.query)
    if service is None and _is_form(request, pairs):
        _by_action(found, None, pairs)
        return
    service = service or "s3"
    model = found.model = load(service)
    if model is None:
        found.error = unknown_operation(f"of service {service}", status=404)
        return
    if service == "s3":
        found.bucket = host.bucket
        _s3(found, request, pairs)
        return
    rest = next((p for p in model.protocols if p in _REST), None)
    if rest is not None:
        _rest(found, _REST[rest], request, pairs)
    elif "query" in model.protocols or service == "sqs":
        _by_action(found, service, pairs)
    elif "ec2" in model.protocols:
        _by_action(found, service, pairs)
        found.protocol = EC2
    else:
        found.protocol = JSON
        found.error = unknown_operation("")


def _is_form(request: Request, pairs: dict[str, str]) -> bool:
    sent = request.method == "POST" and request.headers.get("content-type", "").startswith(FORM)
    return sent or "Action" in pairs


def _by_action(found: Route, service: str | None, pairs: dict[str, str]) -> None:
    found.protocol = QUERY
    found.model = None if service is None else load(service)
    if "Action" in pairs:
        resolve_action(found, pairs)


def resolve_action(found: Route, pairs: dict[str, str]) -> None:
    """Set the operation of a query request from its parameters, or `found.error`."""
    name = pairs.get("Action")
    if name is None:
        found.error = ServiceError(
            "MissingAction", "The request is missing an action or a required parameter.", status=400
        )
        return
    service = catalogue.VERSIONS.get(pairs.get("Version", ""))
    if found.model is None:
        if service is None and name in catalogue.PUBLIC_ACTIONS:
            service = catalogue.PUBLIC_ACTIONS[name][0]
        found.model = None if service is None else load(service)
    found.operation = None if found.model is None else found.model.operation(name)
    if found.operation is None:
        found.error = ServiceError(
            "InvalidAction",
            f"Could not find operation {name[:128]} for version {pairs.get('Version', '')[:32]}",
            status=400,
        )


def _rest(found: Route, protocol: WireProtocol, request: Request, pairs: dict[str, str]) -> None:
    assert found.model is not None
    found.protocol = protocol
    match = None
    with suppress(ValueError):
        match = router(found.model).match(request.method, request.path, pairs, request.headers)
    if match is None:
        found.error = unknown_operation(f"{request.method} {request.path}", status=404)
        return
    found.operation, found.labels = match


def _s3(found: Route, request: Request, pairs: dict[str, str]) -> None:
    assert found.model is not None
    try:
        bucket, key = s3_quirks.bucket_and_key(request.path, found.bucket)
    except ValueError:
        found.error = s3_quirks.invalid_uri()
        return
    found.labels = s3_quirks.labels(bucket, key)
    if s3_quirks.is_form(request, bucket, key, pairs):
        found.form = True
        found.operation = found.model.operation("PutObject")
        return
    found.operation = s3_quirks.operation(found.model, request, bucket, key, pairs)
    if found.operation is None:
        found.error = s3_quirks.method_not_allowed(request.method)
