"""Runtimes that bring their own program: the Runtime API, layers, extensions, kept environments."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
import stat
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.compute.lab import Lab, Report, warm
from tests.support.zips import zipped

SHELL = """#!/bin/sh
API=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
while true; do
  HEADERS=$(mktemp)
  EVENT=$(curl -sS -LD "$HEADERS" "$API/invocation/next")
  ID=$(grep -i Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  echo "event $EVENT"
  curl -sS "$API/invocation/$ID/response" -d "$(BODY)" >/dev/null
done
"""

# A runtime in a few lines of Python, for what a shell cannot do.
PYTHON = f"""#!{sys.executable}
import http.client, json, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
ROOT = "/2018-06-01/runtime"
def ask(method, path, body=None, headers={{}}):
    api.request(method, ROOT + path, body, headers)
    answer = api.getresponse()
    return answer.status, dict(answer.headers), answer.read()
SETUP
while True:
    status, headers, event = ask("GET", "/invocation/next")
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    own = f"/invocation/{{request_id}}"
BODY
"""


def executable(files: dict[str, str | bytes]) -> bytes:
    """A zip whose members may all be executed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFREG | 0o755) << 16
            bundle.writestr(info, content)
    return buffer.getvalue()


def runtime(body: str, setup: str = "") -> bytes:
    indented = "\n".join("    " + line for line in body.strip("\n").splitlines())
    return executable({"bootstrap": PYTHON.replace("SETUP", setup).replace("BODY", indented)})


RESPOND = 'ask("POST", own + "/response", event)'


def invoke(lab: Lab, package: bytes, event: Any = None, **changes: Any) -> Report:
    given = {"runtime": "provided.al2023", "handler": "any.thing"} | changes
    return lab.invoke_all([lab.spec(package, event, **given)])[0]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_a_bootstrap_in_shell(lab: Lab) -> None:
    package = executable({"bootstrap": SHELL.replace("$(BODY)", '{\\"got\\": $EVENT}')})
    for n in (1, 2):
        report = invoke(lab, package, {"n": n}, runtime="provided")
        assert report["status"] == "ok"
        assert report["cold"] or n > 1
        assert json.loads(report["payload"]) == {"got": {"n": n}}
        assert f'event {{"n": {n}}}' in report["log_tail"].decode()


def test_headers_of_an_invocation(lab: Lab) -> None:
    body = 'ask("POST", own + "/response", json.dumps([headers, dict(os.environ)]))'
    spec = lab.spec(runtime(body), runtime="provided.al2", handler="my.handler", timeout_s=5)
    seen, environ = json.loads(lab.invoke_all([spec])[0]["payload"])
    assert seen["Lambda-Runtime-Aws-Request-Id"] == spec["request_id"]
    assert seen["Lambda-Runtime-Invoked-Function-Arn"] == spec["function_arn"]
    assert seen["Lambda-Runtime-Trace-Id"] == spec["trace_id"]
    assert int(seen["Lambda-Runtime-Deadline-Ms"]) > 1_600_000_000_000
    assert environ["_HANDLER"] == "my.handler"
    assert environ["AWS_EXECUTION_ENV"] == "AWS_Lambda_provided.al2"


def test_an_error_that_the_runtime_reports(lab: Lab) -> None:
    body = """
fault = json.dumps({"errorType": "Mine", "errorMessage": "no", "stackTrace": []})
ask("POST", own + "/error", fault, {"Lambda-Runtime-Function-Error-Type": "Mine"})
"""
    report = invoke(lab, runtime(body))
    assert report["status"] == "error"
    assert json.loads(report["payload"])["errorType"] == "Mine"
    warm(lambda: invoke(lab, runtime(body)))


def test_an_error_of_the_initialisation(lab: Lab) -> None:
    setup = """
fault = json.dumps({"errorType": "Init.Mine", "errorMessage": "never"})
ask("POST", "/init/error", fault, {"Lambda-Runtime-Function-Error-Type": "Init.Mine"})
sys.exit(1)
"""
    payload = json.loads(invoke(lab, runtime(RESPOND, setup))["payload"])
    assert payload == {"errorType": "Init.Mine", "errorMessage": "never"}


def test_what_is_not_allowed_is_answered_so(lab: Lab) -> None:
    body = """
wrong = ask("POST", "/invocation/another/response", "1")
fine = ask("POST", own + "/response", "2")
twice = ask("POST", own + "/response", "3")
unknown = ask("GET", "/nowhere")
print(wrong[0], json.loads(wrong[2])["errorType"], fine[0], twice[0],
      json.loads(twice[2])["errorType"], unknown[0], flush=True)
"""
    report = invoke(lab, runtime(body))
    assert report["payload"] == b"2"
    lab.wait_for_line("400 InvalidRequestID 202 403 InvalidStateTransition 404")


def test_garbage_does_not_harm_the_environment(lab: Lab) -> None:
    body = """
import socket
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
bad_length = b"GET / HTTP/1.1\\r\\nContent-Length: x\\r\\n\\r\\n"
for data in (b"nonsense\\r\\n\\r\\n", bad_length, b"\\0" * 99):
    with socket.create_connection((host, int(port))) as other:
        other.sendall(data)
        other.shutdown(socket.SHUT_WR)
        other.recv(4096)
ask("POST", own + "/response", "1")
"""
    assert invoke(lab, runtime(body))["payload"] == b"1"
    assert warm(lambda: invoke(lab, runtime(body)))["payload"] == b"1"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"other": ""}, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        ({"bootstrap": "#!/not/there\n"}, "no such file or directory"),
        ({"bootstrap": b"\x7fELF nonsense"}, "exec format error"),
    ],
)
def test_a_bootstrap_that_cannot_be_run(lab: Lab, files: dict[str, Any], words: str) -> None:
    payload = json.loads(invoke(lab, executable(files))["payload"])
    assert payload["errorType"] == "Runtime.InvalidEntrypoint"
    assert payload["errorMessage"].startswith("RequestId: ") and words in payload["errorMessage"]


def test_a_bootstrap_that_is_not_executable(lab: Lab) -> None:
    payload = json.loads(invoke(lab, zipped({"bootstrap": "#!/bin/sh\n"}))["payload"])
    assert payload["errorMessage"].endswith("permission denied")


def test_a_runtime_that_ends(lab: Lab) -> None:
    payload = json.loads(invoke(lab, runtime("os._exit(7)"))["payload"])
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("Runtime exited with error: exit status 7")
    at_once = executable({"bootstrap": "#!/bin/sh\nexit 0\n"})
    payload = json.loads(invoke(lab, at_once)["payload"])
    assert payload["errorMessage"].endswith("Runtime exited without providing a reason")
    after = runtime(RESPOND + "\nos._exit(1)")
    for _ in range(2):
        report = invoke(lab, after, 5)
        assert (report["payload"], report["cold"]) == (b"5", True)


def test_time_runs_out_for_it_and_its_children(lab: Lab) -> None:
    report = invoke(lab, runtime("os.system('sleep 60')"), timeout_s=1)
    assert json.loads(report["payload"])["errorType"] == "Sandbox.Timedout"


def test_a_stream_of_many_pieces(lab: Lab) -> None:
    body = """
api.putrequest("POST", ROOT + own + "/response")
api.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
api.putheader("Transfer-Encoding", "chunked")
api.endheaders()
for n in range(20):
    api.send(b"%x\\r\\n%s\\r\\n" % (100_000, b"%d" % (n % 10) * 100_000))
api.send(b"0\\r\\n\\r\\n")
api.getresponse().read()
"""
    chunks, report = lab.stream(runtime(body), 1, runtime="provided.al2023")
    assert report["status"] == "ok"
    assert b"".join(chunks) == b"".join(b"%d" % (n % 10) * 100_000 for n in range(20))


# ---- layers
def layer(lab: Lab, files: dict[str, str | bytes]) -> dict[str, str]:
    return {"code": lab.code(executable(files))}


def test_layers_lie_at_opt_in_their_order(lab: Lab) -> None:
    first = layer(lab, {"data/a": "1", "data/both": "1", "python/one.py": "N = 1"})
    second = layer(lab, {"data/b": "2", "data/both": "2", "python/two.py": "N = 2"})
    site = layer(lab, {f"python/lib/python3.{sys.version_info[1]}/site-packages/three.py": "N = 3"})
    source = """
        import one, two, three, subprocess
        def handler(event, context):
            read = [open("/opt/data/" + name).read() for name in ("a", "b", "both")]
            try:
                open("/opt/data/a", "w")
            except OSError as error:
                read.append(error.errno)
            return read, [one.N, two.N, three.N]
        """
    read, numbers = lab.result(source, layers=[first, second, site])
    assert read == ["1", "2", "2", 30] and numbers == [1, 2, 3]


def test_a_folder_of_the_host_as_a_layer(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_text("#!/bin/sh\necho from the tool\n")
    (tmp_path / "bin" / "tool").chmod(0o755)
    source = """
        import subprocess
        def handler(event, context):
            return subprocess.check_output(["tool"], text=True)
        """
    assert lab.result(source, layers=[{"folder": str(tmp_path)}]) == "from the tool\n"


def test_a_bootstrap_in_a_layer(lab: Lab) -> None:
    bootstrap = {"code": lab.code(runtime(RESPOND))}
    report = invoke(lab, zipped({"app.txt": ""}), 4, layers=[bootstrap])
    assert report["payload"] == b"4"


EXTENSION = f"""#!{sys.executable}
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
name = {{"Lambda-Extension-Name": os.path.basename(__file__)}}
body = json.dumps({{"events": ["INVOKE", "SHUTDOWN"]}})
api.request("POST", "/2020-01-01/extension/register", body, name)
answer = api.getresponse()
told = json.loads(answer.read())
own = {{"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}}
print("registered for", told["functionName"], flush=True)
while True:
    api.request("GET", "/2020-01-01/extension/event/next", headers=own)
    event = json.loads(api.getresponse().read())
    print("extension heard", event["eventType"], event.get("requestId"), flush=True)
    if event["eventType"] == "SHUTDOWN":
        break
"""


def test_an_extension_hears_of_invocations_and_the_end(lab: Lab) -> None:
    extension = layer(lab, {"extensions/watcher": EXTENSION})
    package = runtime(RESPOND)
    changes: dict[str, Any] = {"layers": [extension], "runtime": "provided.al2023", "slot": "x"}
    first = lab.spec(package, 1, **changes)
    assert lab.invoke_all([first])[0]["payload"] == b"1"
    lab.wait_for_line("registered for f")
    lab.wait_for_line(f"extension heard INVOKE {first['request_id']}")
    warm(lambda: lab.invoke_all([lab.spec(package, 2, **changes)])[0])
    lab.invoke_all([lab.spec(package, 3, **changes, environment="a newer one")])  # the older goes
    lab.wait_for_line("extension heard SHUTDOWN")


# ---- code that is a folder
def test_a_folder_as_code_is_taken_as_it_is_now(lab: Lab, tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text("def handler(event, context):\n    return 'old'\n")
    changes: dict[str, Any] = {"code": "", "code_folder": str(tmp_path), "environment": "hot"}

    def ask() -> Report:
        report = lab.invoke_all([lab.spec("", **changes)])[0]
        assert report["status"] == "ok", report
        return report

    def changed() -> Any:
        report = ask()
        assert report["cold"]
        return json.loads(report["payload"])

    def unchanged() -> Any:
        return json.loads(warm(ask)["payload"])

    assert changed() == "old"
    assert unchanged() == "old"
    for n in range(3):
        app.write_text(f"import more.deep\ndef handler(event, context):\n    return {n}\n")
        (tmp_path / "more").mkdir(exist_ok=True)
        (tmp_path / "more" / "deep.py").write_text(f"N = {n}\n")
        assert changed() == n
        assert unchanged() == n
        (tmp_path / "more" / "deep.py").write_text("N = -1\n")
        assert changed() == n


def test_a_folder_as_layer_is_taken_as_it_is_now(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    module = tmp_path / "python" / "words.py"
    source = "import words\ndef handler(event, context):\n    return words.N\n"
    other = layer(lab, {"data/a": "1"})
    for layers in ([{"folder": str(tmp_path)}], [other, {"folder": str(tmp_path)}]):
        for n in (1, 22, 333):  # of other lengths: what was compiled within the second counts too
            module.write_text(f"N = {n}\n")
            assert lab.result(source, layers=layers) == n
        assert warm(lambda given=layers: lab.invoke(source, layers=given))["payload"] == b"333"  # type: ignore[misc]


def test_a_folder_that_is_gone(lab: Lab, tmp_path: Path) -> None:
    spec = lab.spec("", code="", code_folder=str(tmp_path / "none"), environment="gone")
    report = lab.invoke_all([spec])[0]
    assert report["status"] == "failed" and str(tmp_path / "none") in report["message"]


# ---- kept warm
def keep(lab: Lab, spec: dict[str, Any], count: int) -> None:
    async def tell() -> None:
        lab.compute.keep_warm(spec, count)

    lab.runner.run(tell())


def environments(lab: Lab) -> int:
    return int(lab.agent.get("environments", -1))


def test_environments_are_kept_warm(make_lab: Any) -> None:
    lab = make_lab(idle_s=0.2)
    source = """
        import os, time
        def handler(event, context):
            time.sleep(0.2)
            return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
        """
    spec = lab.spec(source, environment="kept", slot="kept")
    keep(lab, spec, 2)
    lab.wait(lambda: environments(lab) == 2)
    specs = [lab.spec(source, environment="kept", slot="kept") for _ in range(2)]
    reports = lab.invoke_all(specs)
    assert [r["payload"] for r in reports] == [b'"provisioned-concurrency"'] * 2
    assert environments(lab) == 2
    lab.reconnect()
    keep(lab, spec, 1)
    lab.wait(lambda: environments(lab) == 1)
    crash = lab.spec(source, environment="kept", slot="kept", timeout_s=0.1)
    lab.invoke_all([crash])
    lab.wait(lambda: environments(lab) == 1)
    keep(lab, spec, 0)
    lab.wait(lambda: environments(lab) == 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user")
def test_another_user_cannot_speak_for_the_runtime(lab: Lab) -> None:
    body = 'ask("POST", own + "/response", json.dumps(os.environ["AWS_LAMBDA_RUNTIME_API"]))'
    report = invoke(lab, runtime(body + "  # peers"))
    assert report["status"] == "ok", report
    host, port = json.loads(report["payload"]).split(":")

    def heard(user: int) -> bytes:
        os.seteuid(user)  # whose a socket is, is decided as it is made
        try:
            client = socket.create_connection((host, int(port)), timeout=120)
        finally:
            os.seteuid(0)
        with client, contextlib.suppress(ConnectionError):
            client.sendall(b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\n\r\n")
            return client.recv(100)
        return b""

    assert heard(0).startswith(b"HTTP/1.1 403")  # its own user: heard, and told off
    assert heard(65534) == b""


def test_a_port_is_gone_with_its_environment(make_lab: Any) -> None:
    lab = make_lab()
    body = 'ask("POST", own + "/response", json.dumps(os.environ["AWS_LAMBDA_RUNTIME_API"]))'
    host, port = json.loads(invoke(lab, runtime(body))["payload"]).split(":")
    socket.create_connection((host, int(port))).close()
    before = lab.agents[-1][0]
    lab.kill_agent()

    def is_gone() -> bool:
        try:
            socket.create_connection((host, int(port))).close()
        except OSError:
            return True
        return False

    lab.wait(is_gone)
    lab.wait(lambda: lab.agents[-1][0] != before)  # or the next one would be left behind
