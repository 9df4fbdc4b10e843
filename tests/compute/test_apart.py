"""Python functions that are programs of their own: wrappers, libraries of layers, extensions."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.compute.lab import Lab, warm
from tests.compute.test_provided import EXTENSION, layer

WRAPPER = """#!/bin/bash
export WRAPPED="$AWS_LAMBDA_EXEC_WRAPPER ${2##*/}"
exec "$1" -X utf8 "${@:2}"
"""
WRAPPED = {"variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrap"}}
SOURCE = """
    import logging, os, sys
    def handler(event, context):
        print("printed\\nin two lines")
        logging.getLogger().warning("logged")
        if event == "fail":
            raise ValueError("no")
        if event == "exit":
            sys.exit(3)
        return [os.environ.get("WRAPPED"), sys.flags.utf8_mode, event, context.aws_request_id,
                context.invoked_function_arn, context.get_remaining_time_in_millis() > 0]
    """


def test_a_wrapper_starts_the_function(lab: Lab) -> None:
    given: dict[str, Any] = WRAPPED | {"layers": [layer(lab, {"wrap": WRAPPER})]}
    spec = lab.spec(SOURCE, {"é": 1}, **given)
    report = lab.invoke_all([spec])[0]
    assert report["status"] == "ok", report
    told = [spec["request_id"], spec["function_arn"], True]
    assert json.loads(report["payload"]) == ["/opt/wrap bootstrap.py", 1, {"é": 1}, *told]
    again = warm(lambda: lab.invoke_all([lab.spec(SOURCE, 2, **given)])[0])
    assert json.loads(again["payload"])[2] == 2
    lab.wait_for_line("[WARNING]\t")
    error = lab.error(SOURCE, "fail", **given)
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no")
    assert "app.py" in error["stackTrace"][0]
    assert lab.error(SOURCE, "exit", **given)["errorType"] == "Runtime.ExitError"


def test_an_error_of_the_module_is_told_as_always(lab: Lab) -> None:
    given: dict[str, Any] = WRAPPED | {"layers": [layer(lab, {"wrap": WRAPPER})]}
    error = lab.error("import no_such_module\n", 1, **given)
    assert error["errorType"] == "Runtime.ImportModuleError"
    missing: dict[str, Any] = {"variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/none"}}
    error = lab.error(SOURCE + "# another", 1, **missing)
    assert (
        error["errorType"] == "Runtime.InvalidEntrypoint" and "/opt/none" in error["errorMessage"]
    )


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_libraries_of_a_layer_are_found(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int owari_answer(void) { return 42; }")
    subprocess.run(["gcc", "-shared", "-o", "libowari_t.so", "a.c"], cwd=tmp_path, check=True)
    library = (tmp_path / "libowari_t.so").read_bytes()
    source = """
        import ctypes
        def handler(event, context):
            return ctypes.CDLL("libowari_t.so").owari_answer()
        """
    assert lab.result(source, layers=[layer(lab, {"lib/libowari_t.so": library})]) == 42


def test_extensions_of_a_layer_are_heard(lab: Lab) -> None:
    given: dict[str, Any] = {"layers": [layer(lab, {"extensions/watcher": EXTENSION})]}
    spec = lab.spec(SOURCE + "# heard", 1, **given)
    assert lab.invoke_all([spec])[0]["status"] == "ok"
    lab.wait_for_line(f"extension heard INVOKE {spec['request_id']}")
