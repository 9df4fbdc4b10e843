"""Lambda through boto3 against a real server: what deployment tools and handlers see."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.server import Server

pytestmark = pytest.mark.acceptance

TRACE = "import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("lambda") / "data") as running:
        yield running


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)


def test_the_package_can_be_fetched_from_its_location(server: Server, tmp_path: Path) -> None:
    server.function("fetched", "x = 1\n")
    found = server.client("lambda").get_function(FunctionName="fetched")
    url = found["Code"]["Location"]
    with urllib.request.urlopen(url) as answer:
        data = answer.read()
    assert answer.headers["Content-Type"] == "application/zip"
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert digest == found["Configuration"]["CodeSha256"]
    assert zipfile.ZipFile(io.BytesIO(data)).read("index.py") == b"x = 1\n"
    later = re.sub(r"Expires=(\d+)", lambda m: f"Expires={int(m[1]) + 1}", url)
    other = re.sub(r"/code/(.)", lambda m: "/code/" + ("1" if m[1] == "0" else "0"), url)
    for wrong in (later, other, url.partition("?")[0], url + "0", f"{url}&Expires=1"):
        assert status(wrong) == (200 if wrong.endswith("&Expires=1") else 403), wrong


def test_a_function_is_told_its_trace(server: Server) -> None:
    server.function("traced", TRACE)
    client = server.client("lambda")
    made = json.load(client.invoke(FunctionName="traced")["Payload"])
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", made)
    given = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

    def add(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amzn-Trace-Id"] = given

    client.meta.events.register("before-call.lambda.Invoke", add)
    made = json.load(client.invoke(FunctionName="traced")["Payload"])
    assert re.fullmatch(rf"{given.partition(';')[0]};Parent=[0-9a-f]{{16}};Sampled=1", made)
    assert made != given, "the invocation is the parent of what its function does"


def test_a_runtime_that_this_machine_does_not_run(server: Server) -> None:
    server.function("java", "x = 1\n", Runtime="java21")
    with pytest.raises(ClientError) as caught:
        server.client("lambda").invoke(FunctionName="java")
    assert caught.value.response["Error"]["Code"] == "InvalidRuntimeException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502


def test_no_function_has_a_code_signing_configuration(server: Server) -> None:
    """Terraform reads it of every function."""
    server.function("unsigned", "x = 1\n")
    client = server.client("lambda")
    found = client.get_function_code_signing_config(FunctionName="unsigned")
    assert (found["FunctionName"], found.get("CodeSigningConfigArn")) == ("unsigned", None)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_code_signing_config(FunctionName="nobody")
