"""Access keys made by IAM are those that `owari up --auth` verifies."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.server import Server

pytestmark = pytest.mark.acceptance


def caller(server: Server, access_key: str, secret_key: str, token: str | None = None) -> str:
    sts = boto3.client(
        "sts",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=token,
    )
    return str(sts.get_caller_identity()["Arn"])


def refusal(server: Server, *credentials: str) -> str:
    with pytest.raises(ClientError) as caught:
        caller(server, *credentials)
    return str(caught.value.response["Error"]["Code"])


def test_keys_and_sessions_are_verified(tmp_path: Path) -> None:
    data = tmp_path / "owari"
    with Server(data) as server:
        iam, sts = server.client("iam"), server.client("sts")
        iam.create_user(UserName="ann")
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        role = "arn:aws:iam::000000000000:role/r"
        session = sts.assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    with Server(data, "--auth") as server:
        own = (key["AccessKeyId"], key["SecretAccessKey"])
        temporary = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        assert caller(server, *own) == "arn:aws:iam::000000000000:user/ann"
        assert caller(server, *temporary) == "arn:aws:sts::000000000000:assumed-role/r/me"
        assert refusal(server, own[0], "wrong") == "SignatureDoesNotMatch"
        assert refusal(server, "AKIA2222222222222222", own[1]) == "InvalidClientTokenId"
        assert refusal(server, *temporary[:2], "forged") == "InvalidClientTokenId"
