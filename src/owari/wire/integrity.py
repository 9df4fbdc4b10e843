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
_PAYLOAD_HASH = re.compile(r"UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+|[0-9A-Fa-f]{64}")
# The operations that want the body's digest. The model marks more, for the SDKs; of those S3 takes
# what older clients send without one (s3cmd its ACLs and policies).
_MUST_DECLARE = frozenset({
    "DeleteObjects", "PutBucketCors", "PutBucketLifecycle", "PutBucketLifecycleConfiguration",
    "PutBucketOwnershipControls", "PutBucketReplication", "PutBucketTagging", "PutObjectLegalHold",
    "PutObjectLockConfiguration", "PutObjectRetention", "PutObjectTagging", "PutPublicAccessBlock",
})  # fmt: skip


class Declared:
    """What a request says of its body. `verify`: signatures are checked."""

    __slots__ = ("_named", "counts", "digests", "md5", "sha256", "trailing")

    def __init__(self, request: Request, verify: bool) -> None:
        headers = request.headers
        self.digests = _digests(headers)  # algorithm → base64
        self.trailing = _trailing(headers.get("x-amz-trailer"))
        self.md5 = headers.get("content-md5")
        self.sha256 = headers.get("x-amz-content-sha256", "")
        self._named = headers.get("x-amz-sdk-checksum-algorithm", "").lower()
        self.counts = self._hash_counts(headers.get("content-length", ""), verify)

    def _hash_counts(self, length: str, verify: bool) -> bool:
        """Whether the payload hash in x-amz-content-sha256 is to be compared."""
        if not _HEX_SHA256.fullmatch(self.sha256):
            return False
        small = length.isdigit() and int(length[:15]) <= _SHA256_ALWAYS_BYTES
        return verify or small or not (self.digests or self.trailing or self.md5)

    @property
    def asked(self) -> list[str]:
        """The algorithms whose digests the request announces, or at least names."""
        asked = [*self.digests, *self.trailing]
        return asked or ([self._named] if self._named in ALGORITHMS else [])

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What has to be computed over the payload."""
        names = [name for name in self.asked if name in ALGORITHMS]
        if self.counts and "sha256" not in names:
            names.append("sha256")
        return tuple(names)


def _digests(headers: dict[str, str]) -> dict[str, str]:
    found = {}
    for name, value in headers.items():
        if name.startswith(_PREFIX) and (algorithm := name[len(_PREFIX) :]) not in _NO_DIGEST:
            found[algorithm] = value.strip()
    return found


def _trailing(names: str | None) -> list[str]:
    if not names:
        return []
    split = [name.strip() for name in names.lower().split(",")]
    return [name[len(_PREFIX) :] for name in split if name.startswith(_PREFIX)]


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequest", message, status=400)


def check_head(declared: Declared) -> None:
    """What can be refused before a body has come. Raises ServiceError."""
    for algorithm in (*declared.digests, *declared.trailing):
        if algorithm not in ALGORITHMS:
            raise _invalid(
                "Checksum algorithm provided is unsupported. Please try again with any of the "
                f"valid types: [{', '.join(a.upper() for a in ALGORITHMS)}]"
            )
    if len(declared.digests) > 1:
        raise _invalid(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    _md5(declared.md5)
    if declared.sha256 and not _PAYLOAD_HASH.fullmatch(declared.sha256):
        raise ServiceError(
            "InvalidArgument",
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD,"
            " STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD,"
            " STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
            status=400,
            fields={"ArgumentName": "x-amz-content-sha256", "ArgumentValue": declared.sha256},
        )


def _md5(text: str | None) -> bytes | None:
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


def verify_bytes(
    declared: Declared, operation: Operation, body: bytes, trailers: dict[str, str]
) -> None:
    """Everything declared of a buffered body is true. Raises ServiceError."""
    check_head(declared)
    if not body and not declared.digests and declared.md5 is None:
        return
    if (
        operation.name in _MUST_DECLARE
        and not declared.md5
        and not declared.digests
        and not declared.trailing
    ):
        raise _invalid("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
    digests = Digests(declared.algorithms)
    digests.update(body)
    _compare(declared, digests.md5, digests.checksums, trailers)


def verify_upload(declared: Declared, upload: Upload, trailers: dict[str, str]) -> Upload:
    """The same of a streamed one; only checksums the request named are kept in it."""
    _compare(declared, upload.md5, upload.checksums, trailers)
    asked = declared.asked
    if list(upload.checksums) == asked:
        return upload
    return replace(upload, checksums={k: v for k, v in upload.checksums.items() if k in asked})


def _compare(
    declared: Declared, md5: bytes, computed: dict[str, bytes], trailers: dict[str, str]
) -> None:
    if declared.md5 is not None and _md5(declared.md5) != md5:
        raise ServiceError(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            status=400,
            fields={
                "ExpectedDigest": declared.md5,
                "CalculatedDigest": base64.b64encode(md5).decode(),
            },
        )
    if declared.counts:
        _compare_sha256(declared.sha256, computed["sha256"].hex())
    for algorithm, given in (*declared.digests.items(), *_from_trailers(declared, trailers)):
        if algorithm in computed:
            _compare_checksum(algorithm, given, computed[algorithm])


def _from_trailers(declared: Declared, trailers: dict[str, str]) -> list[tuple[str, str]]:
    """What was to come after the body, and did."""
    for algorithm in declared.trailing:
        if _PREFIX + algorithm not in trailers:
            raise ServiceError(
                "MalformedTrailerError",
                "The request contained trailing data that was not well-formed or did not "
                "conform to our published schema.",
                status=400,
            )
    return list(_digests(trailers).items())


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
