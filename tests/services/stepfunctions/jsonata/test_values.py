"""Expressions and what they give, over one small document."""

from __future__ import annotations

import random
from typing import Any

import pytest

from owari.services.stepfunctions.jsonata import NOTHING, JsonataError, compile

DATA = {
    "a": [{"b": 1, "c": {"d": "x"}}, {"b": 2, "c": {"d": "y"}}, {"b": 3}],
    "s": "Hello World",
    "n": None,
    "orders": [
        {"id": 1, "items": [{"p": 2, "q": 3}, {"p": 5, "q": 1}]},
        {"id": 2, "items": [{"p": 7, "q": 2}]},
    ],
}
NOW_MS = 1510067557121


def evaluate(source: str) -> Any:
    return compile(source).evaluate(
        DATA, {"v": {"k": [1, 2]}}, now_ms=NOW_MS, random=random.Random(1), uuid=lambda: "u"
    )


CASES: list[tuple[str, Any]] = [
    ("a.b", [1, 2, 3]),
    ("a[0].b", 1),
    ("a[-1].b", 3),
    ("a[b>1].b", [2, 3]),
    ("a.c.d[0]", ["x", "y"]),
    ("(a.c.d)[0]", "x"),
    ("$sum(orders.items.(p*q))", 25),
    ("a[b=1].b[]", [1]),
    ("$map(a,function($x,$i){$x.b+$i})", [1, 3, 5]),
    ('orders.{"i":id,"t":$sum(items.(p*q))}', [{"i": 1, "t": 11}, {"i": 2, "t": 14}]),
    ("orders{$string(id): $count(items)}", {"1": 2, "2": 1}),
    ("a^(>b).b", [3, 2, 1]),
    ("$v.k[1]", 2),
    ('s & "!" & 1 & null & true', "Hello World!1nulltrue"),
    ("[1..5]", [1, 2, 3, 4, 5]),
    ("$substring(s,0,5)", "Hello"),
    ("s.$substring(6)", "World"),
    ("$uppercase(s)", "HELLO WORLD"),
    ('$split("a,b,c",",")', ["a", "b", "c"]),
    ('$join(["a","b"],"-")', "a-b"),
    ('$replace("abc","b","x")', "axc"),
    ('$replace("265USD",/([0-9]+)USD/,"$$$1")', "$265"),
    ('$match("ababbxabb",/a(b+)/)[1].groups', ["bb"]),
    ('$contains("abracadabra",/a.*a/)', True),
    ("$now()", "2017-11-07T15:12:37.121Z"),
    ('$fromMillis(1510067557121,"[M01]/[D01]/[Y0001] [h#1]:[m01][P]")', "11/07/2017 3:12pm"),
    ('$toMillis("2017-11-07T15:12:37.121Z")', 1510067557121),
    ('$fromMillis(1510067557121,"[FNn], [D1o] [MNn] [Y]")', "Tuesday, 7th November 2017"),
    ('$formatNumber(12345.6,"#,###.00")', "12,345.60"),
    ('$formatNumber(0.14,"01%")', "14%"),
    ('$formatNumber(34.555,"#0.00;(#0.00)")', "34.56"),
    ('$formatNumber(1234.5678,"00.000e0")', "12.346e2"),
    ('$formatInteger(2789,"w")', "two thousand, seven hundred and eighty-nine"),
    ('$formatInteger(1999,"I")', "MCMXCIX"),
    ('$parseInteger("12,345","#,##0")', 12345),
    ('$merge([{"a":1},{"b":2}])', {"a": 1, "b": 2}),
    ("$keys(a[0])", ["b", "c"]),
    ('$spread({"a":1,"b":2})', [{"a": 1}, {"b": 2}]),
    ('$sift({"a":1,"b":2},function($v){$v>1})', {"b": 2}),
    ('$each({"a":1,"b":2},function($v,$k){$k&$v})', ["a1", "b2"]),
    ("$reduce([1,2,3],function($i,$j){$i*$j})", 6),
    ("$filter([1,2,3],function($x){$x%2=1})", [1, 3]),
    ("$sort([3,1,2])", [1, 2, 3]),
    ("$sort(a,function($l,$r){$l.b<$r.b}).b", [3, 2, 1]),
    ("($x:=5;$f:=function($n){$n<=1?1:$n*$f($n-1)};$f($x))", 120),
    ("$zip([1,2],[3,4])", [[1, 3], [2, 4]]),
    ('a@$x.{"q":$x.b}.q', [1, 2, 3]),
    ('a#$i.{"i":$i,"b":b}.i', [0, 1, 2]),
    ('orders.items.{"o":%.id,"p":p}.o', [1, 1, 2]),
    ("a.b ~> $sum()", 6),
    ('($t:=$trim~>$uppercase;$t("  x "))', "X"),
    ("$partition([1,2,3,4,5],2)", [[1, 2], [3, 4], [5]]),
    ("$range(0,10,5)", [0, 5, 10]),
    ('$hash("x","MD5")', "9dd4e461268c8034f5c8564e155c67a6"),
    ('$parse("{\\"a\\":1}").a', 1),
    ("nothing", NOTHING),
    ("$exists(nothing)", False),
    ('a[0].c ~> |$|{"z":1}|', {"d": "x", "z": 1}),
    ("**.d", ["x", "y"]),
    ('{"a":[1]}.a', [1]),
    ("$count(a)", 3),
    ('"x" in ["x","y"]', True),
    ("n = null", True),
    ('$string({"a":[1,2.5]})', '{"a":[1,2.5]}'),
    ('$number("0x1F")', 31),
    ("$round(2.5)", 2),
    ("$distinct([1,1,2])", [1, 2]),
    ("a.(b+1)", [2, 3, 4]),
    ("`a`.`b`[0]", [1, 2, 3]),
    ('$.a[b=2].c."d"', "y"),
    ("-a[0].b", -1),
    ("1/3", 0.3333333333333333),
    ("$string(1/3)", "0.333333333333333"),
    ("a.[b]", [[1], [2], [3]]),
    ("a and false", False),
    ('$lookup(a,"b")', [1, 2, 3]),
    ("b ?: 5", 5),
    ('a[0].b = 1 ? "y" : "n"', "y"),
    ("/* c */ 1", 1),
    ('$pad("a",-3,"0")', "00a"),
    ('$base64encode("hi")', "aGk="),
    ("$type(a)", "array"),
    ("$boolean([0])", False),
    ("function($x){$x}(3)", 3),
    ("[1,2][0]", 1),
    ("[[1,2],[3]][0]", [1, 2]),
    ("$append(1,2)", [1, 2]),
    ("a[[0..1]].b", [1, 2]),
    ("a.b[$>1]", [2, 3]),
    ("$map([1],function($x){$x})", 1),
]


@pytest.mark.parametrize(("source", "expected"), CASES)
def test_value(source: str, expected: Any) -> None:
    assert evaluate(source) == expected


ERRORS = [
    ('1 + "a"', "T2002"),
    ("a[", "S0207"),
    ('$error("no")', "D3137"),
    ('$assert(false, "bad")', "D3141"),
    ('$eval("1")', "D3121"),
    ('"x" < 1', "T2009"),
    ("nothing()", "T1006"),
    ("$sum(1, 2)", "T0410"),
    ('$sum(["x"])', "T0412"),
    ("($f := function($n) { 1 + $f($n) }; $f(1))", "U1001"),
    ("[1..10000000]", "D2014"),
    ("/(/", "S0302"),
    ('{"a": 1, "a": 2}', "D1009"),
    ("{1: 2}", "T1003"),
    ('"unterminated', "S0101"),
    ("1 ]", "S0201"),
    ("(" * 500, "S0201"),
]


@pytest.mark.parametrize(("source", "code"), ERRORS)
def test_error(source: str, code: str) -> None:
    with pytest.raises(JsonataError) as caught:
        evaluate(source)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "source",
    [
        '$formatInteger(5, "²")',
        '$fromMillis(0, "[Y²]")',
        "$fromMillis(1e18)",
        f'$number("{"9" * 5000}")',
        "9" * 5000,
        '$substring("a", 1e400)',
        "$round(1.5, 10000000000)",
        '$base64encode("\\ud800")',
        '$hash("\\ud800", "MD5")',
        '$pad("a", 1e12)',
        "$map([1, 2], $nobody)",
        '$replace("abc", function() {1}, "x")',
        '$formatInteger(1e13, "I")',
        '$reduce([1..60], function($a, $b) {$a & $a}, "x")',
        '$reduce([1..60], function($a, $b) {$join([$a, $a], "-")}, "x")',
        '$reduce([1..60], function($a, $b) {$replace($a, "x", "xx")}, "x")',
        '$reduce([1..60], function($a, $b) {$replace($a, /x/, "xx")}, "x")',
        "$count($reduce([1..60], function($a, $b) {$append($a, $a)}, [1]))",
    ],
)
def test_what_cannot_be_computed_is_an_error_of_the_expression(source: str) -> None:
    """No fault of the program that evaluates it, and not the end of its memory."""
    with pytest.raises(JsonataError):
        evaluate(source)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('$substring("abc", $nobody)', "abc"),
        ('$pad("abc", $nobody)', "abc"),
        ('$split("abc", $nobody)', ["abc"]),
    ],
)
def test_arguments_that_are_nothing(source: str, value: Any) -> None:
    assert evaluate(source) == value


def test_superscript_digits_are_no_digits() -> None:
    assert evaluate('$replace("abc", /(b)/, "$1$²")') == "ab$²c"
    assert evaluate('$fromMillis(0, "[Y,²-²]")') == "1970"


def test_a_step_that_is_lost_in_a_large_number_ends() -> None:
    assert evaluate("$count($range(1e300, 1e300, 1.5))") <= 1_000
