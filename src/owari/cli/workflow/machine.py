"""A state machine's definition as what a drawing needs: scopes, states, transitions.

Lenient on purpose: the server has validated the definition; what is not understood is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from owari.cli.workflow.details import detail_of, retry_of
from owari.cli.workflow.ranks import backward, ranks
from owari.cli.workflow.rules import rule_text

Json = dict[str, Any]
Kind = Literal["start", "next", "choice", "default", "catch", "end"]

START = "\0start"  # no state's name holds a control character
END = "\0end"


@dataclass(frozen=True, slots=True)
class Transition:
    source: str
    target: str
    kind: Kind
    label: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """`retry` says how often, empty for never; `scopes`: a Parallel's branches, a Map's body."""

    name: str
    type: str
    detail: str
    retry: str = ""
    scopes: tuple[Scope, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The machine itself, a branch or a Map's body."""

    states: tuple[State, ...]
    transitions: tuple[Transition, ...]


def read(definition: Json) -> Scope:
    sources: Json = definition.get("States") or {}
    states = tuple(_state(name, source) for name, source in sources.items())
    found = [Transition(START, str(definition.get("StartAt")), "start")]
    for name, source in sources.items():
        found += _transitions(name, source)
    known = {START, END, *sources}
    return Scope(states, tuple(t for t in found if t.target in known))


def in_order(scope: Scope) -> list[State]:
    """As an execution would meet them: by the longest way from the start."""
    places = {START: 0} | {state.name: n for n, state in enumerate(scope.states, 1)}
    links = [
        (places[t.source], places[t.target], 1) for t in scope.transitions if t.target in places
    ]
    loops = backward(len(places), links)
    found = ranks(len(places), [link for n, link in enumerate(links) if n not in loops])
    return sorted(scope.states, key=lambda state: found[places[state.name]])


def every_name(scope: Scope) -> Iterator[str]:
    for state in scope.states:
        yield state.name
        for inner in state.scopes:
            yield from every_name(inner)


def _state(name: str, source: Json) -> State:
    inner = list(source.get("Branches") or ())
    inner += [source[key] for key in ("ItemProcessor", "Iterator") if key in source]
    kind = str(source.get("Type"))
    scopes = tuple(read(part) for part in inner)
    return State(name, kind, detail_of(source), retry_of(source), scopes)


def _transitions(name: str, source: Json) -> Iterator[Transition]:
    for rule in source.get("Choices") or ():
        yield Transition(name, str(rule.get("Next")), "choice", rule_text(rule))
    if "Default" in source:
        yield Transition(name, str(source["Default"]), "default", "default")
    if "Next" in source:
        yield Transition(name, str(source["Next"]), "next")
    for catcher in source.get("Catch") or ():
        yield Transition(name, str(catcher.get("Next")), "catch", _catch_text(catcher))
    if source.get("End") is True or source.get("Type") in ("Succeed", "Fail"):
        yield Transition(name, END, "end")


def _catch_text(catcher: Json) -> str:
    errors = [str(e) for e in catcher.get("ErrorEquals") or ()]
    return "catch " + ", ".join("any error" if e == "States.ALL" else e for e in errors)
