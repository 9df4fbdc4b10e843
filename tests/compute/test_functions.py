"""What a well-behaved function sees: its event, context, variables, logs, /tmp."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.compute.lab import PATIENCE_S, Lab, alive, warm
from tests.support.zips import zipped

ECHO = "def handler(event, context):\n    return event\n"


def test_event_and_result_are_json_of_any_kind(lab: Lab) -> None:
    for value in (None, 1, "x", [1, {"a": None}], {"ключ": "日本語 \U0001f600 \u0000"}, 1e300):
        assert lab.result(ECHO, value) == value


def test_six_mebibytes_go_in_and_out(lab: Lab) -> None:
    text = "é" * (6 * 1024 * 1024 // 6 - 100)
    report = lab.invoke(ECHO, text)
    assert json.loads(report["payload"]) == text


def test_the_first_invocation_is_cold_and_the_next_is_not(lab: Lab) -> None:
    source = "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n\n"
    first, second = lab.invoke(source), warm(lambda: lab.invoke(source))
    assert first["cold"]
    assert first["init_ms"] > 0 == second["init_ms"]
    assert (first["payload"], second["payload"]) == (b"1", b"2")
    assert first["log_stream"] == second["log_stream"]


def today() -> str:
    return datetime.now(UTC).strftime("%Y/%m/%d")


def test_context(lab: Lab) -> None:
    source = """
        def handler(event, c):
            return {
                "values": [c.function_name, c.function_version, c.invoked_function_arn,
                           c.memory_limit_in_mb, c.aws_request_id, c.log_group_name],
                "stream": c.log_stream_name,
                "left": c.get_remaining_time_in_millis(),
                "identity": c.identity.cognito_identity_id,
                "client": [c.client_context.custom, c.client_context.client.app_title],
            }
        """
    client = {"custom": {"k": "v"}, "client": {"app_title": "t"}}
    spec = lab.spec(
        source, timeout_s=70, client_context=base64.b64encode(json.dumps(client).encode()).decode()
    )
    days = {today()}
    report = lab.invoke_all([spec])[0]
    days.add(today())
    seen = json.loads(report["payload"])
    assert seen["values"] == [
        "f", "$LATEST", spec["function_arn"], "128", spec["request_id"], "/aws/lambda/f"
    ]  # fmt: skip
    assert seen["stream"] == report["log_stream"]
    assert 0 < seen["left"] <= 70_000
    assert seen["identity"] is None
    assert seen["client"] == [{"k": "v"}, "t"]
    day, own = seen["stream"].rsplit("/", 1)
    assert day in days and re.fullmatch(r"\[\$LATEST\][0-9a-f]{32}", own)


def test_variables(lab: Lab) -> None:
    source = "import os\ndef handler(event, context):\n    return dict(os.environ), os.getcwd()\n"
    variables = {"MINE": "mine", "AWS_REGION": "not-mine", "TZ": "Asia/Tokyo"}
    environ, folder = lab.result(source, variables=variables)
    assert environ["MINE"] == "mine"
    assert environ["AWS_REGION"] == environ["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert environ["TZ"] == "Asia/Tokyo"
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environ["AWS_ACCESS_KEY_ID"] == "ASIA123456789012"
    assert environ["AWS_SESSION_TOKEN"] == "arn:aws:iam::123456789012:role/r/f"
    assert environ["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert environ["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
    assert environ["_HANDLER"] == "app.handler"
    assert environ["LAMBDA_TASK_ROOT"] == folder
    assert environ["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert "HOME" not in environ and "VIRTUAL_ENV" not in environ and "PWD" not in environ


def test_log_lines_and_tail(lab: Lab) -> None:
    source = """
        import logging, subprocess, sys
        logging.getLogger().setLevel("INFO")
        def handler(event, context):
            print("printed é")
            print("to stderr", file=sys.stderr)
            logging.info("two\\nlines")
            subprocess.run(["sh", "-c", "echo from a child"])
            sys.stdout.write("no line end")
        """
    spec = lab.spec(source)
    report = lab.invoke_all([spec])[0]
    tail = report["log_tail"].decode()
    request_id = spec["request_id"]
    start, printed, stderr, logged, more, child, rest, end, figures = tail.splitlines()
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert (printed, stderr) == ("printed é", "to stderr")
    assert re.fullmatch(
        rf"\[INFO\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{request_id}\ttwo", logged
    )
    assert (more, child, rest) == ("lines", "from a child", "no line end")
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        rf"Memory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t",
        figures,
    )
    lab.wait_for_line(figures)
    records = [r for r in lab.logs if r["stream"] == report["log_stream"]]
    record, events = records[0], [event for r in records for event in r["events"]]
    assert (record["account"], record["region"]) == ("123456789012", "eu-west-1")
    assert record["group"] == "/aws/lambda/f"
    assert events[0][1].startswith("INIT_START Runtime Version: python3.11 at ")
    assert any(text.endswith("\ttwo\nlines\n") for _, text in events)
    now = time.time() * 1000
    assert all(now - 60_000 < at <= now + 1000 for at, _ in events)


def json_log(lab: Lab, source: str, **levels: str) -> list[dict[str, Any]]:
    logging = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
    spec = lab.spec(source, logging=logging | levels, environment=f"{source}{levels}")
    tail = lab.invoke_all([spec])[0]["log_tail"].decode()
    return [{} if line == "as it is" else json.loads(line) for line in tail.splitlines()]


def test_a_log_in_json(lab: Lab) -> None:
    source = """
        import logging
        def handler(event, context):
            print("as it is")
            logging.debug("not this")
            logging.getLogger("mine").info("two\\nlines", extra={"order": 7})
            try:
                1 / 0
            except ZeroDivisionError:
                logging.exception("oh")
            raise ValueError("bad")
        """
    start, printed, info, error, fault, report = json_log(lab, source)
    assert (start["type"], start["record"]["version"]) == ("platform.start", "$LATEST")
    assert printed == {}
    request_id = start["record"]["requestId"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", info.pop("timestamp"))
    assert info == {
        "level": "INFO",
        "message": "two\nlines",
        "logger": "mine",
        "requestId": request_id,
        "order": 7,
    }
    assert (error["errorType"], error["message"]) == ("ZeroDivisionError", "oh")
    assert error["location"].endswith("/app.py:handler:10")
    assert (fault["log_level"], fault["errorMessage"]) == ("ERROR", "bad")
    assert (report["type"], report["record"]["requestId"]) == ("platform.report", request_id)
    assert report["record"]["metrics"]["memorySizeMB"] == 128


def test_levels_of_a_log_in_json(lab: Lab) -> None:
    source = """
        import logging, os
        def handler(event, context):
            logging.info("no")
            logging.error("yes")
            os._exit(3)
        """
    levels = {"ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN"}
    error, report = json_log(lab, source, **levels)
    assert error["message"] == "yes"
    record = report["record"]
    assert (record["status"], record["errorType"]) == ("failure", "Runtime.ExitError")


def test_own_packages_come_first_and_ours_are_not_visible(lab: Lab) -> None:
    bundle = zipped(
        {
            "app.py": "import boto3, jmespath, sys\n"
            "def handler(event, context):\n"
            "    try:\n"
            "        import orjson\n"
            "    except ImportError:\n"
            "        orjson = None\n"
            "    return boto3.MINE, jmespath.__version__, orjson, sys.path[0]\n",
            "boto3/__init__.py": "MINE = 'mine'\n",
        }
    )
    mine, version, orjson, first = lab.result(bundle)
    assert (mine, orjson) == ("mine", None)
    assert version and "/code/" in first


def test_the_sdk_is_supplied(lab: Lab) -> None:
    source = """
        import boto3
        def handler(event, context):
            client = boto3.client("sts")
            return client.meta.endpoint_url, client.meta.region_name
        """
    assert lab.result(source, memory_mib=256) == ["http://127.0.0.1:4566", "eu-west-1"]


def test_handler_in_a_folder_and_data_files(lab: Lab) -> None:
    bundle = zipped(
        {
            "lib/deep/app.py": "def run(event, context):\n    return open('data.txt').read()\n",
            "lib/__init__.py": "",
            "lib/deep/__init__.py": "",
            "data.txt": "data",
        }
    )
    assert lab.result(bundle, handler="lib/deep/app.run") == "data"


def test_tmp_is_its_own_and_stays_while_warm(lab: Lab) -> None:
    source = """
        import os, tempfile
        def handler(name, context):
            path = os.path.join(tempfile.gettempdir(), name)
            there = os.path.exists(path)
            open(path, "w").close()
            return there
        """
    other = source.replace("return there", "return  there")
    assert lab.result(source, "a") is False
    assert warm(lambda: lab.invoke(source, "a"))["payload"] == b"true"
    assert lab.result(other, "a") is False


def test_code_cannot_be_changed_where_mounts_are_allowed(lab: Lab) -> None:
    source = """
        def handler(event, context):
            try:
                open("app.py", "a").write("#")
            except OSError as error:
                return error.strerror
        """
    if lab.agent["interpreters"][0]["own_tmp"]:
        assert lab.result(source) == "Read-only file system"


def test_the_nearest_interpreter_is_chosen_and_said(lab: Lab) -> None:
    source = "import sys\ndef handler(event, context):\n    return sys.version_info[:2]\n"
    found = {int(name.split(".")[1]) for name in lab.agent["runtimes"]}
    newest = max(found)
    assert lab.result(source, runtime="python3.99") == [3, newest]
    line = lab.wait_for_line("the nearest to python3.99")
    assert line.startswith(f"INIT_START Runtime Version: python3.{newest} at /")


def test_another_runtime_is_refused_clearly(lab: Lab) -> None:
    report = lab.invoke(ECHO, runtime="java21", environment="java")
    assert report["status"] == "failed"
    assert report["message"] == (
        "Owari does not run Java functions as java21. Deploy it as `provided.al2023` with a "
        "`bootstrap` that starts its runtime interface client, or as a container image with one."
    )
    assert report["code"] == "InvalidRuntimeException"


def test_concurrent_calls_get_environments_of_their_own(lab: Lab) -> None:
    """Each waits for the other: more than these start as the machine allows."""
    source = """
        import os, socket
        def handler(port, context):
            with socket.create_connection(("127.0.0.1", port)) as test:
                test.recv(1)
            return os.getpid()
        """
    at_once = min(2, os.cpu_count() or 1)
    with socket.create_server(("127.0.0.1", 0)) as meeting, ThreadPoolExecutor(1) as thread:
        meeting.settimeout(PATIENCE_S)
        port = meeting.getsockname()[1]
        thread.submit(let_go_together, meeting, at_once)
        specs = [lab.spec(source, port, timeout_s=90) for _ in range(at_once)]
        pids = {json.loads(r["payload"]) for r in lab.invoke_all(specs)}
    assert len(pids) == at_once


def let_go_together(meeting: socket.socket, count: int) -> None:
    """So many that are here at the same time."""
    with contextlib.ExitStack() as stack:
        here = [stack.enter_context(meeting.accept()[0]) for _ in range(count)]
        for one in here:
            one.sendall(b"g")


def test_reserved_concurrency_throttles(lab: Lab) -> None:
    source = "import time\ndef handler(event, context):\n    time.sleep(0.2)\n    return 'done'\n"
    specs = [lab.spec(source, function_name="few", concurrency=2) for _ in range(3)]
    statuses = [r["status"] for r in lab.invoke_all(specs)]
    assert statuses == ["ok", "ok", "throttled"]
    none = lab.invoke(source, function_name="few", concurrency=0)
    assert (none["status"], none["message"]) == (
        "throttled",
        "ReservedFunctionConcurrentInvocationLimitExceeded",
    )


def test_an_update_takes_effect_and_retires_the_old_environment(lab: Lab) -> None:
    old = "import os\ndef handler(event, context):\n    return 'old', os.getpid()\n"
    new = old.replace("old", "new")
    slot = {"slot": "arn:updated", "function_name": "updated"}
    word, pid = lab.result(old, environment="updated:1", **slot)
    assert word == "old"
    word, new_pid = lab.result(new, environment="updated:2", **slot)
    assert word == "new" and new_pid != pid
    lab.wait(lambda: not alive(pid))
    again = warm(lambda: lab.invoke(new, environment="updated:2", **slot))
    assert json.loads(again["payload"])[0] == "new"


def test_a_new_endpoint_means_a_new_environment(lab: Lab) -> None:
    source = "import os\ndef handler(event, context):\n    return os.environ['AWS_ENDPOINT_URL']\n"
    assert lab.result(source) == "http://127.0.0.1:4566"
    lab.endpoint = "http://127.0.0.1:9999"
    try:
        assert lab.result(source) == "http://127.0.0.1:9999"
    finally:
        lab.endpoint = "http://127.0.0.1:4566"


@pytest.mark.parametrize("minor", range(10, 15))
def test_every_interpreter_of_this_machine(lab: Lab, minor: int) -> None:
    if f"python3.{minor}" not in lab.agent["runtimes"]:
        pytest.skip("not on this machine")
    source = """
        import logging, sys
        def handler(event, context):
            logging.warning("warned")
            return list(sys.version_info[:2])
        """
    runtime = {"runtime": f"python3.{minor}", "environment": f"every:{minor}"}
    report = lab.invoke(source, timeout_s=20, **runtime)
    assert json.loads(report["payload"]) == [3, minor]
    assert "[WARNING]\t" in report["log_tail"].decode()


def test_cpu_is_weighted_by_memory(lab: Lab) -> None:
    if lab.agent["isolation"] != "cgroup v1":
        pytest.skip("needs cgroup v1")
    source = "def handler(event, context):\n    return open('/proc/self/cgroup').read()\n"
    groups = lab.result(source, memory_mib=1_769)
    path = next(line.split(":")[2] for line in groups.splitlines() if ":cpu:" in line)
    assert (Path("/sys/fs/cgroup/cpu" + path) / "cpu.shares").read_text() == "1024\n"
