"""Whole numbers in pictures of XPath's format-integer: digits, words, roman, letters."""

from __future__ import annotations

from owari.services.stepfunctions.jsonata.bounds import check_text
from owari.services.stepfunctions.jsonata.errors import JsonataError

_ONES = (
    "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
    "Eleven", "Twelve", "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen",
    "Nineteen",
)  # fmt: skip
_TENS = ("Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety")
_GREAT = ("", "Thousand", "Million", "Billion", "Trillion")
_ORDINAL = {
    "One": "First", "Two": "Second", "Three": "Third", "Five": "Fifth", "Eight": "Eighth",
    "Nine": "Ninth", "Twelve": "Twelfth",
}  # fmt: skip
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def format_whole(value: int, picture: str) -> str:
    """`picture` is a primary format and an optional `;o` for ordinals."""
    primary, _, modifier = picture.partition(";")
    ordinal = modifier.startswith("o")
    shown = _absolute(abs(value), primary, ordinal)
    return f"-{shown}" if value < 0 else shown


def _absolute(value: int, primary: str, ordinal: bool) -> str:
    match primary:
        case "a" | "A":
            return _letters(value, primary)
        case "i" | "I":
            check_text(value // 1000)
            shown = _roman(value)
            return shown.upper() if primary == "I" else shown
        case "w" | "W" | "Ww":
            shown = _ordinal_words(words(value)) if ordinal else words(value)
            return {"w": shown.lower(), "W": shown.upper()}.get(primary, shown)
    digits = [c for c in primary if c.isdecimal()]
    if not digits:
        raise JsonataError("D3130", f"Formatting or parsing an integer with picture {primary!r}")
    shown = str(value).rjust(len(digits), "0")
    zero = ord(digits[-1]) - int(digits[-1])
    shown = "".join(chr(zero + int(c)) for c in shown)
    return _separated(shown, primary) + (_suffix(value) if ordinal else "")


def _separated(shown: str, primary: str) -> str:
    marks = [(i, c) for i, c in enumerate(reversed(primary)) if not (c.isalnum() or c == "#")]
    if not marks:
        return shown
    places = {index - number: c for number, (index, c) in enumerate(marks)}
    first = min(places)
    regular = len(set(places.values())) == 1 and all(p % first == 0 for p in places)
    out = []
    for place, digit in enumerate(reversed(shown)):
        if place and (place in places or (regular and place % first == 0)):
            out.append(places.get(place, places[first]))
        out.append(digit)
    return "".join(reversed(out))


def _suffix(value: int) -> str:
    if 10 < value % 100 < 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _letters(value: int, first: str) -> str:
    shown = ""
    while value > 0:
        value, rest = divmod(value - 1, 26)
        shown = chr(ord(first) + rest) + shown
    return shown


def _roman(value: int) -> str:
    shown = ""
    for amount, letters in _ROMAN:
        count, value = divmod(value, amount)
        shown += letters * count
    return shown


def words(value: int) -> str:
    """In English, `One Thousand, Two Hundred and Three`."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")
    if value < 1000:
        hundreds, rest = divmod(value, 100)
        return f"{_ONES[hundreds]} Hundred" + (f" and {words(rest)}" if rest else "")
    power = min((len(str(value)) - 1) // 3, len(_GREAT) - 1)
    great, rest = divmod(value, 1000**power)
    shown = f"{words(great)} {_GREAT[power]}"
    if not rest:
        return shown
    return shown + (f" and {words(rest)}" if rest < 100 else f", {words(rest)}")


def _ordinal_words(shown: str) -> str:
    cut = max(shown.rfind(" "), shown.rfind("-")) + 1
    last = shown[cut:]
    if last in _ORDINAL:
        return shown[:cut] + _ORDINAL[last]
    return shown[:cut] + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def parse_whole(text: str, picture: str) -> int:
    """The reverse of `format_whole`."""
    primary, _, _ = picture.partition(";")
    match primary:
        case "a" | "A":
            value = 0
            for letter in text:
                value = value * 26 + ord(letter) - ord(primary) + 1
            return value
        case "i" | "I":
            return _parse_roman(text.lower())
        case "w" | "W" | "Ww":
            return _parse_words(text.lower())
    digits = "".join(c for c in text if c.isdecimal())
    if not digits:
        raise JsonataError("D3130", f"{text!r} is no number in the picture {picture!r}")
    return -int(digits) if text.startswith("-") else int(digits)


def _parse_roman(text: str) -> int:
    values = {letters: amount for amount, letters in _ROMAN if len(letters) == 1}
    total = 0
    for here, following in zip(text, [*text[1:], ""], strict=False):
        value = values.get(here, 0)
        total += -value if values.get(following, 0) > value else value
    return total


def _parse_words(text: str) -> int:
    known = {w.lower(): i for i, w in enumerate(_ONES)}
    known |= {w.lower(): 20 + 10 * i for i, w in enumerate(_TENS)}
    known |= {_ordinal_words(w).lower(): known[w.lower()] for w in (*_ONES, *_TENS)}
    great = {w.lower(): 1000**i for i, w in enumerate(_GREAT) if w}
    total = part = 0
    for word in text.replace(",", " ").replace("-", " ").split():
        bare = word.removesuffix("th") if word not in known else word
        if word in known:
            part += known[word]
        elif bare == "hundred":
            part *= 100
        elif bare in great:
            total += part * great[bare]
            part = 0
        elif word != "and":
            raise JsonataError("D3130", f"{word!r} is no number word")
    return total + part
