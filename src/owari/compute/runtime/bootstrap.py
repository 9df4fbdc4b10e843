"""A Python function as a program of its own: it speaks the Runtime API, as AWS's runtime does.

Run as `python bootstrap.py OPT PYCACHE WRITE_BYTECODE`, where a function cannot be forked from a
warm interpreter: a wrapper script is to start it (AWS_LAMBDA_EXEC_WRAPPER), it brings libraries
that the loader looks for only as a program begins, or extensions that want to be heard.
"""

# pathlib would cost memory and time in every environment.
# ruff: noqa: PTH100, PTH120

from __future__ import annotations

import http.client
import importlib
import json
import os
import site
import sys
import types
from typing import Any, NoReturn

ROOT = "/2018-06-01/runtime/"


def _load(name: str) -> Any:
    """Our own modules, as a private package that no function's module can collide with."""
    package = types.ModuleType("_owari_runtime")
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules["_owari_runtime"] = package
    return importlib.import_module("_owari_runtime." + name)


class Bootstrap:
    def __init__(self) -> None:
        self.module = _load("worker")
        self.output = os.dup(1)
        self.worker = self.module.Worker(-1, self.output, os.environ["LAMBDA_RUNTIME_DIR"])
        self.module.logs.open_streams(self.output)
        self.api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def begin(self, opt: str, pycache: str, write_bytecode: str) -> None:
        here = os.path.dirname(os.path.abspath(__file__))
        hidden = {here, *site.getsitepackages(), site.getusersitepackages()}
        sys.path[:] = [path for path in sys.path if path not in hidden]
        meta = {
            "code": os.environ["LAMBDA_TASK_ROOT"],
            "handler": os.environ["_HANDLER"],
            "arn": "",
            "layers": True,
            "pycache": pycache,
            "write_bytecode": bool(write_bytecode),
        }
        try:
            self.worker.begin(meta, opt)
        except Exception as error:
            fault = self.module.faults.of_exception(error, "")
            self.module.faults.log(fault, self.worker.structured)
            self._post("init/error", json.dumps(fault).encode())
            sys.exit(1)

    def serve(self) -> NoReturn:
        while True:
            headers, event = self._ask("GET", "invocation/next")
            request_id = headers["Lambda-Runtime-Aws-Request-Id"]
            self.worker.arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
            meta = [
                request_id,
                int(headers["Lambda-Runtime-Deadline-Ms"]),
                headers.get("Lambda-Runtime-Trace-Id"),
                headers.get("Lambda-Runtime-Client-Context"),
            ]
            kind, answer = self.worker.invoke(meta, event)
            if os.getpid() != self.worker.pid:
                os._exit(0)  # a child the function forked has returned from the handler
            self.module.logs.flush(self.output)
            outcome = "response" if kind == self.module.wire.RESULT else "error"
            self._post(f"invocation/{request_id}/{outcome}", answer)

    def _post(self, path: str, body: bytes) -> None:
        self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[Any, bytes]:
        self.api.request(method, ROOT + path, body)
        answer = self.api.getresponse()
        return answer.headers, answer.read()


if __name__ == "__main__":
    bootstrap = Bootstrap()
    bootstrap.begin(*sys.argv[1:4])
    bootstrap.serve()
