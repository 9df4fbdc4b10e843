"""Event records, byte for byte as subscribers of S3 know them. Pure.

Sources: S3 User Guide, "Event message structure"; EventBridge, "Amazon S3 events".
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from owari.services.s3.core import Bucket
from owari.services.s3.paging import url_encode

EMPTY_MD5 = hashlib.md5(b"", usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an object. `seq` orders the events of a key; sizes in bytes."""

    name: str  # e.g. ObjectCreated:Put
    key: str
    seq: int
    time: float
    principal: str
    request_id: str
    size: int | None = None
    etag: str | None = None
    version: str | None = None
    source_ip: str = "127.0.0.1"

    @property
    def sequencer(self) -> str:
        """Hexadecimal, of one length, so that comparing texts compares order."""
        return f"{self.seq:018X}"


def iso_millis(time: float) -> str:
    moment = datetime.fromtimestamp(round(time * 1000) / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def host_id(request_id: str) -> str:
    """The `x-amz-id-2` that the answer to this request carries."""
    return base64.b64encode(hashlib.sha384(request_id.encode()).digest()).decode()


def _letters(text: str) -> str:
    return "A" + hashlib.sha256(text.encode()).hexdigest()[:13].upper()


def principal_id(principal: str) -> str:
    """`AWS:` and an id of a user, or a role's with its session name."""
    name = principal.rpartition(":")[2]
    if name.startswith("assumed-role/"):
        _kind, role, session = name.split("/", 2)
        return f"AWS:{_letters(role)}:{session}"
    return f"AWS:{_letters(principal)}"


def record(event: Event, bucket: Bucket, configuration: str) -> dict[str, Any]:
    """One element of `Records`; `configuration` is the id of the rule that matched."""
    thing: dict[str, Any] = {"key": url_encode(event.key)}
    for name, value in (
        ("size", event.size),
        ("eTag", event.etag),
        ("versionId", event.version),
    ):
        if value is not None:
            thing[name] = value
    thing["sequencer"] = event.sequencer
    return {
        "eventVersion": _event_version(event.name),
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": iso_millis(event.time),
        "eventName": event.name,
        "userIdentity": {"principalId": principal_id(event.principal)},
        "requestParameters": {"sourceIPAddress": event.source_ip},
        "responseElements": {
            "x-amz-request-id": event.request_id,
            "x-amz-id-2": host_id(event.request_id),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": _letters(bucket.account)},
                "arn": bucket.arn,
            },
            "object": thing,
        },
    }


def _event_version(name: str) -> str:
    """2.1 for what there always was, 2.3 for the event types added later."""
    return "2.1" if name.startswith(("ObjectCreated:", "ObjectRemoved:")) else "2.3"


def test_event(bucket: Bucket, time: float, request_id: str) -> dict[str, str]:
    """What a topic or queue gets when it becomes a target."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": iso_millis(time),
        "Bucket": bucket.name,
        "RequestId": request_id,
        "HostId": host_id(request_id),
    }


# ---- EventBridge
_DETAIL_TYPES = {
    "ObjectCreated:Put": ("Object Created", {"reason": "PutObject"}),
    "ObjectCreated:Post": ("Object Created", {"reason": "POST Object"}),
    "ObjectCreated:Copy": ("Object Created", {"reason": "CopyObject"}),
    "ObjectCreated:CompleteMultipartUpload": (
        "Object Created",
        {"reason": "CompleteMultipartUpload"},
    ),
    "ObjectRemoved:Delete": (
        "Object Deleted",
        {"reason": "DeleteObject", "deletion-type": "Permanently Deleted"},
    ),
    "ObjectRemoved:DeleteMarkerCreated": (
        "Object Deleted",
        {"reason": "DeleteObject", "deletion-type": "Delete Marker Created"},
    ),
    "LifecycleExpiration:Delete": (
        "Object Deleted",
        {"reason": "Lifecycle Expiration", "deletion-type": "Permanently Deleted"},
    ),
    "LifecycleExpiration:DeleteMarkerCreated": (
        "Object Deleted",
        {"reason": "Lifecycle Expiration", "deletion-type": "Delete Marker Created"},
    ),
    "LifecycleTransition": ("Object Storage Class Changed", {}),
    "ObjectTagging:Put": ("Object Tags Added", {}),
    "ObjectTagging:Delete": ("Object Tags Deleted", {}),
    "ObjectAcl:Put": ("Object ACL Updated", {}),
}


def detail(event: Event, bucket: Bucket) -> tuple[str, dict[str, Any]]:
    """(detail-type, detail) of the EventBridge event; its key is not encoded."""
    detail_type, extra = _DETAIL_TYPES[event.name]
    thing: dict[str, Any] = {"key": event.key}
    for name, value in (
        ("size", event.size),
        ("etag", event.etag),
        ("version-id", event.version),
    ):
        if value is not None:
            thing[name] = value
    thing["sequencer"] = event.sequencer
    return detail_type, {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": thing,
        "request-id": event.request_id,
        "requester": bucket.account,
        "source-ip-address": event.source_ip,
        **extra,
    }
