"""Filter patterns: the examples of AWS's documentation, and expressions that mean harm."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.errors import ServiceError
from owari.services.logs.pattern import parse_pattern
from owari.services.logs.pattern_regex import compile_regex

EVENT = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "ThisFlag": True,
        "bandwidth": 75,
        "latency": 50.5,
        "cluster.name": "c",
    }
)
WEB = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "message", "wanted"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "[error 400]", False),
        ("ERROR", "UNERRORED", True),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED", False),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
        ('"INTERNAL SERVER ERROR"', "ERROR INTERNAL SERVER", False),
        ("?ERROR ?ARGUMENTS", "only ARGUMENTS here", True),
        ("?ERROR ?ARGUMENTS", "neither", False),
        ("ERROR -ARGUMENTS", "[ERROR 401] UNAUTHORIZED", True),
        ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", False),
        ("?WARN ERROR", "ERROR alone", True),
        ("?WARN ERROR", "WARN alone", False),
        ('-"not this"', "this", True),
        ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", True),
        ("%^[hc]at%", "hat", True),
        ("%^[hc]at%", "a hat", False),
        ("%[hc]at$%", "a cat", True),
        ("%colou?r%", "color", True),
        ("%a{3,5}%", "baaac", True),
        ("%a{3,5}%", "baac", False),
        ("%gray|grey%", "a grey one", True),
        (r"%10\.10\.0\.1%", "ip 10.10.0.1 x", True),
        (r"%10\.10\.0\.1%", "ip 10x10.0.1 x", False),
        (r"%\d{3}\s\w+\x20[^a-c]%", "404 not d", True),
        ('{ $.eventType = "UpdateTrail" }', EVENT, True),
        ("{ $.eventType = Update* }", EVENT, True),
        ('{ $.eventType != "UpdateTrail" }', EVENT, False),
        ("{ $.sourceIPAddress != 123.123.* }", EVENT, True),
        ("{ $.sourceIPAddress = %^111% }", EVENT, True),
        ('{ $.arrayKey[0] = "value" }', EVENT, True),
        ('{ $.arrayKey[1] = "value" }', EVENT, False),
        ('{ $.arrayKey[*] = "another*" }', EVENT, True),
        ("{ $.objectList[1].id = 2 }", EVENT, True),
        ("{ $.SomeObject IS NULL }", EVENT, True),
        ("{ $.SomeOtherObject IS NULL }", EVENT, False),
        ("{ $.SomeOtherObject NOT EXISTS }", EVENT, True),
        ("{ $.bandwidth EXISTS }", EVENT, True),
        ("{ $.ThisFlag IS TRUE }", EVENT, True),
        ("{ $.ThisFlag IS FALSE }", EVENT, False),
        ("{ $.bandwidth > 74.9 }", EVENT, True),
        ("{ $.bandwidth >= 75 && $.latency <= 5e1 }", EVENT, False),
        ("{ ($.bandwidth = 75 || $.nothing = 1) && $.latency < 51 }", EVENT, True),
        ("{ $.nothing = 1 || $.bandwidth = 75 && $.ThisFlag IS TRUE }", EVENT, True),
        ("{ $['cluster.name'] = c }", EVENT, True),
        ("{ $.eventType != x }", '{"other": 1}', False),
        ("{ $.a = 1 }", "not JSON {", False),
        ("[ip, server, user, ts, request, status = 404, bytes]", WEB, True),
        ("[ip, server, user, ts, request, status = 4*, bytes > 1000]", WEB, True),
        ("[ip, server, user, ts, request = *html*, status, bytes <= 1000]", WEB, False),
        ("[..., status = 404 || status = 410, bytes]", WEB, True),
        ("[ip != 10.*, ..., status != 200 && status != 410, bytes]", WEB, True),
        ("[ip, ...]", WEB, True),
        ("[ip, server]", WEB, False),
        ("[w1 = ERROR, w2]", "ERROR x", True),
        ("[w1 = %^E%, w2]", "ERROR x", True),
    ],
)
def test_matches(pattern: str, message: str, wanted: bool) -> None:
    assert (parse_pattern(pattern).match(message) is not None) is wanted


@pytest.mark.parametrize(
    "pattern",
    [
        "foo:bar", '"open', "%a(b)%", "%[%", "%a{9999999}%", "%*%", "{ $.a }", "{ $.a = }",
        "{ $.a = 1", "{ $.a > x }", "{ a = 1 }", "{ $.a IS MAYBE }", "{ $.a NOT THERE }",
        "{" + "(" * 500 + " $.a = 1", "[a, ..., ...]", "[a", "[a = 1 && b = 2]", "[a > x]",
        "{ $.a = 1 } x", "[a] x", "{}", "{ $ = 1 }", "%a{5,2}%", "%[z-a]%", r"%\q%",
    ],
)  # fmt: skip
def test_a_pattern_that_means_nothing_is_the_callers_mistake(pattern: str) -> None:
    with pytest.raises(ServiceError) as caught:
        parse_pattern(pattern)
    assert caught.value.code == "InvalidParameterException"


def test_values_are_extracted() -> None:
    fields = parse_pattern("[ip, server, user, ts, request, status, bytes]").match(WEB)
    assert fields is not None
    assert fields["$ts"] == "10/Oct/2000:13:25:15 -0700"
    assert fields["$status"] == "404"
    assert parse_pattern("{ $.bandwidth > 1 && $.eventType = U* }").match(EVENT) == {
        "$.bandwidth": "75",
        "$.eventType": "UpdateTrail",
    }


PIECES = st.sampled_from(["a", "b", "ab", "[ab]", "[^a]", ".", r"\d", r"\w", "a*", "b+", "a?",
                          "[ab]{1,3}", "b{2}", ".*", "a{2,}"])  # fmt: skip


@given(
    branches=st.lists(st.lists(PIECES, min_size=1, max_size=5), min_size=1, max_size=3),
    start=st.booleans(),
    end=st.booleans(),
    text=st.text("ab1 ", max_size=20),
)
def test_regex_agrees_with_the_standard_one(
    branches: list[list[str]], start: bool, end: bool, text: str
) -> None:
    bodies = ["^" * start + "".join(branch) + "$" * end for branch in branches]
    pattern = "|".join(bodies)
    expected = re.search(pattern.replace("$", r"\Z"), text) is not None
    assert compile_regex(pattern).search(text) is expected


@given(st.text(max_size=60) | st.text('{[$.a]=1&|()"%*<>! ISNOTEXS,?-', max_size=60))
def test_any_text_is_a_pattern_or_an_invalid_parameter(text: str) -> None:
    try:
        pattern = parse_pattern(text)
    except ServiceError as error:
        assert error.code == "InvalidParameterException"
    else:
        pattern.match('a b "c" {"a": [1]}')
        pattern.match('{"a": [1, {"b": null}]}')


def test_an_unkind_regex_takes_linear_time() -> None:
    regex = compile_regex(r"a*a*a*a*a*a*a*a*a*a*a*a*b{0,50}c")
    started = time.process_time()
    assert not regex.search("a" * 50_000)
    assert time.process_time() - started < 20  # a backtracking one would need years


def test_deeply_nested_json_does_not_match() -> None:
    assert parse_pattern("{ $.a = 1 }").match('{"a":' * 100_000) is None
