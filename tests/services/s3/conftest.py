from __future__ import annotations

import pytest

from tests.services.s3.support import Api
from tests.support.world import World


@pytest.fixture
def s3(world: World) -> Api:
    """S3 of a fresh world, with a bucket `bkt`."""
    api = Api(world)
    api.CreateBucket(Bucket="bkt")
    return api
