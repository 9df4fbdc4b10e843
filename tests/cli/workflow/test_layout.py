"""What holds for the drawing of any machine: nothing covers anything, nothing is left out."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import combinations, pairwise, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owari.cli.workflow import svg, text
from owari.cli.workflow.board import outline
from owari.cli.workflow.channels import Step, tracks
from owari.cli.workflow.machine import END, START, Scope, in_order, read
from owari.cli.workflow.scene import Drawn, Edge, Metrics, Panel, panels, place
from tests.cli.workflow.machines import machines

BOTH = pytest.mark.parametrize("metrics", [svg.METRICS, text.METRICS], ids=["svg", "text"])
Rectangle = tuple[int, int, int, int]  # left, top, right, bottom; the last two outside

quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def rectangle(box: Drawn | Panel) -> Rectangle:
    return box.x, box.y, box.x + box.width, box.y + box.height


def apart(a: Rectangle, b: Rectangle) -> bool:
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def inside(inner: Rectangle, outer: Rectangle) -> bool:
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )


def labels(panel: Panel) -> list[Rectangle]:
    found = [edge.label for edge in panel.edges if edge.label]
    return [(b.axis - b.half, b.top, b.axis + b.half, b.top + b.height) for b in found]


@BOTH
@quick
@given(machine=machines())
def test_nothing_overlaps_and_children_are_inside(metrics: Metrics, machine: Any) -> None:
    for panel in panels(place(read(machine), {}, metrics)):
        taken = [rectangle(box) for box in panel.boxes] + labels(panel)
        for one, other in combinations(taken, 2):
            assert apart(one, other)
        for child in taken:
            assert inside(child, rectangle(panel))
        for box in panel.boxes:
            for one, other in combinations([rectangle(p) for p in box.panels], 2):
                assert apart(one, other)
            for inner in box.panels:
                assert inside(rectangle(inner), rectangle(box))
        for loop in panel.loops:
            right = loop.x + metrics.loop + metrics.small_width(loop.text)
            assert inside((loop.x, loop.top, right, loop.bottom), rectangle(panel))


def transitions(scope: Scope, alone: bool = False) -> Counter[tuple[str, str, str]]:
    """All there are; `alone`: without the start and end of a branch of one state."""
    found: Counter[tuple[str, str, str]] = Counter()
    for t in scope.transitions:
        if not (alone and {t.source, t.target} & {START, END}):
            found[t.source, t.target, t.kind] += 1
    for state in scope.states:
        found[state.name, state.name, "retry"] += bool(state.retry)
        for inner in state.scopes:
            found += transitions(inner, len(inner.states) == 1)
    return +found


@BOTH
@quick
@given(machine=machines())
def test_every_transition_is_drawn_from_its_source_to_its_target(
    metrics: Metrics, machine: Any
) -> None:
    scope = read(machine)
    drawn: Counter[tuple[str, str, str]] = Counter()
    for panel in panels(place(scope, {}, metrics)):
        boxes = {box.name: box for box in panel.boxes}
        for edge in panel.edges:
            way = edge.transition
            drawn[way.source, way.target, way.kind] += 1
            check_course(edge, boxes[way.source], boxes[way.target], panel)
        for loop in panel.loops:
            kind = loop.transition.kind if loop.transition else "retry"
            drawn[loop.state, loop.state, kind] += 1
            assert loop.x == boxes[loop.state].x + boxes[loop.state].width
    assert drawn == transitions(scope)


def check_course(edge: Edge, source: Drawn, target: Drawn, panel: Panel) -> None:
    """At right angles, from one box's edge to the other's, through no box."""
    upper, lower = (source, target) if source.y < target.y else (target, source)
    points = edge.points if upper is source else edge.points[::-1]
    assert points[0][1] == upper.y + upper.height
    assert points[-1][1] == lower.y
    for (x, _), box in ((points[0], upper), (points[-1], lower)):
        assert box.x <= x < box.x + box.width
    for (x1, y1), (x2, y2) in pairwise(points):
        assert x1 == x2 or y1 == y2
        for box in panel.boxes:
            left, top, right, bottom = rectangle(box)
            crossed = max(x1, x2) >= left and min(x1, x2) < right
            crossed &= max(y1, y2) > top and min(y1, y2) < bottom
            assert not crossed, f"through {box.name}"


@BOTH
@quick
@given(machine=machines())
def test_no_two_transitions_share_a_level_line(metrics: Metrics, machine: Any) -> None:
    for panel in panels(place(read(machine), {}, metrics)):
        for one, other in combinations(panel.edges, 2):
            for a, b in product(pairwise(one.points), pairwise(other.points)):
                if a[0][1] == a[1][1] == b[0][1] == b[1][1]:
                    low = max(min(a)[0], min(b)[0])
                    assert min(max(a)[0], max(b)[0]) < low, (one, other)


@quick
@given(
    upper=st.permutations(range(0, 80, 4)),
    lower=st.permutations(range(0, 80, 4)),
    n=st.integers(1, 9),
)
def test_nor_an_upright_one_unless_each_waits_for_the_other(
    upper: list[int], lower: list[int], n: int
) -> None:
    steps = [Step(a, b) for a, b in zip(upper[:n], lower[:n], strict=True) if a != b]
    found = tracks(steps, 4)
    after = {a: b for a, b in product(range(len(steps)), repeat=2) if steps[a].x1 == steps[b].x2}
    for first, second in after.items():  # the first comes down where the second goes on down
        seen, at = {first}, second
        while at in after and at not in seen:
            seen.add(at)
            at = after[at]
        if at not in seen or at not in after:
            assert found[first] < found[second]


@quick
@given(machine=machines())
def test_the_picture_is_xml_with_every_name(machine: Any) -> None:
    scope = read(machine)
    root = ElementTree.fromstring(svg.picture(scope, 'a <b> & "c"\x00'))
    titles = [e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == 'a <b> & "c"\ufffd'
    for name in names(machine):
        assert any(title.startswith(f"{name}: ") for title in titles)
    for element in root.iter():
        assert not any(a.endswith("href") for a in element.attrib), "it is self-contained"


@quick
@given(machine=machines())
def test_characters_show_every_name(machine: Any) -> None:
    scope = read(machine)
    drawn = text.drawing(scope)
    for name in names(machine):
        assert text.METRICS.name_lines(name)[0] in drawn
    assert len(outline(scope, None)) == len(names(machine))


def names(machine: Any) -> list[str]:
    found = []
    for name, state in machine["States"].items():
        found.append(name)
        inner = state.get("Branches", []) + [v for k, v in state.items() if k == "ItemProcessor"]
        for part in inner:
            found += names(part)
    return found


def test_a_straight_machine_stands_straight() -> None:
    steps = [f"Step {n}" for n in range(6)]
    states: dict[str, Any] = {
        name: {"Type": "Pass", "Next": after} for name, after in pairwise(steps)
    }
    states[steps[-1]] = {"Type": "Succeed"}
    panel = place(read({"StartAt": steps[0], "States": states}), {}, svg.METRICS)
    assert all(len(edge.points) == 2 for edge in panel.edges)
    assert [s.name for s in in_order(read({"StartAt": steps[0], "States": states}))] == steps


def test_a_hundred_states_are_laid_out_quickly_enough_to_be_used() -> None:
    states: dict[str, Any] = {}
    for n in range(100):
        to = [min(99, n + step) for step in (1, 2, 7)] + [max(0, n - 10)]
        rules = [{"Variable": "$.x", "NumericEquals": k, "Next": f"s{m}"} for k, m in enumerate(to)]
        states[f"s{n}"] = {"Type": "Choice", "Choices": rules, "Default": "end"}
    states["end"] = {"Type": "Succeed"}
    panel = place(read({"StartAt": "s0", "States": states}), {}, svg.METRICS)
    assert len(panel.boxes) == 103
