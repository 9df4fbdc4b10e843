"""How each kind of service words a request whose sender cannot be believed.

Sources: the "Common Errors" page of each API reference; S3's "List of error codes".
"""

from __future__ import annotations

from typing import Any, Literal

from owari.errors import ServiceError

Kind = Literal["s3", "query", "json", "rest-json"]


def kind_of(protocol: str) -> Kind:
    match protocol:
        case "rest-xml":
            return "s3"
        case "query":
            return "query"
        case "rest-json":
            return "rest-json"
        case _:
            return "json"


def _error(kind: Kind, code: str, message: str, **fields: Any) -> ServiceError:
    # The JSON protocols answer these with 400; the others with 403.
    return ServiceError(code, message, status=400 if kind == "json" else 403, fields=fields)


def missing(kind: Kind) -> ServiceError:
    if kind == "s3":
        return access_denied()
    suffix = "" if kind == "query" else "Exception"
    return _error(kind, "MissingAuthenticationToken" + suffix, "Missing Authentication Token")


def access_denied(message: str = "Access Denied", **fields: Any) -> ServiceError:
    return ServiceError("AccessDenied", message, status=403, fields=fields)


def incomplete(kind: Kind) -> ServiceError:
    if kind == "s3":
        return ServiceError(
            "AuthorizationHeaderMalformed",
            "The authorization header that you provided is not valid.",
            status=400,
        )
    code = "IncompleteSignature" if kind == "query" else "IncompleteSignatureException"
    message = "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature'."
    return _error(kind, code, message)


def incomplete_presigned(message: str) -> ServiceError:
    return ServiceError("AuthorizationQueryParametersError", message, status=400)


def unknown_key(kind: Kind, access_key: str) -> ServiceError:
    match kind:
        case "s3":
            message = "The AWS Access Key Id you provided does not exist in our records."
            return _error(kind, "InvalidAccessKeyId", message, AWSAccessKeyId=access_key)
        case "query":
            code = "InvalidClientTokenId"
        case _:
            code = "UnrecognizedClientException"
    return _error(kind, code, "The security token included in the request is invalid.")


def invalid_token(kind: Kind, access_key: str) -> ServiceError:
    if kind == "s3":
        return ServiceError(
            "InvalidToken", "The provided token is malformed or otherwise invalid.", status=400
        )
    return unknown_key(kind, access_key)


def expired_token(kind: Kind) -> ServiceError:
    if kind == "s3":
        return ServiceError("ExpiredToken", "The provided token has expired.", status=400)
    code = "ExpiredToken" if kind == "query" else "ExpiredTokenException"
    return _error(kind, code, "The security token included in the request is expired")


def mismatch(kind: Kind, access_key: str, to_sign: str, canonical: str) -> ServiceError:
    """S3 tells what it expected to be signed, which is how people find their mistake."""
    if kind == "s3":
        return _error(
            kind,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
            AWSAccessKeyId=access_key,
            StringToSign=to_sign,
            CanonicalRequest=canonical,
        )
    code = "SignatureDoesNotMatch" if kind == "query" else "InvalidSignatureException"
    return _error(
        kind,
        code,
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details.",
    )


def skewed(kind: Kind, date: str, now: str) -> ServiceError:
    if kind == "s3":
        message = "The difference between the request time and the current time is too large."
        fields = {"RequestTime": date, "ServerTime": now, "MaxAllowedSkewMilliseconds": 900_000}
        return ServiceError("RequestTimeTooSkewed", message, status=403, fields=fields)
    code = "SignatureDoesNotMatch" if kind == "query" else "InvalidSignatureException"
    state = "not yet current" if date > now else "expired"
    return _error(kind, code, f"Signature {state}: {date} is not within 15 minutes of {now}")
