"""How the Java SDK spells members, which Step Functions and the Scheduler follow."""

from __future__ import annotations

import pytest

from owari.wire.sdk_input import as_in_java
from tests.wire import oracle

SPELLED = {
    "ARN": "Arn",
    "DBInstanceIdentifier": "DbInstanceIdentifier",
    "ETag": "ETag",
    "KMSKeyId": "KmsKeyId",
    "MD5OfMessageBody": "Md5OfMessageBody",
    "QueueUrl": "QueueUrl",
    "S3Bucket": "S3Bucket",
    "SSEKMSKeyId": "SsekmsKeyId",
    "jobDefinition": "JobDefinition",
}


@pytest.mark.parametrize("name", SPELLED)
def test_an_abbreviation_is_a_word(name: str) -> None:
    assert as_in_java(name) == SPELLED[name]


@pytest.mark.parametrize("service", oracle.SERVICES)
def test_no_two_members_become_one(service: str) -> None:
    for operation in oracle.operations(service):
        for shape in (operation.input_shape, operation.output_shape):
            names = list(shape.members) if shape is not None else []
            assert len({as_in_java(name) for name in names}) == len(names), operation.name
