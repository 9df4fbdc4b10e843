"""A zygote: one warm interpreter that forks a worker per request of the agent.

Run as `python -I -S zygote.py SOCKET_FD SDK_FOLDER TMP_FOLDER`. Small, single-threaded, and it
runs no function's code itself. A request comes with two descriptors: the worker's control socket
and its output pipe. Ends of workers are told with their wait status.
"""

# pathlib and contextlib would cost memory and time in every worker.
# ruff: noqa: PTH100, PTH120, SIM105

from __future__ import annotations

import array
import base64
import ctypes
import datetime
import decimal
import gc
import hashlib
import hmac
import importlib
import json
import logging
import os
import random
import re
import select
import signal
import site
import socket
import subprocess
import sys
import tempfile
import traceback
import types
import urllib.parse
import uuid
from typing import Any

# What functions import most: loaded once, shared by all.
WARM = (base64, datetime, decimal, hashlib, hmac, logging, random, re, subprocess, tempfile)
WARM_TOO = (traceback, urllib.parse, uuid)

MESSAGE_MAX_BYTES = 1 << 16


def _load_worker() -> Any:
    """Our own modules, as a private package that no function's module can collide with."""
    package = types.ModuleType("_owari_runtime")
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules["_owari_runtime"] = package
    return importlib.import_module("_owari_runtime.worker")


class Zygote:
    def __init__(self, agent: socket.socket, sdk: str) -> None:
        self.agent = agent
        self.sdk = sdk
        self.own_tmp = False
        self.templates = ""  # of /tmp of a bounded size, where that can be had
        self.pid = os.getpid()
        self.worker = _load_worker()
        self.marker = self.worker.sandbox.environ_address()

    def warm(self) -> str:
        """Import the SDK; what was found, in words."""
        site.setquit()
        site.sethelper()
        sys.path.append(self.sdk)
        try:
            boto3 = importlib.import_module("boto3")
            importlib.import_module("botocore.session")
            words = "boto3 " + str(boto3.__version__)
        except Exception as error:  # an interpreter this SDK does not support
            words = f"no boto3: {error}"
            for name in [n for n in sys.modules if n.split(".")[0] in self.worker.SDK]:
                del sys.modules[name]
        gc.collect()
        gc.freeze()
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except AttributeError:  # not glibc
            pass
        return words

    def tell(self, message: dict[str, Any]) -> None:
        self.agent.send(json.dumps(message).encode())

    def serve(self) -> None:
        wake, alarm = os.pipe()
        for fd in (wake, alarm):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        poll = select.poll()
        poll.register(self.agent, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == wake:
                    os.read(wake, 4096)
                    self.reap()
                elif not self.take_request():
                    return

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self.tell({"exited": pid, "status": status})

    def take_request(self) -> bool:
        """Fork a worker. False when the agent is gone."""
        data, ancillary, _, _ = self.agent.recvmsg(MESSAGE_MAX_BYTES, socket.CMSG_SPACE(16))
        if not data:
            return False
        fds = array.array("i")
        for _, _, content in ancillary:
            fds.frombytes(content)
        request = json.loads(data)
        pid = os.fork()
        if pid == 0:
            self.become_worker(request, fds[0], fds[1])
        for fd in fds:
            os.close(fd)
        self.tell({"forked": request["number"], "pid": pid})
        return True

    def become_worker(self, request: dict[str, Any], control: int, output: int) -> None:
        worker = self.worker.Worker(control, output, self.sdk)
        try:
            self.agent.close()
            worker.prepare(
                request,
                parent=self.pid,
                marker=self.marker,
                own_tmp=self.own_tmp,
                templates=self.templates,
            )
        except BaseException as error:
            words = json.dumps(str(error)).encode()
            self.worker.wire.send(worker.control, self.worker.wire.BROKEN, words)
            os._exit(1)
        worker.run()


def main() -> None:
    descriptor, sdk, tmp = sys.argv[1:]
    agent = socket.socket(fileno=int(descriptor))
    zygote = Zygote(agent, sdk)
    zygote.worker.sandbox.die_with_parent(os.getppid())
    words = zygote.warm()
    refusal = zygote.worker.sandbox.can_have_own_tmp(tmp)
    zygote.own_tmp = not refusal
    templates = tmp + "/ephemeral"
    unbounded = refusal or zygote.worker.ephemeral.refusal(templates)
    zygote.templates = "" if unbounded else templates
    version = "{}.{}.{}".format(*sys.version_info[:3])
    zygote.tell({"ready": version, "sdk": words, "no_own_tmp": refusal, "unbounded": unbounded})
    zygote.serve()


if __name__ == "__main__":
    main()
