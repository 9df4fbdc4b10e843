"""Node.js functions: handlers of every kind, their context, errors, log and streams."""

from __future__ import annotations

import json
import re
import shutil
import socket
from typing import Any

import pytest

from tests.compute.lab import PATIENCE_S, Lab, Report, warm
from tests.support.server import eventually
from tests.support.zips import zipped

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node on PATH")

ECHO = "exports.handler = async (event) => event;\n"


def node(
    lab: Lab, source: str, event: Any = None, name: str = "index.js", **changes: Any
) -> Report:
    files: dict[str, str | bytes] = {name: source}
    given = {"runtime": "nodejs20.x", "handler": "index.handler"} | changes
    spec = lab.spec(zipped(files), event, **given)
    return lab.invoke_all([spec])[0]


def result(lab: Lab, source: str, event: Any = None, **changes: Any) -> Any:
    report = node(lab, source, event, **changes)
    assert report["status"] == "ok", (report["payload"], report["message"], report["log_tail"])
    return json.loads(report["payload"])


def test_event_and_result_are_json_of_any_kind(lab: Lab) -> None:
    for value in (None, 1, "x", [1, {"a": None}], {"ключ": "日本語 \U0001f600"}, "é" * 2_000_000):
        assert result(lab, ECHO, value) == value


@pytest.mark.parametrize(
    "body",
    [
        "async (event) => event.n + 1",
        "(event, context, callback) => callback(null, event.n + 1)",
        "(event, context, callback) => { setTimeout(() => callback(null, event.n + 1), 5); }",
        "(event, context) => context.succeed(event.n + 1)",
        "(event, context) => { setTimeout(() => context.done(null, event.n + 1), 5); }",
    ],
)
def test_handlers_of_every_kind(lab: Lab, body: str) -> None:
    assert result(lab, f"exports.handler = {body};", {"n": 1}) == 2


def test_a_handler_that_never_answers_gives_null(lab: Lab) -> None:
    assert result(lab, "exports.handler = (event, context, callback) => { };") is None


def test_a_callback_waits_for_the_event_loop_unless_told_not_to(lab: Lab) -> None:
    source = """
        let late = false;
        exports.handler = (event, context, callback) => {
          context.callbackWaitsForEmptyEventLoop = event.wait;
          setTimeout(() => { late = true; }, 60);
          callback(null, { get late() { return late; } });
        };
        """
    assert result(lab, source, {"wait": True}) == {"late": True}
    assert result(lab, source + "// again", {"wait": False}) == {"late": False}


def test_es_modules(lab: Lab) -> None:
    source = """
        import path from "node:path";
        const ready = await Promise.resolve(7);
        export const handler = async () => [ready, path.basename(import.meta.url)];
        """
    assert result(lab, source, name="index.mjs") == [7, "index.mjs"]
    package = zipped({"package.json": '{"type": "module"}', "index.js": source})
    spec = lab.spec(package, runtime="nodejs20.x", handler="index.handler")
    assert json.loads(lab.invoke_all([spec])[0]["payload"]) == [7, "index.js"]


def test_a_nested_handler_in_a_folder(lab: Lab) -> None:
    source = "exports.a = { b: async () => __dirname };"
    seen = result(lab, source, name="src/app.js", handler="src/app.a.b")
    assert seen.endswith("/src")


def test_warm_state_and_context(lab: Lab) -> None:
    source = """
        let n = 0;
        exports.handler = async (event, context) => [++n, {
          ...context, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID,
          root: process.env.LAMBDA_TASK_ROOT, dir: __dirname, cwd: process.cwd() }];
        """
    first = node(lab, source)
    assert first["cold"]
    # One that answered is busy until it asks for more: on a slow machine another may be started.
    second = eventually(lambda: (later := node(lab, source))["cold"] is False and later)
    (one, seen), (two, _) = json.loads(first["payload"]), json.loads(second["payload"])
    assert (one, two) == (1, 2)
    assert seen["functionName"] == "f" and seen["memoryLimitInMB"] == "128"
    assert seen["logStreamName"] == first["log_stream"]
    assert 0 < seen["left"] <= 10_000
    assert seen["trace"].startswith("Root=1-")
    assert seen["root"] == seen["dir"] == seen["cwd"]


def test_console_lines_and_tail(lab: Lab) -> None:
    source = """
        exports.handler = async () => {
          console.log("hello %s", "there", { a: 1 });
          console.error("two\\nlines");
          process.stdout.write("plain\\n");
        };
        """
    report = node(lab, source)
    tail = report["log_tail"].decode()
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t[0-9a-f-]{36}"
    assert re.search(rf"^{stamp}\tINFO\thello there {{ a: 1 }}$", tail, re.M)
    assert re.search(rf"^{stamp}\tERROR\ttwo$", tail, re.M)
    lines = tail.splitlines()
    assert lines[0].startswith("START ") and "plain" in lines
    assert lines[-2].startswith("END ") and lines[-1].startswith("REPORT ")
    lab.wait_for_line(lines[-1])
    assert any(text.endswith("\ttwo\nlines\n") for text in lab.lines())
    assert any(re.match(r"INIT_START Runtime Version: node v\d+", text) for text in lab.lines())


def test_console_in_json(lab: Lab) -> None:
    source = """
        exports.handler = async () => {
          console.debug("not this");
          console.info("told", 1);
          console.error(new TypeError("bad"));
        };
        """
    logging = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
    tail = node(lab, source, logging=logging)["log_tail"].decode()
    told, bad = (json.loads(line) for line in tail.splitlines())
    assert (told["level"], told["message"]) == ("INFO", "told 1")
    assert (bad["level"], bad["errorType"], bad["errorMessage"]) == ("ERROR", "TypeError", "bad")


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("async () => { throw new RangeError('far'); }", "RangeError", "far"),
        ("() => { throw new TypeError('now'); }", "TypeError", "now"),
        ("(e, c, callback) => callback(new Error('told'))", "Error", "told"),
        ("(e, c, callback) => callback('a text')", "string", "a text"),
        ("async () => { throw 'a text'; }", "string", "a text"),
    ],
)
def test_errors(lab: Lab, body: str, kind: str, words: str) -> None:
    report = node(lab, f"exports.handler = {body};")
    assert report["status"] == "error"
    payload = json.loads(report["payload"])
    assert (payload["errorType"], payload["errorMessage"]) == (kind, words)
    assert isinstance(payload["trace"], list)
    assert '\tERROR\tInvoke Error \t{"errorType":' in report["log_tail"].decode()


def test_an_error_leaves_the_environment_warm(lab: Lab) -> None:
    source = (
        "let n = 0; exports.handler = async () => { if (!n++) throw new Error('x'); return n; };"
    )
    assert node(lab, source)["status"] == "error"
    assert warm(lambda: node(lab, source))["payload"] == b"2"


def test_a_promise_that_is_never_settled(lab: Lab) -> None:
    report = node(lab, "exports.handler = () => new Promise(() => {});")
    assert json.loads(report["payload"])["errorType"] == "Runtime.NodeJsExit"


def test_an_unhandled_rejection_ends_the_environment(lab: Lab) -> None:
    source = """
        exports.handler = async (event) => {
          if (event) Promise.reject(new Error("lost"));
          await new Promise((resolve) => setTimeout(resolve, 50));
          return "fine";
        };
        """
    payload = json.loads(node(lab, source, 1)["payload"])
    assert payload["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert payload["errorMessage"] == "Error: lost"
    again = node(lab, source, 0)
    assert (again["cold"], again["payload"]) == (True, b'"fine"')


@pytest.mark.parametrize(
    ("source", "handler", "kind"),
    [
        ("exports.handler = ;", "index.handler", "Runtime.UserCodeSyntaxError"),
        ("exports.other = 1;", "index.handler", "Runtime.HandlerNotFound"),
        ("exports.handler = 1;", "index.handler", "Runtime.HandlerNotFound"),
        ("", "nowhere.handler", "Runtime.ImportModuleError"),
        ("require('not-there');", "index.handler", "Runtime.ImportModuleError"),
        ("throw new EvalError('at init');", "index.handler", "EvalError"),
    ],
)
def test_errors_of_the_initialisation(lab: Lab, source: str, handler: str, kind: str) -> None:
    report = node(lab, source, handler=handler)
    assert report["status"] == "error"
    assert json.loads(report["payload"])["errorType"] == kind


def test_an_sdk_that_is_not_there_is_said_with_its_remedy(lab: Lab) -> None:
    report = node(lab, "require('@aws-sdk/client-nowhere');", handler="index.handler")
    message = json.loads(report["payload"])["errorMessage"]
    assert "aws-sdk-js-v3/node_modules: npm install --prefix " in message
    assert message.endswith("aws-sdk-js-v3 @aws-sdk/client-nowhere")


def test_time_runs_out(lab: Lab) -> None:
    source = "exports.handler = async () => { for (;;) {} };"
    report = node(lab, source, timeout_s=1)
    payload = json.loads(report["payload"])
    assert payload["errorType"] == "Sandbox.Timedout"
    assert payload["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert result(lab, ECHO, 1) == 1


def test_exits(lab: Lab) -> None:
    payload = json.loads(node(lab, "exports.handler = () => process.exit(3);")["payload"])
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("Runtime exited with error: exit status 3")
    killed = "exports.handler = () => process.kill(process.pid, 'SIGKILL');"
    payload = json.loads(node(lab, killed)["payload"])
    assert payload["errorMessage"].endswith("Runtime exited with error: signal: killed")


def test_memory_runs_out(lab: Lab) -> None:
    if not lab.agent["isolation"].startswith("cgroup"):
        pytest.skip("needs cgroups")
    source = (
        "exports.handler = async () => { const a = []; for (;;) a.push(Buffer.alloc(8e6, 1)); };"
    )
    payload = json.loads(node(lab, source)["payload"])
    assert payload["errorType"] == "Runtime.OutOfMemory"


def test_a_response_too_large(lab: Lab) -> None:
    report = node(lab, "exports.handler = async () => 'x'.repeat(6500000);", memory_mib=512)
    payload = json.loads(report["payload"])
    assert payload["errorType"] == "Function.ResponseSizeTooLarge"


def test_streams(lab: Lab) -> None:
    """What is written second waits until somebody has read the first."""
    source = """
        const net = require("net");
        const read = (port) => port && new Promise((resolve) => {
          const test = net.connect(port, "127.0.0.1");
          test.on("data", () => { test.end(); resolve(); });
        });
        exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
          stream.write("one ");
          await read(event.read);
          if (event.fail) throw new Error("half way");
          stream.write("two");
          stream.end();
        });
        """
    package = zipped({"index.js": source})
    with socket.create_server(("127.0.0.1", 0)) as meeting:
        meeting.settimeout(PATIENCE_S)
        event = {"read": meeting.getsockname()[1]}

        def heard(piece: bytes) -> None:
            if piece == b"one ":
                with meeting.accept()[0] as function:
                    function.sendall(b"r")

        chunks, report = lab.stream(package, event, heard=heard, timeout_s=90)
        assert chunks == [b"one ", b"two"]
        assert (report["status"], report["payload"]) == ("ok", b"")
        chunks, report = lab.stream(package, event | {"fail": True}, heard=heard, timeout_s=90)
        assert chunks == [b"one "]
    assert report["status"] == "error"
    assert json.loads(report["payload"])["errorMessage"] == "half way"
    buffered = node(lab, source, {})
    assert (buffered["status"], buffered["payload"]) == ("ok", b"one two")


def test_a_stream_with_a_prelude_for_http(lab: Lab) -> None:
    source = """
        exports.handler = awslambda.streamifyResponse(async (event, stream) => {
          stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
          stream.write("body");
          stream.end();
        });
        """
    chunks, _ = lab.stream(zipped({"index.js": source}), None)
    assert b"".join(chunks) == b'{"statusCode":201}' + bytes(8) + b"body"


def test_a_function_that_does_not_stream_gives_one_piece(lab: Lab) -> None:
    chunks, report = lab.stream(zipped({"index.js": ECHO}), [1])
    assert (chunks, report["payload"]) == ([b"[1]"], b"")


def test_version_2_of_the_sdk_is_told_the_endpoint(lab: Lab) -> None:
    core = "exports.config = { update(more) { Object.assign(this, more); } };"
    package = zipped(
        {
            "node_modules/aws-sdk/lib/core.js": core,
            "node_modules/aws-sdk/index.js": "module.exports = require('./lib/core');",
            "index.js": "const { config } = require('aws-sdk');\n"
            "exports.handler = async () => [config.endpoint, config.s3ForcePathStyle];",
        }
    )
    spec = lab.spec(package, runtime="nodejs16.x", handler="index.handler")
    assert json.loads(lab.invoke_all([spec])[0]["payload"]) == [lab.endpoint, True]
