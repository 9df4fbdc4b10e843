"""A function that behaves as the SDK does, for simulated worlds: it replays, checkpoints with
tokens, tries a checkpoint again under the same client token, and suspends."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from owari.compute.base import Spec
from owari.compute.fake import FunctionError, Handler
from owari.errors import ServiceError
from tests.support.world import Disconnected, World


class Suspended(Exception):
    """There is nothing to do until somebody else has done something."""


class FakeContext:
    """What a durable function has in its hands during one invocation."""

    def __init__(self, world: World, event: dict[str, Any], tokens: itertools.count[int]) -> None:
        self.world = world
        self.arn = event["DurableExecutionArn"]
        self.token = event["CheckpointToken"]
        self.tokens = tokens
        self.ops: dict[str, dict[str, Any]] = {}
        state = event["InitialExecutionState"]
        self._learn(state["Operations"])
        while marker := state.get("NextMarker"):
            state = self._call("GetDurableExecutionState", Marker=marker)
            self._learn(state["Operations"])
        self.input = json.loads(next(iter(self.ops.values()))["ExecutionDetails"]["InputPayload"])

    def _learn(self, operations: list[dict[str, Any]]) -> None:
        self.ops.update({op["Id"]: op for op in operations})

    def _call(self, operation: str, **params: Any) -> dict[str, Any]:
        while True:
            try:
                return self.world.call(
                    "lambda",
                    operation,
                    DurableExecutionArn=self.arn,
                    CheckpointToken=self.token,
                    **params,
                )
            except Disconnected:
                continue  # as boto does

    def checkpoint(self, id: str, kind: str, action: str, **more: Any) -> None:
        self.checkpoint_all([{"Id": id, "Type": kind, "Action": action, **more}])

    def checkpoint_all(self, updates: list[dict[str, Any]]) -> None:
        client = f"token-{next(self.tokens)}"
        answer = self._call("CheckpointDurableExecution", Updates=updates, ClientToken=client)
        self.token = answer["CheckpointToken"]
        self._learn(answer["NewExecutionState"]["Operations"])

    def _status(self, id: str) -> str | None:
        return self.ops[id]["Status"] if id in self.ops else None

    def step(self, id: str, work: Callable[[int], Any], delay_s: int = 5) -> Any:
        """`work` gets the attempt's number; it is tried until it does not raise."""
        if self._status(id) == "SUCCEEDED":
            return json.loads(self.ops[id]["StepDetails"]["Result"])
        if self._status(id) == "PENDING":
            raise Suspended
        if self._status(id) in (None, "READY"):
            self.checkpoint(id, "STEP", "START")
        try:
            result = work(self.ops[id]["StepDetails"]["Attempt"] + 1)
        except ValueError as error:
            problem = {"ErrorMessage": str(error)}
            options = {"NextAttemptDelaySeconds": delay_s}
            self.checkpoint(id, "STEP", "RETRY", Error=problem, StepOptions=options)
            raise Suspended from None
        self.checkpoint(id, "STEP", "SUCCEED", Payload=json.dumps(result))
        return result

    def wait(self, id: str, seconds: int) -> None:
        if id not in self.ops:
            self.checkpoint(id, "WAIT", "START", WaitOptions={"WaitSeconds": seconds})
        self._ended(id)

    def callback(self, id: str, **options: int) -> Any:
        if id not in self.ops:
            self.checkpoint(id, "CALLBACK", "START", CallbackOptions=options)
        return self._ended(id)["CallbackDetails"].get("Result")

    def invoke(self, id: str, function: str, event: Any) -> Any:
        if id not in self.ops:
            options = {"FunctionName": function}
            payload = json.dumps(event)
            self.checkpoint(
                id, "CHAINED_INVOKE", "START", ChainedInvokeOptions=options, Payload=payload
            )
        return json.loads(self._ended(id)["ChainedInvokeDetails"]["Result"])

    def _ended(self, id: str) -> dict[str, Any]:
        if self._status(id) == "STARTED":
            raise Suspended
        if self._status(id) != "SUCCEEDED":
            raise FunctionError("Failed", f"{id} is {self._status(id)}")
        return self.ops[id]


def durable(world: World, program: Callable[[FakeContext], Any]) -> Handler:
    tokens = itertools.count(1)

    def handler(event: Any, _spec: Spec) -> Any:
        context = FakeContext(world, event, tokens)
        try:
            return {"Status": "SUCCEEDED", "Result": json.dumps(program(context))}
        except Suspended:
            return {"Status": "PENDING"}
        except FunctionError as error:
            problem = {"ErrorType": error.error_type, "ErrorMessage": str(error)}
            return {"Status": "FAILED", "Error": problem}
        except ServiceError as refusal:
            if "Invalid checkpoint token" in refusal.message:  # somebody else runs by now
                raise FunctionError("CheckpointError", refusal.message) from None
            problem = {"ErrorType": refusal.code, "ErrorMessage": refusal.message}
            return {"Status": "FAILED", "Error": problem}

    return handler
