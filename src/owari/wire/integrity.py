"""What S3 checks of a body: Content-MD5, x-amz-content-sha256 and the declared checksums.

See the S3 user guide, "Checking object integrity", and "Common request headers".
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace

from owari.errors import ServiceError
from owari.wire.checksums import ALGORITHMS, Digests
from owari.wire.message import Request, Upload
from owari.wire.model import Operation

_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
_PREFIX = "x-amz-checksum-"
# Headers with that prefix that are no digests.
_NO_DIGEST = frozenset({"algorithm", "mode", "type"})
# A larger body whose checksum is declared otherwise is not hashed again only to compare the
# payload hash of a signature that nobody checks.
_SHA256_ALWAYS_BYTES = 1024 * 1024


def declared(request: Request, trailers: dict[str, str]) -> dict[str, str]:
    """Algorithm → base64 digest, from headers and trailers."""
    found = {}
    for headers in (request.headers, trailers):
        for name, value in headers.items():
            if name.startswith(_PREFIX) and (algorithm := name[len(_PREFIX) :]) not in _NO_DIGEST:
                found[algorithm] = value.strip()
    return found


def _trailing(request: Request) -> list[str]:
    names = request.headers.get("x-amz-trailer", "").lower().split(",")
    return [n.strip()[len(_PREFIX) :] for n in names if n.strip().startswith(_PREFIX)]


def _asked(request: Request) -> list[str]:
    """The algorithms whose digests the request announces."""
    return [*declared(request, {}), *_trailing(request)]


def _hash_counts(request: Request, verify: bool) -> bool:
    """Whether the payload hash in x-amz-content-sha256 is to be compared."""
    if not _HEX_SHA256.fullmatch(request.headers.get("x-amz-content-sha256", "")):
        return False
    length = request.headers.get("content-length", "")
    small = length.isdigit() and int(length[:15]) <= _SHA256_ALWAYS_BYTES
    return verify or small or not (_asked(request) or "content-md5" in request.headers)


def algorithms(request: Request, verify: bool) -> tuple[str, ...]:
    """What has to be computed over the payload."""
    names = [name for name in _asked(request) if name in ALGORITHMS]
    named = request.headers.get("x-amz-sdk-checksum-algorithm", "").lower()
    if not names and named in ALGORITHMS:
        names.append(named)
    if _hash_counts(request, verify):
        names.append("sha256")
    return tuple(dict.fromkeys(names))


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequest", message, status=400)


def check_head(request: Request) -> None:
    """What can be refused before a body has come. Raises ServiceError."""
    asked = _asked(request)
    for algorithm in asked:
        if algorithm not in ALGORITHMS:
            raise _invalid(
                "Checksum algorithm provided is unsupported. Please try again with any of the "
                f"valid types: [{', '.join(a.upper() for a in ALGORITHMS)}]"
            )
    if len(declared(request, {})) > 1:
        raise _invalid(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    if "content-md5" in request.headers:
        _md5(request)


def _md5(request: Request) -> bytes | None:
    text = request.headers.get("content-md5")
    if text is None:
        return None
    try:
        digest = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise ServiceError(
            "InvalidDigest",
            "The Content-MD5 you specified was invalid.",
            status=400,
            fields={"Content-MD5": text},
        )
    return digest


def verify(
    request: Request,
    operation: Operation,
    body: bytes | Upload,
    trailers: dict[str, str],
    checked: bool,
) -> bytes | Upload:
    """The body, once everything declared of it is true; an Upload then keeps only the checksums
    that the request named. Raises ServiceError. `checked`: signatures are.
    """
    if isinstance(body, bytes):
        check_head(request)
        _require(request, operation, body, trailers)
        digests = Digests(algorithms(request, checked))
        digests.update(body)
        _compare(request, digests.md5, digests.checksums, trailers, checked)
        return body
    _compare(request, body.md5, body.checksums, trailers, checked)
    named = set(_asked(request))
    named.add(request.headers.get("x-amz-sdk-checksum-algorithm", "").lower())
    return replace(body, checksums={k: v for k, v in body.checksums.items() if k in named})


def _require(request: Request, operation: Operation, body: bytes, trailers: dict[str, str]) -> None:
    """Some operations insist on a digest (DeleteObjects, PutBucketLifecycle …)."""
    if not operation.checksum.get("requestChecksumRequired") or not body:
        return
    if "content-md5" not in request.headers and not declared(request, trailers):
        raise _invalid("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")


def _compare(
    request: Request,
    md5: bytes,
    computed: dict[str, bytes],
    trailers: dict[str, str],
    checked: bool,
) -> None:
    if _md5(request) not in (None, md5):
        raise ServiceError(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            status=400,
            fields={
                "ExpectedDigest": request.headers["content-md5"],
                "CalculatedDigest": base64.b64encode(md5).decode(),
            },
        )
    if _hash_counts(request, checked):
        _compare_sha256(request.headers["x-amz-content-sha256"], computed["sha256"].hex())
    for algorithm in _trailing(request):
        if _PREFIX + algorithm not in trailers:
            raise ServiceError(
                "MalformedTrailerError",
                "The request contained trailing data that was not well-formed or did not "
                "conform to our published schema.",
                status=400,
            )
    for algorithm, given in declared(request, trailers).items():
        if algorithm in computed:
            _compare_checksum(algorithm, given, computed[algorithm])


def _compare_sha256(given: str, computed: str) -> None:
    if given != computed:
        raise ServiceError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            status=400,
            fields={"ClientComputedContentSHA256": given, "S3ComputedContentSHA256": computed},
        )


def _compare_checksum(algorithm: str, given: str, computed: bytes) -> None:
    try:
        digest = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != len(computed):
        raise _invalid(f"Value for x-amz-checksum-{algorithm} header is invalid.")
    if digest != computed:
        raise ServiceError(
            "BadDigest",
            f"The {algorithm.upper()} you specified did not match the calculated checksum.",
            status=400,
        )
