"""Invocations of functions that are programs of their own: Node.js, and `provided`."""

from __future__ import annotations

import io
import shutil
import stat
import sys
import time
import zipfile

from bench.raw import CONNECTIONS, flood
from bench.report import Figure, at_least, at_most, ratio
from bench.setting import Setting, median, samples

NODE = "exports.handler = async (event) => event;\n"
PROVIDED = f"""#!{sys.executable} -IS
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
root = "/2018-06-01/runtime/invocation/"
while True:
    api.request("GET", root + "next")
    answer = api.getresponse()
    event, number = answer.read(), answer.headers["Lambda-Runtime-Aws-Request-Id"]
    api.request("POST", root + number + "/response", event)
    api.getresponse().read()
"""


def _package(name: str, source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFREG | 0o755) << 16
        bundle.writestr(info, source)
    return buffer.getvalue()


def _measure(s: Setting, runtime: str, package: tuple[str, str], cold_ms: float) -> list[Figure]:
    client, floor = s.client("lambda"), s.client("lambda", floor=True)
    words = "nodejs" if runtime.startswith("nodejs") else "provided"

    def create(name: str, note: str) -> None:
        client.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role="arn:aws:iam::000000000000:role/r",
            Handler="index.handler",
            Code={"ZipFile": _package(package[0], package[1] + note)},
        )
        client.get_waiter("function_active_v2").wait(FunctionName=name)

    taken = []
    for number in range(10):
        create(f"{words}-{number}", f"// {number}\n" if words == "nodejs" else f"# {number}\n")
        began = time.perf_counter()
        client.invoke(FunctionName=f"{words}-{number}", Payload=b"{}")
        taken.append(time.perf_counter() - began)
    name = f"{words}-0"
    bare = samples(300, lambda: floor.invoke(FunctionName=name, Payload=b"{}"))
    real = samples(300, lambda: client.invoke(FunctionName=name, Payload=b"{}"))
    rate = flood(s.owari, "lambda", f"/2015-03-31/functions/{name}/invocations", b"{}", 3_000)
    return [
        ratio(f"warm invoke of {words}, p50", median(real), median(bare), 2.5),
        at_most(f"cold start of {words}, p50", median(taken) * 1e3, cold_ms, "ms"),
        at_least(
            f"warm invocations of {words}, raw HTTP, {CONNECTIONS} connections",
            rate,
            1_000,
            "per s",
        ),
    ]


def node(s: Setting) -> list[Figure]:
    if shutil.which("node") is None:
        return []
    return _measure(s, "nodejs20.x", ("index.js", NODE), 120)


def provided(s: Setting) -> list[Figure]:
    return _measure(s, "provided.al2023", ("bootstrap", PROVIDED), 80)
