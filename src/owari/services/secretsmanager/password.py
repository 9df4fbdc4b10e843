"""Passwords of the characters that are wanted. Pure; where they come from is an argument.

Source: Secrets Manager API reference, "GetRandomPassword".
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from owari.services.secretsmanager.faults import invalid

LENGTH = 32
_KINDS = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


def password(p: Mapping[str, Any], numbers: Iterator[int]) -> str:
    """`numbers` are random, of 64 bits. Raises InvalidParameterException."""
    length, excluded = p.get("PasswordLength") or LENGTH, p.get("ExcludeCharacters", "")
    kinds = [characters for name, characters in _KINDS.items() if not p.get(name)]
    kinds += [" "] if p.get("IncludeSpace") else []
    kinds = [left for kind in kinds if (left := "".join(c for c in kind if c not in excluded))]
    if not kinds:
        raise invalid("There are no characters left to make a password of.")
    required = kinds if p.get("RequireEachIncludedType", True) else []
    if length < len(required):
        raise invalid(
            f"The password is too short to have each included type: it needs {len(required)}"
            " characters."
        )
    every = "".join(kinds)
    made = [_one(kind, numbers) for kind in required]
    made += [_one(every, numbers) for _ in range(length - len(made))]
    return "".join(_shuffled(made, numbers))


def _one(characters: str, numbers: Iterator[int]) -> str:
    return characters[next(numbers) % len(characters)]


def _shuffled(items: Sequence[str], numbers: Iterator[int]) -> list[str]:
    made = list(items)
    for n in range(len(made) - 1, 0, -1):
        other = next(numbers) % (n + 1)
        made[n], made[other] = made[other], made[n]
    return made
