"""A whole pipeline under seeded faults: files -> starter -> topic -> functions -> files.

The real services, engine and SQLite run over simulated time. Every run is a function of its
seed: which clients put what when, how long functions take, when the server is killed (before or
after a commit), when the agent is lost with its runs, which reports come twice.
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

from owari.compute.base import Spec
from owari.compute.fake import FunctionError, SystemFailure
from owari.errors import ServiceError
from owari.wire.message import Body, Upload
from tests.support.world import Disconnected, World
from tests.support.zips import zipped

WORKERS = ("small", "middle", "large", "thumbnail")
ROLE = "arn:aws:iam::000000000000:role/pipeline"


def upload(data: bytes) -> Upload:
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    return Upload(size=len(data), md5=md5, data=data)


def read(body: Body) -> bytes:
    return b"".join(
        s.data
        if s.data is not None
        else Path(str(s.path)).read_bytes()[s.offset : s.offset + s.length]
        for s in body.segments
    )


def some_zip() -> bytes:
    return zipped({"index.py": "def handler(event, context): return event\n"})


class Pipeline:
    """`run(steps)` lets clients act and faults happen; `finish()` lets everything settle."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World(folder, seed=seed)
        self.acknowledged: dict[str, bytes] = {}  # key -> content of the last acknowledged put
        self.attempted: dict[str, set[bytes]] = {}
        self.requests: dict[tuple[str, str], set[str]] = {}  # (function, message) -> ids
        self.kills = self.losses = 0
        self.faulty = False
        self._set_up()
        self.world.fault = self._fault
        self.world.compute.duration = lambda _spec: self.random.expovariate(5)
        self.world.compute.duplicate = lambda: self.faulty and self.random.random() < 0.1

    def _set_up(self) -> None:
        call = self.world.call
        call("s3", "CreateBucket", Bucket="videos")
        topic = call("sns", "CreateTopic", Name="arrived")["TopicArn"]
        self.topic = topic
        for name in ("starter", "archive", *WORKERS):
            made = call(
                "lambda",
                "CreateFunction",
                FunctionName=name,
                Runtime="python3.12",
                Role=ROLE,
                Handler="index.handler",
                Code={"ZipFile": some_zip()},
            )
            self.world.compute.handlers[name] = getattr(self, f"_{name}", self._work)
            if name in WORKERS:
                call(
                    "sns",
                    "Subscribe",
                    TopicArn=topic,
                    Protocol="lambda",
                    Endpoint=made["FunctionArn"],
                )
            elif name == "starter":
                starter = made["FunctionArn"]
            else:
                archive = made["FunctionArn"]
        call(
            "lambda",
            "PutFunctionEventInvokeConfig",
            FunctionName="thumbnail",
            DestinationConfig={"OnSuccess": {"Destination": archive}},
        )
        for name, principal in (("starter", "s3"), *((w, "sns") for w in WORKERS)):
            call(
                "lambda",
                "AddPermission",
                FunctionName=name,
                StatementId="source",
                Action="lambda:InvokeFunction",
                Principal=f"{principal}.amazonaws.com",
            )
        rule = {
            "LambdaFunctionArn": starter,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
        }
        call(
            "s3",
            "PutBucketNotificationConfiguration",
            Bucket="videos",
            NotificationConfiguration={"LambdaFunctionConfigurations": [rule]},
        )

    # ---- what functions do
    def _starter(self, event: Any, _spec: Spec) -> str:
        for record in event["Records"]:
            key = record["s3"]["object"]["key"]
            self._client("sns", "Publish", TopicArn=self.topic, Message=json.dumps({"key": key}))
        return "published"

    def _work(self, event: Any, spec: Spec) -> str:
        record = event["Records"][0]["Sns"]
        name = spec["function_name"]
        self.requests.setdefault((name, record["MessageId"]), set()).add(spec["request_id"])
        trouble = self.random.random() if self.faulty else 1.0
        if trouble < 0.1:
            raise SystemFailure("throttled")
        if trouble < 0.15:
            raise FunctionError("ValueError", "bad luck")
        key = json.loads(record["Message"])["key"]
        data = read(self._client("s3", "GetObject", Bucket="videos", Key=key)["Body"])
        out = f"out/{name}/{key.rpartition('/')[2]}"
        self._client("s3", "PutObject", Bucket="videos", Key=out, Body=upload(name.encode() + data))
        return out

    def _archive(self, event: Any, spec: Spec) -> None:
        """Told by the destination of each thumbnail that succeeded."""
        source = ("archive", event["requestContext"]["requestId"])
        self.requests.setdefault(source, set()).add(spec["request_id"])

    def _client(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """A function's SDK: tries again when the connection breaks, then fails."""
        for _ in range(5):
            try:
                return self.world.call(service, operation, **params)
            except Disconnected:
                continue
            except ServiceError as error:
                raise FunctionError(error.code, error.message) from error
        raise FunctionError("ConnectionError", "gave up")

    # ---- faults
    def _fault(self, _where: str) -> bool:
        kill = self.faulty and self.random.random() < 0.02
        self.kills += kill
        return kill

    def _lose_agent(self) -> None:
        self.losses += 1
        world = self.world
        world.compute.lose()
        world.engine.agent_changed(world.compute.instance, world.compute.known())

    # ---- running
    def run(self, steps: int) -> None:
        self.faulty = True
        for step in range(steps):
            match self.random.choices(["put", "wait", "crash", "lose"], [10, 20, 0.3, 0.2])[0]:
                case "put":
                    self._put(f"in/{self.random.randrange(40)}.mp4", f"content {step}".encode())
                case "wait":
                    self.world.advance(self.random.expovariate(2))
                case "crash":
                    self.kills += 1
                    self.world.crash()
                case "lose":
                    self._lose_agent()
            self.check_reads()
            self.world.engine.sanity_check()
        self.faulty = False

    def _put(self, key: str, data: bytes) -> None:
        self.attempted.setdefault(key, set()).add(data)
        try:
            self.world.call("s3", "PutObject", Bucket="videos", Key=key, Body=upload(data))
        except Disconnected:
            return
        self.acknowledged[key] = data
        self.attempted[key] = {data}

    def check_reads(self) -> None:
        """An acknowledged object is there, whole: the last one acknowledged or a later try."""
        if not self.acknowledged:
            return
        key = self.random.choice(sorted(self.acknowledged))
        got = read(self.world.call("s3", "GetObject", Bucket="videos", Key=key)["Body"])
        assert got in self.attempted[key], f"{key} holds {got!r}"

    def finish(self) -> None:
        """After all faults: every file has its outputs, and nothing is left to do."""
        self.world.advance(7 * 3600)
        for key in self.acknowledged:
            data = read(self.world.call("s3", "GetObject", Bucket="videos", Key=key)["Body"])
            for name in WORKERS:
                out = f"out/{name}/{key.rpartition('/')[2]}"
                made = read(self.world.call("s3", "GetObject", Bucket="videos", Key=out)["Body"])
                assert made.startswith(name.encode()), out
                assert made[len(name) :] in self.attempted[key] | {data}, out
        for (name, message), requests in self.requests.items():
            assert len(requests) == 1, f"{name} was invoked for {message} as {requests}"
        assert not self.world.compute.known(), "a report was never acknowledged"
        left = [e for e in self.world.effects() if e.due < self.world.clock.now()]
        assert not left, f"left in the outbox: {left[:3]}"

    def close(self) -> None:
        self.world.close()
