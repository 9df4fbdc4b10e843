"""The models: complete, slim, and read without botocore."""

from __future__ import annotations

import subprocess
import sys

import orjson
import pytest

from owari.wire.catalogue import TARGETS
from owari.wire.model import Shape, load
from tests.wire import oracle


@pytest.mark.parametrize("service", oracle.SERVICES)
def test_everything_botocore_knows_is_there(service: str) -> None:
    ours, theirs = load(service), oracle.model(service)
    assert ours is not None
    assert list(ours) == list(theirs.operation_names)
    for name in ours:
        operation, other = ours.operation(name), theirs.operation_model(name)
        assert operation is not None
        assert (operation.method, operation.uri) == (other.http["method"], other.http["requestUri"])
        for shape, twin in (
            (operation.input, other.input_shape),
            (operation.output, other.output_shape),
        ):
            assert (shape is None) == (twin is None)
            if shape is not None:
                assert list(shape.members) == list(twin.members)


def test_no_documentation_is_kept() -> None:
    model = load("lambda")
    assert model is not None
    for name in model:
        operation = model.operation(name)
        assert operation is not None
        for shape in (operation.input, operation.output):
            members = {} if shape is None else shape.members
            assert all("documentation" not in m.traits for m in members.values())


@pytest.mark.parametrize("name", ["nosuch", "../sns", "", "s3/2006-03-01", "."])
def test_no_such_service(name: str) -> None:
    assert load(name) is None


def test_errors_by_name_and_by_code() -> None:
    model = load("sns")
    assert model is not None
    for code in ("NotFound", "NotFoundException"):
        found = model.error(code)
        assert isinstance(found, Shape)
        assert found.name == "NotFoundException"
    assert model.error("publish") is None


def test_a_model_of_our_own() -> None:
    model = load("owari")
    assert model is not None and model.target_prefix is not None
    assert model.operation("GetTrace") is not None
    assert TARGETS[model.target_prefix] == "owari"


def test_botocore_is_not_imported() -> None:
    """It is slow to import and large."""
    code = (
        "import sys, owari.wire.exchange\n"
        "from owari.wire.model import load\n"
        "assert load('sns').operation('Publish').input\n"
        "heavy = {'botocore', 'boto3', 'urllib3', 'email', 'http.client', 'asyncio', 'xml.etree'}\n"
        "import json; print(json.dumps(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=120
    )
    assert orjson.loads(done.stdout) == []
