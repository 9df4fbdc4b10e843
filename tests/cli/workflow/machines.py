"""Random state machines: any shape that ASL allows, with the names people do not expect."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
TAILS = ("", " & <b>'\"", "-ein sehr langer Name " * 3, " 日本語のステート", "_" * 30, "}] <!--")


@st.composite
def machines(draw: st.DrawFn) -> Json:
    return _scope(draw, itertools.count(), depth=0)


def _scope(draw: st.DrawFn, numbers: itertools.count[int], depth: int) -> Json:
    size = draw(st.integers(1, 6 if depth == 0 else 3))
    names = [f"s{next(numbers)}{draw(st.sampled_from(TAILS))}" for _ in range(size)]
    return {"StartAt": names[0], "States": {n: _state(draw, numbers, depth, names) for n in names}}


def _state(draw: st.DrawFn, numbers: itertools.count[int], depth: int, names: list[str]) -> Json:
    simple = ["Task", "Pass", "Choice", "Wait", "Succeed", "Fail"]
    kind = draw(st.sampled_from(simple if depth == 2 else [*simple, "Parallel", "Map"]))
    target = st.sampled_from(names)
    state: Json = {"Type": kind}
    if kind == "Choice":
        state["Choices"] = [
            {"Variable": "$.x", "NumericGreaterThan": n, "Next": draw(target)}
            for n in range(draw(st.integers(1, 4)))
        ]
        if draw(st.booleans()):
            state["Default"] = draw(target)
    elif kind not in ("Succeed", "Fail"):
        state |= {"Next": draw(target)} if draw(st.booleans()) else {"End": True}
    if kind in ("Task", "Parallel", "Map"):
        catchers = draw(st.lists(target, max_size=2))
        state["Catch"] = [{"ErrorEquals": ["States.ALL", "<E>"], "Next": n} for n in catchers]
        state["Retry"] = [{"ErrorEquals": ["E"]}] * draw(st.integers(0, 2))
    if kind == "Parallel":
        count = draw(st.integers(1, 3))
        state["Branches"] = [_scope(draw, numbers, depth + 1) for _ in range(count)]
    if kind == "Map":
        state["ItemProcessor"] = _scope(draw, numbers, depth + 1)
    return state
