"""S3's operations, by topic. Importing this declares them."""

from __future__ import annotations

from owari.services.s3 import (  # noqa: F401
    bucket_access,
    buckets,
    copying,
    deleting,
    describing,
    expiring,
    guard,
    listing,
    multipart,
    notifications,
    objects,
    settings,
)
