"""CompleteMultipartUpload: from the parts a client names to one object's content. Pure.

Source: S3 API Reference, CompleteMultipartUpload; User Guide, "Amazon S3 multipart upload limits".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from owari.errors import ServiceError
from owari.limits import Limits
from owari.services.s3 import checksums, errors
from owari.services.s3.core import Content
from owari.services.s3.pieces import Pieces, join


@dataclass(frozen=True, slots=True)
class Part:
    """One uploaded part; `checksums` as in Content."""

    number: int
    size: int
    etag: str
    modified: float
    checksums: dict[str, str]
    pieces: Pieces
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What CreateMultipartUpload said about checksums; `algorithm` None when nothing."""

    upload: str
    algorithm: str | None
    checksum_type: str


def check_number(number: int, limits: Limits) -> None:
    if not 1 <= number <= limits.object_parts_max:
        raise errors.invalid_argument(
            f"Part number must be an integer between 1 and {limits.object_parts_max}, inclusive",
            "partNumber",
            number,
        )


def check_algorithm(plan: Plan, given: Mapping[str, str]) -> None:
    """A part must bring the checksum that the upload was created with."""
    if plan.algorithm is not None and plan.algorithm not in given:
        actual = next(iter(given), "null")
        raise errors.invalid_request(
            f"Checksum Type mismatch occurred, expected checksum Type: {plan.algorithm}, actual"
            f" checksum Type: {actual}"
        )


def chosen(
    named: Sequence[Mapping[str, Any]], parts: Mapping[int, Part], plan: Plan, limits: Limits
) -> list[Part]:
    """The parts that the client names, in its order.

    Raises MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest.
    """
    if not named or any(entry.get("PartNumber") is None for entry in named):
        raise errors.malformed_xml()
    numbers = [entry["PartNumber"] for entry in named]
    if any(a >= b for a, b in pairwise(numbers)):
        raise ServiceError(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
            status=400,
            fields={"UploadId": plan.upload},
        )
    found = [_one(entry, parts, plan) for entry in named]
    for part in found[:-1]:
        if part.size < limits.object_part_min_bytes:
            raise _too_small(part, limits)
    return found


def _one(entry: Mapping[str, Any], parts: Mapping[int, Part], plan: Plan) -> Part:
    part = parts.get(entry["PartNumber"])
    etag = (entry.get("ETag") or "").strip().strip('"')
    if part is None or part.etag != etag:
        raise _invalid_part(entry, plan)
    for algorithm, member in checksums.MEMBERS.items():
        claimed = entry.get(member)
        if claimed is not None and claimed != part.checksums.get(algorithm, claimed):
            raise _invalid_part(entry, plan)
    if plan.algorithm and plan.checksum_type == "COMPOSITE":
        _check_claimed(entry, plan.algorithm)
    return part


def _check_claimed(entry: Mapping[str, Any], algorithm: str) -> None:
    if entry.get(checksums.MEMBERS[algorithm]) is None:
        raise errors.invalid_request(
            f"The upload was created using a {algorithm} checksum. The complete request must"
            f" include the checksum for each part. It was missing for part"
            f" {entry['PartNumber']} in the request."
        )


def _invalid_part(entry: Mapping[str, Any], plan: Plan) -> ServiceError:
    return ServiceError(
        "InvalidPart",
        "One or more of the specified parts could not be found.  The part may not have been"
        " uploaded, or the specified entity tag may not match the part's entity tag.",
        status=400,
        fields={
            "UploadId": plan.upload,
            "PartNumber": str(entry["PartNumber"]),
            "ETag": (entry.get("ETag") or "").strip('"'),
        },
    )


def _too_small(part: Part, limits: Limits) -> ServiceError:
    return ServiceError(
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size",
        status=400,
        fields={
            "ProposedSize": str(part.size),
            "MinSizeAllowed": str(limits.object_part_min_bytes),
            "PartNumber": str(part.number),
            "ETag": part.etag,
        },
    )


def assemble(parts: Sequence[Part], plan: Plan) -> Content:
    pieces, body = join((part.pieces, part.body) for part in parts)
    return Content(
        size=sum(part.size for part in parts),
        etag=checksums.multipart_etag([part.etag for part in parts]),
        pieces=pieces,
        body=body,
        checksums=_checksums(parts, plan),
        checksum_type=plan.checksum_type,
        parts=tuple((part.size, part.checksums) for part in parts),
    )


def _checksums(parts: Sequence[Part], plan: Plan) -> dict[str, str]:
    """None when the upload has none, or a copied part's is not known."""
    algorithm = plan.algorithm
    if algorithm is None or any(algorithm not in part.checksums for part in parts):
        return {}
    if plan.checksum_type == "FULL_OBJECT":
        sizes = [(part.size, part.checksums[algorithm]) for part in parts]
        return {algorithm: checksums.full_object(algorithm, sizes)}
    value = checksums.composite(algorithm, [part.checksums[algorithm] for part in parts])
    return {algorithm: value} if value is not None else {}


def check_claims(p: Mapping[str, Any], content: Content) -> None:
    """The size and checksum of the whole, if the client says them."""
    size = p.get("MpuObjectSize")
    if size is not None and size != content.size:
        raise errors.invalid_request(
            f"The provided 'x-amz-mp-object-size' header value {size} does not match what was"
            f" computed: {content.size}"
        )
    wanted = p.get("ChecksumType")
    if wanted is not None and content.checksums and wanted != content.checksum_type:
        raise errors.invalid_request(
            f"The upload was created using the {content.checksum_type} checksum mode. The"
            " complete request must use the same checksum mode."
        )
    for algorithm, value in content.checksums.items():
        claimed = p.get(checksums.MEMBERS[algorithm])
        if claimed is not None and claimed.partition("-")[0] != value.partition("-")[0]:
            raise errors.bad_digest(algorithm)
