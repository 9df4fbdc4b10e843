"""Functions that do harm: each gets AWS's own error, and the next is served as if nothing was."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.compute.lab import Lab, Report, alive, in_time, warm
from tests.support.zips import zipped

GOOD = "def handler(event, context):\n    return 'good'\n"
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def the_next_is_served(lab: Lab) -> None:
    assert lab.result(GOOD) == "good"


def handler(body: str) -> str:
    return f"import os, sys, time, signal\ndef handler(event, context):\n    {body}\n"


def test_an_exception(lab: Lab) -> None:
    source = """
        def inner():
            raise ValueError("bad é")
        def handler(event, context):
            inner()
        """
    spec = lab.spec(source)
    report = lab.invoke_all([spec])[0]
    error = json.loads(report["payload"])
    assert report["status"] == "error"
    assert list(error) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (error["errorMessage"], error["errorType"]) == ("bad é", "ValueError")
    assert error["requestId"] == spec["request_id"]
    assert len(error["stackTrace"]) == 2
    assert re.match(
        r'  File "/.*/app.py", line 5, in handler\n    inner\(\)\n', error["stackTrace"][0]
    )
    assert "[ERROR] ValueError: bad é\nTraceback (most recent call last):\n" in (
        report["log_tail"].decode()
    )
    warm(lambda: lab.invoke_all([lab.spec(source)])[0])


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("nothing.handler", "Runtime.ImportModuleError",
         "Unable to import module 'nothing': No module named 'nothing'"),
        ("app.nothing", "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'app'"),
        ("nodot", "Runtime.MalformedHandlerName",
         "Bad handler 'nodot': not enough values to unpack (expected 2, got 1)"),
    ],
)  # fmt: skip
def test_a_handler_that_is_not_there(lab: Lab, name: str, kind: str, message: str) -> None:
    spec = lab.spec(GOOD, handler=name, environment=f"missing:{name}")
    report = lab.invoke_all([spec])[0]
    assert report["status"] == "error"
    assert json.loads(report["payload"]) == {
        "errorMessage": message,
        "errorType": kind,
        "requestId": spec["request_id"],
        "stackTrace": [],
    }
    assert f"END RequestId: {spec['request_id']}" in report["log_tail"].decode()


def test_a_syntax_error(lab: Lab) -> None:
    error = lab.error("def handler(event, context)\n    return 1\n")
    assert error["errorType"] == "Runtime.UserCodeSyntaxError"
    assert error["errorMessage"].startswith("Syntax error in module 'app': ")
    assert "Line 1" in error["stackTrace"][0]


def test_an_exception_at_import(lab: Lab) -> None:
    error = lab.error("raise RuntimeError('at import')\n")
    assert (error["errorType"], error["errorMessage"]) == ("RuntimeError", "at import")


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("return {1, 2}", "Runtime.MarshalError",
         "Unable to marshal response: Object of type set is not JSON serializable"),
        ("return 'x' * (6 * 1024 * 1024 + 200)", "Function.ResponseSizeTooLarge",
         "Response payload size exceeded maximum allowed payload size (6291556 bytes)."),
    ],
)  # fmt: skip
def test_a_result_that_is_not_one(lab: Lab, body: str, kind: str, message: str) -> None:
    error = lab.error(handler(body))
    assert (error["errorType"], error["errorMessage"]) == (kind, message)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("sys.exit()", "Runtime exited without providing a reason"),
        ("sys.exit('words')", "Runtime exited with error: exit status 1"),
        ("os._exit(7)", "Runtime exited with error: exit status 7"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
        ("raise KeyboardInterrupt", "Runtime exited with error: exit status 1"),
    ],
)
def test_an_exit(lab: Lab, body: str, words: str) -> None:
    spec = lab.spec(handler(f"print('before'); {body}"))
    report = lab.invoke_all([spec])[0]
    error = json.loads(report["payload"])
    assert report["status"] == "error"
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].startswith(f"RequestId: {spec['request_id']} Error: {words}")
    tail = report["log_tail"].decode()
    assert "before\n" in tail and "\tStatus: error\tError Type: Runtime.ExitError\t" in tail
    assert lab.invoke_all([lab.spec(handler(f"print('before'); {body}"))])[0]["cold"]


def test_an_exit_at_import(lab: Lab) -> None:
    error = lab.error("import sys\nsys.exit(4)\n")
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: exit status 4")


def test_a_timeout_kills_the_whole_tree(lab: Lab, tmp_path: Path) -> None:
    source = """
        import subprocess, time
        def handler(event, context):
            child = subprocess.Popen(["setsid", "sleep", "1000"])
            print("child", child.pid)
            time.sleep(1000)
        """
    specs = []

    def run(seconds: float) -> Report:
        specs.append(lab.spec(source, timeout_s=seconds))
        return lab.invoke_all(specs[-1:])[0]

    report = in_time(run, lambda r: b"child " in r["log_tail"])
    id, seconds = specs[-1]["request_id"], specs[-1]["timeout_s"]
    error = json.loads(report["payload"])
    assert error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {id} Error: Task timed out after {seconds:.2f} seconds",
    }
    tail = report["log_tail"].decode()
    assert f"{id} Task timed out after {seconds:.2f} seconds\n" in tail
    ms = seconds * 1000
    assert f"\tDuration: {ms:.2f} ms\tBilled Duration: {ms:.0f} ms\t" in tail
    child = re.search(r"child (\d+)", tail)
    assert child is not None
    lab.wait(lambda: not alive(int(child[1])))


def test_memory(lab: Lab) -> None:
    spec = lab.spec(handler("x = bytearray(300 * 1024 * 1024); return len(x)"), memory_mib=128)
    report = lab.invoke_all([spec])[0]
    assert report["status"] == "error"
    assert json.loads(report["payload"]) == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {spec['request_id']} Error: "
        "Runtime exited with error: signal: killed",
    }
    assert "\tError Type: Runtime.OutOfMemory\t" in report["log_tail"].decode()
    assert lab.result(handler("return len(bytearray(300 * 1024 * 1024))"), memory_mib=512) > 0


def test_memory_of_a_grandchild_ends_the_environment(lab: Lab) -> None:
    source = """
        import subprocess, sys, time
        def handler(event, context):
            subprocess.run([sys.executable, "-c", "x = bytearray(300 << 20); print(len(x))"])
            return "survived"
        """
    report = lab.invoke(source, memory_mib=128)
    assert json.loads(report["payload"])["errorType"] == "Runtime.OutOfMemory"


def test_a_megabyte_of_output(lab: Lab) -> None:
    report = lab.invoke(
        handler(
            "print('x' * 1023 + '\\n', end='', flush=False)\n    "
            "[print('y' * 1023) for _ in range(1024)]; return 'done'"
        )
    )
    assert report["payload"] == b'"done"'
    assert len(report["log_tail"]) == 4096
    assert report["log_tail"].decode().splitlines()[-2].startswith("END RequestId")
    lab.wait(lambda: sum(line == "y" * 1023 + "\n" for line in lab.lines()) == 1024)


def test_a_line_without_end_is_cut_to_events(lab: Lab) -> None:
    report = lab.invoke(handler("print('z' * (1 << 20)); return 1"))
    assert report["status"] == "ok"
    lab.wait(lambda: sum(line.count("z") for line in lab.lines()) >= 1 << 20)
    assert max(len(line) for line in lab.lines()) <= 256 * 1024


def test_garbage_on_every_descriptor(lab: Lab) -> None:
    body = """
    for fd in range(1, 1024):
        try:
            os.write(fd, b"\\x00\\xff garbage \\xfe" * 10)
        except OSError:
            pass
    return 'finished'"""
    report = lab.invoke(handler(body.strip()))
    assert json.loads(report["payload"])["errorType"] == "Runtime.ExitError"


def test_every_descriptor_closed(lab: Lab) -> None:
    report = lab.invoke(handler("os.closerange(0, 4096); time.sleep(5); return 1"))
    assert json.loads(report["payload"])["errorType"] == "Runtime.ExitError"


def test_closed_stdout(lab: Lab) -> None:
    source = handler("print('seen'); sys.stdout.close(); os.close(2); return 'closed'")
    assert [lab.result(source), lab.result(source)] == ["closed", "closed"]


def test_a_fork_that_returns_too(lab: Lab) -> None:
    source = handler("pid = os.fork(); return 'child' if pid == 0 else 'parent'")
    assert [lab.result(source) for _ in range(3)] == ["parent"] * 3


def test_a_child_left_behind_that_prints_without_end(lab: Lab) -> None:
    source = handler("import subprocess; subprocess.Popen(['yes']); return 'left'")
    assert lab.result(source, function_name="loud") == "left"
    assert lab.result(source.replace("left", "new"), function_name="loud", slot="x") == "new"


def test_threads_left_behind(lab: Lab) -> None:
    source = handler(
        "import threading; threading.Thread(target=time.sleep, args=(60,)).start(); return 1"
    )
    assert lab.result(source) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no zip", "File is not a zip file"),
        (zipped({"../evil.py": "x = 1"}), "lies outside of its folder"),
        (zipped({"/evil.py": "x = 1"}), "lies outside of its folder"),
        (zipped({"a/../../evil.py": "x = 1"}), "lies outside of its folder"),
    ],
)
def test_a_bad_zip(lab: Lab, content: bytes, words: str) -> None:
    report = lab.invoke(content)
    assert report["status"] == "failed"
    assert words in report["message"]
    assert report["code"] == "InvalidZipFileException"
    assert not list(lab.config.data.rglob("evil.py"))


def test_an_event_that_is_not_json(lab: Lab) -> None:
    report = lab.invoke(GOOD, payload=b"{not json")
    assert json.loads(report["payload"])["errorType"] == "Runtime.UnmarshalError"


def test_deep_recursion(lab: Lab) -> None:
    error = lab.error("def handler(event, context):\n    return handler(event, context)\n")
    assert error["errorType"] == "RecursionError"


def test_a_function_that_calls_itself_through_many_environments(lab: Lab) -> None:
    """Sleepers beyond the cores never block those behind them."""
    source = handler("time.sleep(0.3); return 1")
    specs = [lab.spec(source) for _ in range(10)]
    assert [r["payload"] for r in lab.invoke_all(specs)] == [b"1"] * 10
