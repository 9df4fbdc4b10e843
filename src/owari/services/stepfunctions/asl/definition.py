"""A state machine's definition, compiled: frozen, its expressions turned into functions.

Made by `compiler.compile_machine` from JSON that `validation` has found without error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from owari.services.stepfunctions.asl.choice import Rule
from owari.services.stepfunctions.asl.resource import Resource
from owari.services.stepfunctions.asl.scope import Evaluator

INPUT_AS_IS = None
Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Retrier:
    errors: frozenset[str]
    interval_s: float
    max_attempts: int
    backoff_rate: float
    max_delay_s: float | None
    full_jitter: bool


@dataclass(frozen=True, slots=True)
class Catcher:
    """`result_path`: keys, or None to discard the error. `output` (JSONata) replaces it."""

    errors: frozenset[str]
    next: str
    result_path: Keys | None
    output: Evaluator | None
    assign: Evaluator | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What every state may have; None where the definition leaves it out.

    `select` is InputPath, `output` OutputPath (JSONPath) or Output (JSONata). `result_path` is
    the keys at which the result joins the input; `discard` ignores the result.
    """

    name: str
    type: str
    jsonata: bool
    next: str | None
    select: Evaluator | None
    output: Evaluator | None
    parameters: Evaluator | None
    selector: Evaluator | None
    result_path: Keys = ()
    discard: bool = False
    assign: Evaluator | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(State):
    has_result: bool
    result: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(State):
    """`timeout` and `heartbeat` evaluate to seconds."""

    resource: Resource
    timeout: Evaluator | None
    heartbeat: Evaluator | None
    credentials: Evaluator | None


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    holds: Rule
    next: str
    assign: Evaluator | None
    output: Evaluator | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(State):
    rules: tuple[ChoiceRule, ...]
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(State):
    """Exactly one of these. `…_path` is the path as written, for the error message."""

    seconds: Evaluator | None
    timestamp: Evaluator | None
    path_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeed(State):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(State):
    error: Evaluator | None
    cause: Evaluator | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(State):
    """`branches` are paths of sub-machines."""

    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(State):
    """`processor` is the path of a sub-machine; `items` evaluates to the array."""

    processor: str
    items: Evaluator
    item_selector: Evaluator | None
    max_concurrency: Evaluator | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedMap(Map):
    """`reader`, `batcher` and `writer` evaluate to their settings, expressions replaced."""

    label: str | None
    execution_type: str
    tolerated_count: Evaluator | None
    tolerated_percentage: Evaluator | None
    reader: Evaluator | None
    batcher: Evaluator | None
    writer: Evaluator | None


@dataclass(frozen=True, slots=True)
class SubMachine:
    """A branch, an item processor or the machine itself."""

    path: str
    start_at: str
    states: dict[str, State]


@dataclass(frozen=True, slots=True)
class Machine:
    """`parts` by path: `""` is the machine itself, `/States/Map/ItemProcessor` a part of it."""

    parts: dict[str, SubMachine]
    timeout_s: int | None = None
    comment: str | None = None
    source: dict[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> SubMachine:
        return self.parts[""]

    def sub(self, path: str) -> Machine:
        """A part as a machine of its own, as a child execution runs it."""
        return Machine({**self.parts, "": self.parts[path]}, source=self.source)
