"""AWS's own runtime interface clients against our Runtime API."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.compute.lab import Lab
from tests.compute.test_provided import executable

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
NODE_CLIENT = CACHE / "owari" / "test" / "node_modules" / "aws-lambda-ric"  # npm install there

needs_python = pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None, reason="needs awslambdaric (PyPI)"
)
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not NODE_CLIENT.exists(),
    reason=f"needs node, and aws-lambda-ric (npm) in {NODE_CLIENT.parent.parent}",
)

PYTHON = {
    "bootstrap": f'#!/bin/sh\nexec {sys.executable} -m awslambdaric "$_HANDLER"\n',
    "app.py": """
import logging
def handler(event, context):
    logging.getLogger().warning("logged")
    if event == "fail":
        raise KeyError("no")
    return [event, context.aws_request_id, context.get_remaining_time_in_millis() > 0]
""",
}

NODE = {
    "bootstrap": f'#!/bin/sh\nexec {NODE_CLIENT}/bin/index.mjs "$_HANDLER"\n',
    "app.js": """
exports.handler = async (event, context) => {
  console.warn("logged");
  if (event === "fail") throw new RangeError("no");
  return [event, context.awsRequestId, context.getRemainingTimeInMillis() > 0];
};
exports.stream = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("one ");
  if (event === "fail") throw new RangeError("no");
  stream.end("two");
});
""",
}


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        pytest.param(PYTHON, "KeyError", marks=needs_python, id="awslambdaric"),
        pytest.param(NODE, "RangeError", marks=needs_node, id="aws-lambda-ric"),
    ],
)
def test_events_errors_and_logs(lab: Lab, files: dict[str, str | bytes], kind: str) -> None:
    package = executable(files)
    given: dict[str, Any] = {"runtime": "provided.al2023", "memory_mib": 256}
    for n in range(3):
        spec = lab.spec(package, {"n": n}, **given)
        report = lab.invoke_all([spec])[0]
        assert json.loads(report["payload"]) == [{"n": n}, spec["request_id"], True], report
        assert report["cold"] or n > 0
        assert "logged" in report["log_tail"].decode()
    failed = lab.invoke_all([lab.spec(package, "fail", **given)])[0]
    assert failed["status"] == "error"
    assert json.loads(failed["payload"])["errorType"] == kind
    wrong = lab.invoke_all([lab.spec(package, handler="nowhere.handler", slot="w",
                                     environment=f"{kind} w", **given)])[0]  # fmt: skip
    assert wrong["status"] == "error"
    assert json.loads(wrong["payload"])["errorType"] == "Runtime.ImportModuleError"


@needs_node
def test_a_stream_of_the_node_client(lab: Lab) -> None:
    given: dict[str, Any] = {
        "runtime": "provided.al2023", "handler": "app.stream", "memory_mib": 256,
        "environment": "stream", "slot": "stream",
    }  # fmt: skip
    chunks, report = lab.stream(executable(NODE), 1, **given)
    assert (b"".join(chunks), report["status"]) == (b"one two", "ok")
    chunks, report = lab.stream(executable(NODE), "fail", **given)
    assert (b"".join(chunks), report["status"]) == (b"one ", "error")
    assert json.loads(report["payload"])["errorMessage"] == "no"
