"""How a picture looks: colours by status, icons by type, widths of characters."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from dataclasses import dataclass

FONT = "'Segoe UI','Helvetica Neue',Arial,'DejaVu Sans','Noto Sans',sans-serif"
INK, FAINT, PAPER = "#1f2937", "#5b6675", "#ffffff"
NAME_PX, SMALL_PX = 13, 11
NAME_MAX_PX, LABEL_MAX_CHARS = 210, 26


@dataclass(frozen=True, slots=True)
class Look:
    """What the legend calls it, a box's ground and its line."""

    meaning: str
    ground: str
    line: str


LOOKS = {
    "succeeded": Look("succeeded", "#dcf5e3", "#1a7f42"),
    "failed": Look("failed", "#fde2e1", "#c62828"),
    "caught": Look("failed, caught", "#ffeccc", "#b96a00"),
    "running": Look("running", "#dcebff", "#1d63d1"),
    "aborted": Look("ended from outside", "#ece6f6", "#6b4fa0"),
    "elsewhere": Look("in executions of its own", "#ffffff", "#64748b"),
    "waiting": Look("not reached", "#f6f7f9", "#a3acb9"),
    "plain": Look("", "#ffffff", "#64748b"),
}

_PARTS = re.compile(r"(?<=[_-])|(?<=[a-z0-9])(?=[A-Z])")

# In a square of 16, drawn with a line of 1.6 and no ground.
ICONS = {
    "Task": "M4 2.5h1.5l6 11h1.5M7.7 6.6 4 13.5",
    "Service": "M2 5h12v8.5H2zM5.5 5V2.5h5V5M2 9h12",  # a Task that is no function
    "Pass": "M2 8h11M9 4l4 4-4 4",
    "Choice": "M8 1.5 14.5 8 8 14.5 1.5 8z",
    "Wait": "M8 1.5a6.5 6.5 0 1 0 .01 0M8 4.5V8l2.5 2",
    "Succeed": "M8 1.5a6.5 6.5 0 1 0 .01 0M5 8l2.2 2.4L11 6",
    "Fail": "M8 1.5a6.5 6.5 0 1 0 .01 0M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8",
    "Parallel": "M3 2v12M8 2v12M13 2v12",
    "Map": "M2 5.5h8.5V14H2zM5.5 5.5V2H14v8.5h-3.5",
}


def _em(character: str) -> float:
    """A character's width in the widest of the fonts, in ems."""
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if character in "iljI.,:;'|!()[]{}ft/ -":
        return 0.4
    if character in "mwMW@%—…≤≥":
        return 1.0
    return 0.72 if character.isupper() else 0.63


def small_width(text: str) -> int:
    return round(sum(map(_em, text)) * SMALL_PX)


def name_width(text: str) -> int:
    return round(sum(map(_em, text)) * NAME_PX * 1.1)


def name_lines(text: str) -> tuple[str, ...]:
    return wrapped(text, max(8, len(text) * NAME_MAX_PX // max(1, name_width(text))), 4)


def label_lines(text: str) -> tuple[str, ...]:
    return wrapped(text, LABEL_MAX_CHARS, 2)


def wrapped(text: str, width: int, most: int) -> tuple[str, ...]:
    """At most `most` lines of `width` characters, with an ellipsis if that is not enough.

    A word longer than a line is cut where a part of it begins: `FetchAll|TheOrders`, `a_|b`.
    """
    chunks = [chunk for word in text.split() for chunk in _cut(word, width)]
    shown = textwrap.wrap(" ".join(chunks), width, max_lines=most, placeholder="…")
    return tuple(shown) or (text[:width] or " ",)


def _cut(word: str, width: int) -> list[str]:
    found = [""]
    for part in _PARTS.split(word):
        if found[-1] and len(found[-1] + part) > width:
            found.append("")
        found[-1] += part
    return found
