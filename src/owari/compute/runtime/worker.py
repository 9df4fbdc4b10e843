"""A worker: one function environment, forked from a zygote. Answers one invocation at a time.

It prepares itself while nobody waits for it (`prepare`), then learns whose environment it is
(`settle`, `begin`), then serves (`serve`). Whatever the function does to the process, the agent
sees either a frame or the end of the process.
"""

# pathlib and contextlib would cost memory and time in every worker.
# ruff: noqa: PTH112, PTH113, PTH118

from __future__ import annotations

import fcntl
import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from . import ephemeral, faults, logs, sandbox, settling, wire
from .context import LambdaContext
from .faults import Fault
from .host import Host

RESPONSE_MAX_BYTES = 6 * 1024 * 1024 + 100  # Lambda quotas: invocation payload
HIGH_FD = 300  # out of the way of a function that counts its descriptors
SDK = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
WIDE_JSON = ("AWS_Lambda_python3.12", "AWS_Lambda_python3.13", "AWS_Lambda_python3.14")


class Worker:
    """`control` speaks to the agent; `output` is the pipe that takes stdout and stderr."""

    def __init__(self, control: int, output: int, sdk: str) -> None:
        self.control = control
        self.output = output
        self.sdk = sdk
        self.tmp = ""
        self.mounts = None  # type: sandbox.OwnTmp | None
        self.templates = ""  # where /tmp has a bounded size
        self.pid = os.getpid()
        self.request_id = logs.RequestId()
        self.arn = ""
        self.structured = False  # its log is JSON
        self.handler: Callable[[Any, Any], Any] = lambda event, context: None
        self.encode: Callable[[Any], str] = json.JSONEncoder().encode

    # ---- before anyone waits
    def prepare(
        self,
        request: dict[str, Any],
        *,
        parent: int,
        marker: int,
        own_tmp: bool,
        templates: str,
    ) -> None:
        """Raises OSError when the machine refuses what the agent believed possible."""
        sandbox.die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        sandbox.mark(marker, request["number"])
        self.control = _move(self.control)
        self.output = _move(self.output)
        logs.open_streams(self.output)
        sandbox.join(request["cgroups"])
        self.tmp = request["tmp"]
        if own_tmp:
            mounts = self.mounts = sandbox.OwnTmp(self.tmp)
            if templates:
                self.templates = templates
                ephemeral.put(mounts.path(templates), ephemeral.DEFAULT_MIB)

    # ---- becoming an environment
    def settle(self, meta: dict[str, Any]) -> str:
        """Everything an environment needs before its runtime begins; where its layers are."""
        mib = meta.get("ephemeral_mib", ephemeral.DEFAULT_MIB)
        if self.templates and self.mounts is not None and mib != ephemeral.DEFAULT_MIB:
            ephemeral.take_away()
            ephemeral.put(self.mounts.path(self.templates), mib)
        opt = settling.settle(meta, self.mounts)
        os.umask(0o022)
        os.environ.clear()
        os.environ.update(settling.variables(meta, opt))
        if self.mounts is None:
            os.environ["TMPDIR"] = self.tmp
        if meta["code"]:
            os.chdir(meta["code"])
        return opt

    def begin(self, meta: dict[str, Any], opt: str) -> None:
        """The function itself, in an environment that is settled.

        Raises Fault (the function's fault), or whatever its module raised.
        """
        time.tzset()
        self._set_path(meta, opt)
        self.structured = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
        logs.set_up(self.request_id, self.structured)
        self.arn = meta["arn"]
        wide = os.environ.get("AWS_EXECUTION_ENV") in WIDE_JSON
        self.encode = json.JSONEncoder(ensure_ascii=not wide).encode
        self.handler = find_handler(meta["handler"])

    def _set_path(self, meta: dict[str, Any], opt: str) -> None:
        """The function's own packages come first, then layers, then the SDK that AWS supplies."""
        code = meta["code"]
        own = [p for p in os.environ.get("PYTHONPATH", "").split(":") if p and p != self.sdk]
        if meta.get("layers"):
            packages = "python{}.{}/site-packages".format(*sys.version_info[:2])
            own += [f"{opt}/python/lib/{packages}", f"{opt}/python"]
        standard = [p for p in sys.path if p != self.sdk]
        sys.path[:] = [code, *own, self.sdk, *standard]
        sys.pycache_prefix = meta["pycache"]
        sys.dont_write_bytecode = not meta["write_bytecode"]
        sys.argv[:] = ["bootstrap"]
        if any(_has_module(folder, name) for folder in (code, *own) for name in SDK):
            for name in [n for n in sys.modules if n.split(".")[0] in SDK]:
                del sys.modules[name]
        sys.path_importer_cache.clear()

    # ---- serving
    def invoke(self, meta: list[Any], event: bytes) -> tuple[int, bytes]:
        """One invocation: kind and payload of the answer. Lets SystemExit and its like out."""
        request_id, deadline_ms, trace, client = meta[:4]
        self.request_id.value = request_id
        if trace:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        try:
            context = LambdaContext(request_id, self.arn, deadline_ms, client)
            return wire.RESULT, self._marshal(self.handler(_unmarshal(event), context))
        except Exception as error:
            fault = faults.of_exception(error, request_id)
            if os.getpid() == self.pid:
                faults.log(fault, self.structured)
            return wire.ERROR, json.dumps(fault).encode()

    def _marshal(self, result: Any) -> bytes:
        try:
            data = self.encode(result).encode()
        except UnicodeEncodeError:
            data = json.dumps(result).encode()
        except Exception as error:
            message = f"Unable to marshal response: {error}"
            raise Fault("Runtime.MarshalError", message) from None
        if len(data) > RESPONSE_MAX_BYTES:
            raise Fault(
                "Function.ResponseSizeTooLarge",
                "Response payload size exceeded maximum allowed payload size "
                f"({RESPONSE_MAX_BYTES} bytes).",
            )
        return data

    def serve(self) -> NoReturn:
        while True:
            kind, meta, payload = wire.receive(self.control)
            if kind == wire.LEAVE:
                _end(0)
            kind, answer = self.invoke(json.loads(meta), payload)
            if os.getpid() != self.pid:
                os._exit(0)  # a child the function forked has returned from the handler
            logs.flush(self.output)
            wire.send(self.control, kind, b"", answer)

    def run(self) -> NoReturn:
        """From the first frame to the end of the process."""
        try:
            _, head, _ = wire.receive(self.control)
            meta = json.loads(head)
            host = None  # type: Host | None
            try:
                opt = self.settle(meta)
                if not meta.get("program") and settling.needs_program(meta, opt):
                    meta["program"] = meta.get("apart")
                if meta.get("program"):
                    host = Host(self.control, meta, opt)
                else:
                    self.begin(meta, opt)
            except Exception as error:
                self._give_up(error)
            if host is not None:
                host.run()
            logs.flush(self.output)
            wire.send(self.control, wire.READY, b"")
            self.serve()
        except SystemExit as wish:
            _end(_status(wish.code))
        except EOFError:
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            _end(1)

    def _give_up(self, error: Exception) -> NoReturn:
        fault = faults.of_exception(error, "")
        faults.log(fault, self.structured)
        logs.flush(self.output)
        wire.send(self.control, wire.INIT_ERROR, b"", json.dumps(fault).encode())
        _end(1)


def find_handler(name: str) -> Callable[[Any, Any], Any]:
    """`a/b.module.function` → the function. Raises Fault as AWS's runtime words it."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", message)
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise Fault("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        trace = [
            '  File "{}" Line {}\n    {}'.format(error.filename, error.lineno, error.text or "")
        ]
        message = f"Syntax error in module '{module_name}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from None
    try:
        handler: Callable[[Any, Any], Any] = getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None
    return handler


def _unmarshal(event: bytes) -> Any:
    try:
        return json.loads(event)
    except ValueError as error:
        message = f"Unable to unmarshal input: {error}"
        raise Fault("Runtime.UnmarshalError", message) from None


def _has_module(folder: str, name: str) -> bool:
    path = os.path.join(folder, name)
    return os.path.isdir(path) or os.path.isfile(path + ".py")


def _move(fd: int) -> int:
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH_FD)
    os.close(fd)
    return moved


def _status(code: Any) -> int:
    """The exit status that `sys.exit(code)` asks for."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1


def _end(status: int) -> NoReturn:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
    os._exit(status)
