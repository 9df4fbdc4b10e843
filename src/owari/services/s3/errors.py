"""S3's errors, worded as S3 words them. Source: S3 API Reference, "Error responses"."""

from __future__ import annotations

from owari.errors import ServiceError


def no_such_bucket(name: str) -> ServiceError:
    return ServiceError(
        "NoSuchBucket",
        "The specified bucket does not exist",
        status=404,
        fields={"BucketName": name},
    )


def no_such_key(key: str, headers: dict[str, str] | None = None) -> ServiceError:
    return ServiceError(
        "NoSuchKey",
        "The specified key does not exist.",
        status=404,
        fields={"Key": key},
        headers=headers,
    )


def no_such_version(key: str, version: str) -> ServiceError:
    return ServiceError(
        "NoSuchVersion",
        "The specified version does not exist.",
        status=404,
        fields={"Key": key, "VersionId": version},
    )


def no_such_upload(upload: str) -> ServiceError:
    return ServiceError(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may"
        " have been aborted or completed.",
        status=404,
        fields={"UploadId": upload},
    )


def invalid_argument(message: str, name: str = "", value: object = "") -> ServiceError:
    fields = {"ArgumentName": name, "ArgumentValue": str(value)} if name else {}
    return ServiceError("InvalidArgument", message, status=400, fields=fields)


def invalid_request(message: str) -> ServiceError:
    return ServiceError("InvalidRequest", message, status=400)


def malformed_xml() -> ServiceError:
    return ServiceError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        status=400,
    )


def access_denied(message: str = "Access Denied") -> ServiceError:
    return ServiceError("AccessDenied", message, status=403)


def precondition_failed(condition: str) -> ServiceError:
    return ServiceError(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        status=412,
        fields={"Condition": condition},
    )


def not_modified(headers: dict[str, str]) -> ServiceError:
    return ServiceError("NotModified", "Not Modified", status=304, headers=headers)


def delete_marker_method(method: str, headers: dict[str, str]) -> ServiceError:
    return ServiceError(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        status=405,
        fields={"Method": method, "ResourceType": "DeleteMarker"},
        headers={"Allow": "DELETE", **headers},
    )


def header_not_implemented(header: str) -> ServiceError:
    """AWS's own answer to a header value it does not honour, e.g. `If-None-Match: "etag"`."""
    return ServiceError(
        "NotImplemented",
        "A header you provided implies functionality that is not implemented",
        status=501,
        fields={"Header": header},
    )


def bad_digest(what: str) -> ServiceError:
    return ServiceError(
        "BadDigest",
        f"The {what} you specified did not match the calculated checksum.",
        status=400,
    )


def entity_too_large(size: int, most: int) -> ServiceError:
    return ServiceError(
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        status=400,
        fields={"ProposedSize": str(size), "MaxSizeAllowed": str(most)},
    )
