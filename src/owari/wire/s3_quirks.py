"""S3's oddities, all in one place: what no model says and no other service does.

Sources: S3 API reference ("Common request headers", "Error responses", the examples of each
operation) and the S3 user guide ("Virtual hosting of general purpose buckets").
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from owari.errors import ServiceError
from owari.wire.message import Request, Response
from owari.wire.model import Operation, ServiceModel, Shape
from owari.wire.protocols.rest import header_value
from owari.wire.qs import Pairs, decode
from owari.wire.rest_paths import choose, router
from owari.wire.xml import escape

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

# ---- answers

# Root elements; clients mostly ignore them, but older ones look.
_ROOTS = {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycle": "LifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotification": "NotificationConfiguration",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAcl": "AccessControlPolicy",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListParts": "ListPartsResult",
}


def root_element(operation: str, shape: Shape) -> str:
    return _ROOTS.get(operation) or shape.wire_name or shape.name


def special_body(operation: str, result: dict[str, Any]) -> str | None:
    """GetBucketLocation's only member is the text of the root; empty means us-east-1."""
    if operation != "GetBucketLocation":
        return None
    where = escape(result.get("LocationConstraint") or "")
    return f'<LocationConstraint xmlns="{NAMESPACE}">{where}</LocationConstraint>'


def host_id(request_id: str) -> str:
    """The extended request id: made of the request id, so that it need not be kept."""
    return base64.b64encode(hashlib.sha384(request_id.encode()).digest()).decode()


def identification(request_id: str) -> list[tuple[str, str]]:
    return [("x-amz-request-id", request_id), ("x-amz-id-2", host_id(request_id))]


# ---- errors

# "List of error codes": statuses of those that no model declares, where they are not 400.
STATUS = {
    "AccessDenied": 403,
    "AccountProblem": 403,
    "AllAccessDisabled": 403,
    "BucketAlreadyExists": 409,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "ConditionalRequestConflict": 409,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidBucketState": 409,
    "InvalidObjectState": 403,
    "InvalidRange": 416,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchBucketPolicy": 404,
    "NoSuchCORSConfiguration": 404,
    "NoSuchConfiguration": 404,
    "NoSuchKey": 404,
    "NoSuchLifecycleConfiguration": 404,
    "NoSuchObjectLockConfiguration": 404,
    "NoSuchPublicAccessBlockConfiguration": 404,
    "NoSuchTagSet": 404,
    "NoSuchUpload": 404,
    "NoSuchVersion": 404,
    "NoSuchWebsiteConfiguration": 404,
    "NotFound": 404,
    "NotImplemented": 501,
    "NotModified": 304,
    "ObjectLockConfigurationNotFoundError": 404,
    "OperationAborted": 409,
    "OwnershipControlsNotFoundError": 404,
    "PreconditionFailed": 412,
    "ReplicationConfigurationNotFoundError": 404,
    "RequestTimeTooSkewed": 403,
    "ServerSideEncryptionConfigurationNotFoundError": 404,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
}


def malformed(name: str, value: str) -> ServiceError:
    """A body that is not the XML it should be, or (with its `name`) a bad query or header."""
    if not name:
        return ServiceError(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our "
            "published schema",
            status=400,
        )
    return ServiceError(
        "InvalidArgument",
        f"Provided {name} not an integer or within integer range"
        if name in ("max-keys", "max-parts", "max-uploads", "max-buckets", "partNumber")
        else f"Invalid value for {name}",
        status=400,
        fields={"ArgumentName": name, "ArgumentValue": value},
    )


def invalid_uri() -> ServiceError:
    return ServiceError("InvalidURI", "Couldn't parse the specified URI.", status=400)


def method_not_allowed(method: str) -> ServiceError:
    return ServiceError(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        status=405,
        fields={"Method": method},
    )


# ---- requests


def bucket_and_key(path: str, host_bucket: str | None) -> tuple[str, str]:
    """Path-style and virtual-host style. A key keeps every slash and dot after the first one.

    ValueError when it is not UTF-8.
    """
    path = path.removeprefix("/")
    if host_bucket is not None:
        return host_bucket, decode(path)
    bucket, _, key = path.partition("/")
    return decode(bucket), decode(key)


def labels(bucket: str, key: str) -> dict[str, str]:
    found = {}
    if bucket:
        found["Bucket"] = bucket
    if key:
        found["Key"] = key
    return found


def is_form(request: Request, bucket: str, key: str, query: dict[str, str]) -> bool:
    """A browser's upload ("POST Object"), which no model knows."""
    return (
        request.method == "POST"
        and bool(bucket)
        and not key
        and "delete" not in query
        and request.headers.get("content-type", "").startswith("multipart/form-data")
    )


def operation(
    model: ServiceModel, request: Request, bucket: str, key: str, query: dict[str, str]
) -> Operation | None:
    template = "/{Bucket}/{Key+}" if key else "/{Bucket}" if bucket else "/"
    found = choose(router(model).listed(template, request.method), query, request.headers)
    return None if found is None else found.operation


# What a presigned URL says of itself.
_OF_SIGNATURE = frozenset(
    {
        *("x-amz-algorithm", "x-amz-content-sha256", "x-amz-credential", "x-amz-date"),
        *("x-amz-expires", "x-amz-security-token", "x-amz-signature", "x-amz-signedheaders"),
    }
)


def hoist(request: Request, query: Pairs) -> None:
    """A presigned URL may bear `x-amz-` headers as parameters, which are then signed with it."""
    for name, value in query:
        header = name.lower()
        if header.startswith("x-amz-") and header not in _OF_SIGNATURE:
            request.headers.setdefault(header, value)


def is_chunked(request: Request) -> bool:
    """Framed as aws-chunked, whatever the client calls it."""
    headers = request.headers
    return headers.get("x-amz-content-sha256", "").startswith("STREAMING-") or (
        "aws-chunked" in headers.get("content-encoding", "")
    )


def decoded_length(request: Request) -> int | None:
    text = request.headers.get("x-amz-decoded-content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def payload_headers(request: Request) -> dict[str, str]:
    """The headers as they would be without the aws-chunked framing: it is never stored."""
    headers = request.headers
    if not is_chunked(request):
        return headers
    headers = dict(headers)
    kept = [e.strip() for e in headers.pop("content-encoding", "").split(",")]
    if encodings := [e for e in kept if e and e != "aws-chunked"]:
        headers["content-encoding"] = ",".join(encodings)
    if "x-amz-decoded-content-length" in headers:
        headers["content-length"] = headers["x-amz-decoded-content-length"]
    return headers


def adjust_params(operation: Operation, params: dict[str, Any]) -> None:
    """What the model leaves to convention. Raises ServiceError."""
    if isinstance(source := params.get("CopySource"), str):
        params["CopySource"] = copy_source(source)
    shape = operation.input
    if shape is not None:
        _check_query(operation, shape, params)
        if shape.payload in shape.required and shape.payload not in params:
            raise ServiceError("MissingRequestBodyError", "Request Body is empty", status=400)
    _check_required(operation, params)


def _check_query(operation: Operation, shape: Shape, params: dict[str, Any]) -> None:
    """Without the parameter that makes it one, a request is none of S3's: `POST` of an object's
    URL completes an upload only with `uploadId`."""
    for name in shape.required:
        if name not in params and shape.members[name].location == "querystring":
            raise method_not_allowed(operation.method)


def _check_required(operation: Operation, params: dict[str, Any]) -> None:
    """Required members of the XML body: S3 validates it against its schema."""
    shape = operation.input
    if shape is None or shape.payload is None or shape.payload not in params:
        return
    payload = shape.members[shape.payload]
    if payload.type == "structure":
        _require(payload, params[shape.payload])


def _require(shape: Shape, value: Any) -> None:
    match shape.type:
        case "structure":
            if any(name not in value for name in shape.required if not _may_lack(shape, name)):
                raise malformed("", "")
            for name, item in value.items():
                _require(shape.members[name], item)
        case "list":
            for item in value:
                _require(shape.member, item)


def _may_lack(shape: Shape, name: str) -> bool:
    """A flattened list without elements is empty, not missing."""
    return shape.members[name].flattened


def copy_source(text: str) -> dict[str, str]:
    """`[/]bucket/key[?versionId=…]`, percent-encoded, as boto3's dict. Raises ServiceError."""
    path, mark, version = text.removeprefix("/").partition("?versionId=")
    try:
        bucket, slash, key = decode(path).partition("/")
        version = decode(version)
    except ValueError:
        raise invalid_uri() from None
    if not slash or not bucket or not key:
        raise ServiceError(
            "InvalidArgument",
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            status=400,
            fields={"ArgumentName": "x-amz-copy-source", "ArgumentValue": text},
        )
    found = {"Bucket": bucket, "Key": key}
    if mark:
        found["VersionId"] = version
    return found


# Query parameters of GET and HEAD that replace headers of the answer.
_OVERRIDES = {
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language",
    "response-content-type": "Content-Type",
    "response-expires": "Expires",
}


def adjust_response(
    request: Request, query: Pairs, result: dict[str, Any], response: Response
) -> None:
    """Statuses and headers that depend on the request."""
    if request.method in ("GET", "HEAD"):
        if result.get("ContentRange") and response.status == 200:
            response.status = 206
        for name, value in query:
            header = _OVERRIDES.get(name)
            if header is not None:
                response.headers = [h for h in response.headers if h[0] != header]
                response.headers.append((header, header_value(value)))
    if request.method == "HEAD":
        response.body = b""
    else:
        # the server counts what it sends; only HEAD speaks of a body that does not follow
        response.headers = [h for h in response.headers if h[0] != "Content-Length"]


def with_resource(error: ServiceError, request: Request) -> ServiceError:
    """S3's errors say what was asked for."""
    if "Resource" in error.fields or "BucketName" in error.fields or "Key" in error.fields:
        return error
    fields = {**error.fields, "Resource": request.path}
    return ServiceError(
        error.code, error.message, status=error.status, fields=fields, headers=error.headers
    )
