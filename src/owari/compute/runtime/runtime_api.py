"""The Lambda Runtime API and Extensions API of one environment, without sockets.

A runtime asks for the next invocation and answers it; extensions register and ask for the next
event. The environment is ready, and free for another invocation, when the runtime and every
extension is asking. `ask` objects stand for a request that waits for its answer.

Sources: "Using the Lambda runtime API for custom runtimes", "Using the Lambda Extensions API to
create extensions" and "Response streaming for custom runtimes" (Lambda developer guide).
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from . import wire
from .http1 import Request

RUNTIME = "/2018-06-01/runtime/"
EXTENSION = "/2020-01-01/extension/"
NOT_HERE = ("/2020-08-15/logs", "/2022-07-01/telemetry")
RESPONSE_MAX_BYTES = 6 * 1024 * 1024 + 100  # Lambda quotas: invocation payload
STREAM_MAX_BYTES = 200 * 1024 * 1024  # Lambda quotas: streamed response
SHUTDOWN_MS = 2_000  # Extensions API: "Shutdown phase"
EXTENSION_EVENTS = ("INVOKE", "SHUTDOWN")

Answer = Any  # (status, body, headers)


def _error(status: int, kind: str, message: str) -> Answer:
    body = json.dumps({"errorMessage": message, "errorType": kind}).encode()
    return status, body, {"Content-Type": "application/json"}


def _fine(status: int = 202) -> Answer:
    return status, b'{"status":"OK"}\n', {"Content-Type": "application/json"}


class Extension:
    """One that has registered. `asking`: it waits for its next event."""

    def __init__(self, name: str, events: list[str]) -> None:
        self.name = name
        self.events = events
        self.asking = None  # type: Any


class RuntimeApi:
    """`send(kind, meta, payload)` speaks to the agent; `reply(ask, answer)` answers a request.

    `on_init_error()`: the runtime has given up.
    """

    def __init__(self, arn: str, variables: dict[str, str], send: Any, reply: Any) -> None:
        self.arn = arn
        self.variables = variables
        self.send = send
        self.reply = reply
        self.expected = set()  # type: set[str]  # extensions that have been started
        self.extensions = {}  # type: dict[str, Extension]  # by identifier
        self.started = False  # the runtime has asked once
        self.failed = False  # it has reported an error of its initialisation
        self.asking = None  # type: Any  # the runtime waits for an invocation
        self.request_id = ""  # of the invocation under way
        self.answered = True
        self.streaming = False  # the caller takes the answer in pieces
        self._told_ready = False

    # ---- the agent's side
    def invoke(self, meta: list[Any], event: bytes) -> None:
        """Only when ready."""
        self.request_id, deadline_ms, trace, client = meta[:4]
        self.streaming = len(meta) > 4 and bool(meta[4])
        self.answered = False
        self._told_ready = False
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.arn,
        }
        if trace:
            headers["Lambda-Runtime-Trace-Id"] = trace
        if client:
            headers["Lambda-Runtime-Client-Context"] = json.dumps(json.loads(client))
        asking, self.asking = self.asking, None
        self.reply(asking, (200, event, headers))
        told = {
            "eventType": "INVOKE",
            "deadlineMs": deadline_ms,
            "requestId": self.request_id,
            "invokedFunctionArn": self.arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": trace or ""},
        }
        self._tell("INVOKE", told)

    def shut_down(self, reason: str) -> bool:
        """Tell the extensions that want to know; whether there is one."""
        deadline_ms = int(time.time() * 1000) + SHUTDOWN_MS
        told = {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms}
        return self._tell("SHUTDOWN", told)

    def _tell(self, event: str, told: dict[str, Any]) -> bool:
        listening = [e for e in self.extensions.values() if event in e.events and e.asking]
        for extension in listening:
            asking, extension.asking = extension.asking, None
            headers = {
                "Content-Type": "application/json",
                "Lambda-Extension-Event-Identifier": self.request_id or "shutdown",
            }
            self.reply(asking, (200, json.dumps(told).encode(), headers))
        return bool(listening)

    # ---- the runtime's side
    def keeps(self, request: Request) -> bool:
        """Whether the data of a request's body is to be kept, not handed on as it comes."""
        return not (self._is_streamed(request) and self._is_current(request))

    def on_data(self, request: Request, data: bytes) -> None:
        """A piece of a streamed response."""
        if request.size <= STREAM_MAX_BYTES:
            self.send(wire.CHUNK, b"", data)

    def handle(self, request: Request, ask: Any) -> Answer | None:
        """A request is whole. None: it is answered later."""
        path = request.path.partition("?")[0]
        if path.startswith(RUNTIME):
            return self._runtime(request, path[len(RUNTIME) :], ask)
        if path.startswith(EXTENSION):
            return self._extension(request, path[len(EXTENSION) :], ask)
        if path in NOT_HERE:
            return _error(501, "NotImplemented", f"{path} is not implemented by Owari")
        return _error(404, "NotFound", f"{path} is not a path of the Lambda Runtime API")

    def _runtime(self, request: Request, path: str, ask: Any) -> Answer | None:
        parts = path.split("/")
        if (request.method, path) == ("GET", "invocation/next"):
            if not self.answered:
                return self._bad_state("Invoke", "Ready")
            self.started = True
            self.asking = ask
            self.look()
            return None
        if (request.method, path) == ("POST", "init/error"):
            return self._init_error(request)
        if request.method != "POST" or len(parts) != 3 or parts[0] != "invocation":
            return _error(404, "NotFound", f"{request.path} is not here")
        if parts[2] == "response":
            return self._response(request)
        if parts[2] == "error":
            return self._invocation_error(request)
        return _error(404, "NotFound", f"{request.path} is not here")

    def _bad_state(self, state: str, wanted: str) -> Answer:
        words = f"State transition from {state} to {wanted} failed for runtime. "
        return _error(
            403, "InvalidStateTransition", words + "Error: State transition is not allowed"
        )

    def _is_current(self, request: Request) -> bool:
        return not self.answered and request.path.split("/")[4:5] == [self.request_id]

    def _is_streamed(self, request: Request) -> bool:
        """Whether it is a response in pieces, and the caller takes it so."""
        mode = request.headers.get("lambda-runtime-function-response-mode", "")
        streams = mode.lower() == "streaming" and request.path.endswith("/response")
        return streams and self.streaming

    def _refusal(self, request: Request, wanted: str) -> Answer | None:
        if self.answered:
            return self._bad_state("Ready", wanted)
        if not self._is_current(request):
            return _error(400, "InvalidRequestID", "Invalid request ID")
        return None

    def _response(self, request: Request) -> Answer | None:
        refused = self._refusal(request, "InvocationResponse")
        if refused is not None:
            return refused
        self.answered = True
        kind = request.trailers.get("lambda-runtime-function-error-type", "")
        if kind:
            words = request.trailers.get("lambda-runtime-function-error-body", "")
            body = base64.b64decode(words) if words else b""
            self.send(wire.ERROR, wire.OPEN, error_payload(body, kind))
            return _fine()
        most = STREAM_MAX_BYTES if self._is_streamed(request) else RESPONSE_MAX_BYTES
        if request.size > most:
            words = f"maximum allowed payload size ({most} bytes)."
            told = {
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": f"Response payload size exceeded {words}",
            }
            self.send(wire.ERROR, wire.OPEN, json.dumps(told).encode())
            return _error(413, "RequestEntityTooLarge", f"Exceeded {words}")
        self.send(wire.RESULT, wire.OPEN, bytes(request.body))
        return _fine()

    def _invocation_error(self, request: Request) -> Answer:
        refused = self._refusal(request, "InvocationErrorResponse")
        if refused is not None:
            return refused
        self.answered = True
        kind = request.headers.get("lambda-runtime-function-error-type", "")
        self.send(wire.ERROR, wire.OPEN, error_payload(bytes(request.body), kind))
        return _fine()

    def _init_error(self, request: Request) -> Answer:
        if self.started:
            return self._bad_state("Ready", "InitError")
        self.failed = True
        kind = request.headers.get("lambda-runtime-function-error-type", "")
        self.send(wire.INIT_ERROR, b"", error_payload(bytes(request.body), kind))
        return _fine()

    # ---- extensions
    def _extension(self, request: Request, path: str, ask: Any) -> Answer | None:
        if (request.method, path) == ("POST", "register"):
            return self._register(request)
        found = self.extensions.get(request.headers.get("lambda-extension-identifier", ""))
        if found is None:
            return _error(403, "Extension.UnknownExtensionIdentifier", "Unknown extension")
        if (request.method, path) == ("GET", "event/next"):
            found.asking = ask
            self.look()
            return None
        if request.method == "POST" and path in ("init/error", "exit/error"):
            kind = request.headers.get("lambda-extension-function-error-type", "Extension.Error")
            if path == "init/error":
                self.failed = True
                self.send(wire.INIT_ERROR, b"", error_payload(bytes(request.body), kind))
            return _fine()
        return _error(404, "NotFound", f"{request.path} is not here")

    def _register(self, request: Request) -> Answer:
        name = request.headers.get("lambda-extension-name", "")
        try:
            wanted = json.loads(request.body or b"{}").get("events", [])
        except (ValueError, AttributeError):
            return _error(400, "InvalidRequestFormat", "The body is not a JSON object")
        if not name:
            return _error(400, "InvalidRequestFormat", "Lambda-Extension-Name is missing")
        unknown = [event for event in wanted if event not in EXTENSION_EVENTS]
        if unknown:
            return _error(400, "Extension.InvalidEventType", f"Invalid event: {unknown[0]}")
        if self.started:
            return _error(403, "Extension.RegistrationClosed", "The init phase is over")
        identifier = f"{len(self.extensions):08x}-0000-4000-8000-{id(self) & 0xFFFFFFFFFFFF:012x}"
        self.extensions[identifier] = Extension(name, wanted)
        self.expected.discard(name)
        told = {
            "functionName": self.variables.get("AWS_LAMBDA_FUNCTION_NAME", ""),
            "functionVersion": self.variables.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
            "handler": self.variables.get("_HANDLER", ""),
        }
        headers = {
            "Content-Type": "application/json",
            "Lambda-Extension-Identifier": identifier,
        }
        return 200, json.dumps(told).encode(), headers

    def gone(self, ask: Any) -> None:
        """Whoever asked has closed its connection."""
        if self.asking is ask:
            self.asking = None
        for extension in self.extensions.values():
            if extension.asking is ask:
                extension.asking = None

    # ----
    def look(self) -> None:
        """Tell the agent once everybody is waiting for the next invocation."""
        waiting = all(e.asking for e in self.extensions.values() if e.events)
        if self.asking and waiting and not self.expected and not self._told_ready:
            self._told_ready = True
            self.send(wire.READY, b"", b"")


def error_payload(body: bytes, kind: str) -> bytes:
    """What the caller is told of an error: the runtime's own words where they are JSON."""
    try:
        if isinstance(json.loads(body), dict):
            return body
    except ValueError:
        pass
    told = {"errorType": kind or "Runtime.Unknown", "errorMessage": body.decode("utf-8", "replace")}
    return json.dumps(told).encode()
