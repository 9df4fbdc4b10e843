"""A laid out state machine as one self-contained SVG picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from xml.sax.saxutils import escape, quoteattr

from owari.cli.workflow import palette
from owari.cli.workflow.layers import Box, Gaps, Point
from owari.cli.workflow.machine import END, START, Scope, Transition
from owari.cli.workflow.palette import FAINT, FONT, ICONS, INK, LOOKS, NAME_PX, PAPER, SMALL_PX
from owari.cli.workflow.scene import Drawn, Edge, Loop, Metrics, Note, Notes, Panel, place
from owari.cli.workflow.visits import Taken

METRICS = Metrics(
    name_width=palette.name_width,
    small_width=palette.small_width,
    name_lines=palette.name_lines,
    label_lines=palette.label_lines,
    line=17,
    small=15,
    side=27,
    top=9,
    bottom=8,
    terminal=Box(28, 26),
    dot=Box(6, 12),
    panel_x=16,
    panel_y=16,
    loop=34,
    gaps=Gaps(node=30, port=18, track=11, above=14, below=22),
)
MARGIN, HEAD, LEGEND = 24, 58, 30
TEXT_X, ROUND, CHAMFER = 36, 7, 12
EDGES = {  # colour, dashes, what the legend says
    "plain": ("#5b6675", "", "transition"),
    "default": ("#5b6675", "2 3", "default"),
    "catch": ("#c2570c", "7 4", "catch"),
    "retry": ("#7c3aed", "2 3", "retry"),
    "untaken": ("#b6bec9", "", ""),
}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Ways = AbstractSet[Taken]


def picture(
    scope: Scope,
    title: str,
    subtitle: str = "",
    notes: Notes | None = None,
    taken: Ways | None = None,
) -> str:
    """The machine; with notes and the transitions taken, one of its executions."""
    return Picture(notes, taken).drawn(place(scope, notes or {}, METRICS), title, subtitle)


def text(value: str) -> str:
    """As XML text: escaped, without the characters that XML cannot hold."""
    return escape(_FORBIDDEN.sub("\ufffd", value))


class Picture:
    def __init__(self, notes: Notes | None, taken: Ways | None) -> None:
        self.notes = notes
        self.taken = taken
        self.statuses: set[str] = set()  # for the legend
        self.used: dict[str, str] = {}  # kinds of edge, also

    def drawn(self, panel: Panel, title: str, subtitle: str) -> str:
        inside = "\n".join(self._panel(panel))
        heads = palette.name_width(title) * 17 // NAME_PX, palette.small_width(subtitle) + 20
        legend, legend_width = self._legend(panel.height + HEAD + MARGIN // 2)
        width = max(panel.width, *heads, legend_width) + 2 * MARGIN
        height = HEAD + panel.height + LEGEND + MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
            f' viewBox="0 0 {width} {height}" font-family="{FONT}" fill="{INK}">\n'
            f"<title>{text(title)}</title>\n{_markers()}\n"
            f'<rect width="{width}" height="{height}" fill="{PAPER}"/>\n'
            f'<text x="{MARGIN}" y="32" font-size="17" font-weight="600">{text(title)}</text>\n'
            f'<text x="{MARGIN}" y="50" font-size="{SMALL_PX + 1}" fill="{FAINT}">'
            f"{text(subtitle)}</text>\n"
            f'<g transform="translate({(width - panel.width) // 2} {HEAD})">\n{inside}\n</g>\n'
            f"{legend}\n</svg>\n"
        )

    def _panel(self, panel: Panel) -> Iterator[str]:
        for box in panel.boxes:
            yield from self._box(box)
        for edge in sorted(panel.edges, key=self._is_taken):  # those taken on top
            yield self._edge(edge)
        for loop in panel.loops:
            yield self._loop(loop)
        for edge in panel.edges:
            yield from _label(edge)

    def _box(self, box: Drawn) -> Iterator[str]:
        if box.state is None:
            yield _terminal(box)
            return
        status = self._note(box.name).status
        self.statuses.add(status)
        look = LOOKS.get(status, LOOKS["plain"])
        dashed = ' stroke-dasharray="4 3"' if status == "waiting" else ""
        kind = box.state.type
        yield (
            f'<g class="state" data-type={quoteattr(text(kind))} data-status="{status}">'
            f"<title>{text(f'{box.name}: {box.state.detail}')}</title>"
        )
        style = f'fill="{look.ground}" stroke="{look.line}" stroke-width="1.5"{dashed}'
        if kind == "Map":  # one of many
            yield f'<path d="{_stacked(box)}" {style} fill-opacity="0"/>'
        yield _outline(box, style)
        yield from _texts(box, look.line)
        yield "</g>"
        for inner in box.panels:
            yield (
                f'<rect x="{inner.x}" y="{inner.y}" width="{inner.width}"'
                f' height="{inner.height}" rx="6" fill="{PAPER}" fill-opacity="0.75"'
                f' stroke="{look.line}" stroke-opacity="0.35"/>'
            )
            yield from self._panel(inner)

    def _note(self, name: str) -> Note:
        if self.notes is None:
            return Note("plain", "")
        return self.notes.get(name, Note("waiting", ""))

    def _is_taken(self, edge: Edge) -> bool:
        return self.taken is None or _was_taken(edge.transition, self.taken)

    def _edge(self, edge: Edge) -> str:
        kind = _line_kind(edge.transition)
        self.used[kind] = EDGES[kind][2]
        taken = self._is_taken(edge)
        bold = "2.2" if taken and self.taken is not None else "1.4"
        course = f'd="{_rounded(edge.points)}" stroke-width="{bold}"'
        names = f"{_shown(edge.transition.source)} → {_shown(edge.transition.target)}"
        label = f" ({edge.transition.label})" if edge.transition.label else ""
        return f"<g>{_line(kind, course, taken)}<title>{text(names + label)}</title></g>"

    def _loop(self, loop: Loop) -> str:
        kind = _line_kind(loop.transition)
        self.used[kind] = EDGES[kind][2]
        middle, height = (loop.top + loop.bottom) // 2, min(24, loop.bottom - loop.top - 6)
        top, low, x = middle - height // 2, middle + height // 2, loop.x
        bow = f"M{x} {low} C{x + 26} {low + 4} {x + 26} {top - 4} {x + 2} {top}"
        course = f'd="{bow}" stroke-width="1.4"'
        again = loop.transition
        taken = again is None or self.taken is None or _was_taken(again, self.taken)
        return (
            f"{_line(kind, course, taken)}"
            f'<text x="{x + 25}" y="{middle + 4}" font-size="{SMALL_PX}"'
            f' fill="{EDGES[kind][0]}">{text(loop.text)}</text>'
        )

    def _legend(self, y: int) -> tuple[str, int]:
        found, x = [], MARGIN
        for status in [s for s in LOOKS if s in self.statuses and s != "plain"]:
            look = LOOKS[status]
            found.append(
                f'<rect x="{x}" y="{y}" width="14" height="12" rx="3" fill="{look.ground}"'
                f' stroke="{look.line}"/>{_legend_text(x + 20, y, look.meaning)}'
            )
            x += 40 + palette.small_width(look.meaning)
        for kind in [k for k in EDGES if k in self.used]:
            course = f'd="M{x} {y + 6}h26" stroke-width="1.6"'
            found.append(_line(kind, course, True) + _legend_text(x + 34, y, self.used[kind]))
            x += 54 + palette.small_width(self.used[kind])
        return f'<g class="legend">{"".join(found)}</g>', x - MARGIN


def _legend_text(x: int, y: int, value: str) -> str:
    return f'<text x="{x}" y="{y + 10}" font-size="{SMALL_PX}">{text(value)}</text>'


def _line_kind(transition: Transition | None) -> str:
    if transition is None:
        return "retry"
    return transition.kind if transition.kind in EDGES else "plain"


def _was_taken(transition: Transition, taken: Ways) -> bool:
    return Taken(transition.source, transition.target, transition.kind == "catch") in taken


def _shown(name: str) -> str:
    return {START: "Start", END: "End"}.get(name, name)


def _line(kind: str, course: str, taken: bool) -> str:
    dashes = EDGES[kind][1]
    head = kind if taken else "untaken"
    colour = EDGES[head][0]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path {course} fill="none" stroke="{colour}"{dashed} marker-end="url(#to-{head})"/>'


def _markers() -> str:
    heads = "".join(
        f'<marker id="to-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9"'
        ' markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 1 10 5 0 9z" fill="{colour}"/></marker>'
        for kind, (colour, _, _) in EDGES.items()
    )
    return f"<defs>{heads}</defs>"


def _terminal(box: Drawn) -> str:
    x, y, w, h = box.x, box.y, box.width, box.height
    if not box.names:
        ground = PAPER if box.name == END else FAINT
        return (
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{h // 2}" fill="{ground}"'
            f' stroke="{FAINT}" stroke-width="2"/>'
        )
    return (
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{h // 2}" fill="#e8ebf0"'
        f' stroke="{FAINT}"/>'
        f'<text x="{x + w // 2}" y="{y + h // 2 + 4}" font-size="12" text-anchor="middle">'
        f"{_shown(box.name)}</text>"
    )


def _stacked(box: Drawn) -> str:
    """Two sheets behind a Map's box."""
    right, low = box.x + box.width, box.y + box.height
    return "".join(f"M{box.x + 10 + n} {low + n}H{right + n}V{box.y + 10 + n}" for n in (8, 4))


def _outline(box: Drawn, style: str) -> str:
    assert box.state is not None
    x, y, w, h = box.x, box.y, box.width, box.height
    if box.state.type == "Choice":
        c = CHAMFER
        course = f"M{x + c} {y}H{x + w - c}L{x + w} {y + h // 2}L{x + w - c} {y + h}H{x + c}"
        return f'<path d="{course}L{x} {y + h // 2}z" {style}/>'
    rounds = {"Succeed": h // 2, "Fail": h // 2, "Pass": 2, "Wait": 14}
    return (
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}"'
        f' rx="{rounds.get(box.state.type, ROUND)}" {style}/>'
    )


def _texts(box: Drawn, colour: str) -> Iterator[str]:
    assert box.state is not None
    function = box.state.type != "Task" or box.state.detail.startswith("lambda")
    icon = ICONS.get(box.state.type if function else "Service", ICONS["Pass"])
    yield (
        f'<path transform="translate({box.x + 14} {box.y + METRICS.top + 1})" d="{icon}"'
        f' fill="none" stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"/>'
    )
    x, y = box.x + TEXT_X, box.y + METRICS.top - 4
    for line in box.names:
        y += METRICS.line
        yield f'<text x="{x}" y="{y}" font-size="{NAME_PX}" font-weight="600">{text(line)}</text>'
    y += 1
    for at, line in enumerate(box.small):
        y += METRICS.small
        fill = FAINT if at == 0 else colour
        yield f'<text x="{x}" y="{y}" font-size="{SMALL_PX}" fill="{fill}">{text(line)}</text>'


def _label(edge: Edge) -> Iterator[str]:
    label = edge.label
    if label is None:
        return
    kind = _line_kind(edge.transition)
    yield (
        f'<rect x="{label.axis - label.half - 5}" y="{label.top - 2}"'
        f' width="{2 * label.half + 10}" height="{label.height + 4}" rx="5" fill="{PAPER}"'
        f' stroke="{EDGES[kind][0]}" stroke-opacity="0.3"/>'
    )
    colour = EDGES["catch"][0] if kind == "catch" else INK
    for at, line in enumerate(label.lines):
        yield (
            f'<text x="{label.axis}" y="{label.top + at * METRICS.small + 11}"'
            f' font-size="{SMALL_PX}" text-anchor="middle" fill="{colour}">{text(line)}</text>'
        )


def _rounded(points: tuple[Point, ...]) -> str:
    """The course with its corners rounded off."""
    parts = [f"M{points[0][0]} {points[0][1]}"]
    corners = zip(points, points[1:], points[2:], strict=False)
    for before, corner, after in corners:
        ways = [abs(a - b) + abs(c - d) for (a, c), (b, d) in ((before, corner), (corner, after))]
        r = min(ROUND, *(way // 2 for way in ways))
        x1, y1 = _towards(corner, before, r)
        x2, y2 = _towards(corner, after, r)
        parts.append(f"L{x1} {y1}Q{corner[0]} {corner[1]} {x2} {y2}")
    parts.append(f"L{points[-1][0]} {points[-1][1]}")
    return "".join(parts)


def _towards(start: Point, goal: Point, distance: int) -> Point:
    def step(a: int, b: int) -> int:
        return a + max(-distance, min(distance, b - a))

    return step(start[0], goal[0]), step(start[1], goal[1])
