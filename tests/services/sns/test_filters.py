"""Filter policies: which messages pass, and which policies are refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.patterns.expressions import parse_pattern
from owari.patterns.matching import TooManySteps
from owari.services.sns.filter_match import attributes_pass, body_passes
from owari.services.sns.filter_policy import FilterPolicyError, compile_policy


def on_attributes(policy: Any, **values: Any) -> bool:
    """`values` become attributes: text is String, numbers Number, lists String.Array."""
    attributes: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        match value:
            case str():
                attributes[name] = {"DataType": "String", "StringValue": value}
            case list():
                attributes[name] = {"DataType": "String.Array", "StringValue": json.dumps(value)}
            case bytes():
                attributes[name] = {"DataType": "Binary", "BinaryValue": value}
            case _:
                attributes[name] = {"DataType": "Number", "StringValue": str(value)}
    return attributes_pass(compile_policy(json.dumps(policy), "MessageAttributes"), attributes)


def on_body(policy: Any, body: Any) -> bool:
    return body_passes(compile_policy(json.dumps(policy), "MessageBody"), json.dumps(body))


@pytest.mark.parametrize(
    ("patterns", "passing", "failing"),
    [
        (["rugby", "tennis"], ["rugby", "tennis", ["golf", "tennis"]], ["Rugby", "rug", 1, []]),
        ([10], [10, 10.0, 1e1], [11, "10"]),
        ([None, True], [[None], [True], [1, True]], ["null", "true", [False], [1]]),
        ([{"prefix": "bas"}], ["baseball", "bas"], ["tennis", "Baseball", "ba"]),
        ([{"suffix": "ball"}], ["baseball", "ball"], ["balls", "all"]),
        ([{"equals-ignore-case": "TENNIS"}], ["tennis", "Tennis"], ["tennis2"]),
        ([{"prefix": {"equals-ignore-case": "BAS"}}], ["bAseball"], ["abaseball"]),
        ([{"wildcard": "*ball"}], ["ball", "football"], ["balls"]),
        ([{"wildcard": "a*b*c"}], ["abc", "axxbxxc", "abbcc"], ["ab", "acb", "xabc"]),
        ([{"wildcard": "a\\*b*"}], ["a*b", "a*bc"], ["axb"]),
        ([{"anything-but": "rugby"}], ["tennis", ["rugby", "golf"], 5], ["rugby", ["rugby"]]),
        ([{"anything-but": ["rugby", "golf"]}], ["tennis"], ["golf", "rugby"]),
        ([{"anything-but": [100, 500]}], [101, "x"], [100, 500]),
        ([{"anything-but": {"prefix": "order-"}}], ["data-entry"], ["order-number"]),
        ([{"anything-but": {"prefix": ["a", "b"]}}], ["c"], ["ab", "ba"]),
        ([{"anything-but": {"suffix": "ball"}}], ["tennis"], ["football"]),
        ([{"anything-but": {"wildcard": "*ball"}}], ["tennis"], ["football"]),
        ([{"numeric": ["=", 301.5]}], [301.5, 3.015e2], [301, "301.5"]),
        ([{"numeric": ["<", 0]}], [-1], [0, 1]),
        ([{"numeric": ["<=", 0]}], [0], [0.1]),
        ([{"numeric": [">", 0, "<=", 150]}], [0.1, 150], [0, 151]),
        ([{"numeric": [">=", 5]}], [5, 1e9], [4.99]),
        ([{"cidr": "10.0.0.0/24"}], ["10.0.0.0", "10.0.0.255"], ["10.0.1.1", "nonsense"]),
        ([{"cidr": "2001:db8::/32"}], ["2001:db8::1"], ["10.0.0.1"]),
        ([{"exists": True}], ["x", 1], [b"binary"]),
        (["a", {"prefix": "b"}], ["a", "bc"], ["ac"]),
    ],
)
def test_one_key(patterns: Any, passing: list[Any], failing: list[Any]) -> None:
    for value in passing:
        assert on_attributes({"key": patterns}, key=value), value
    for value in failing:
        assert not on_attributes({"key": patterns}, key=value), value


def test_keys_are_and_and_an_absent_key_fails_unless_asked_for() -> None:
    policy = {"sport": ["rugby"], "price": [{"numeric": [">", 10]}]}
    assert on_attributes(policy, sport="rugby", price=11)
    assert not on_attributes(policy, sport="rugby", price=9)
    assert not on_attributes(policy, sport="rugby")
    assert on_attributes({"sport": [{"exists": False}]}, other="x")
    assert on_attributes({"sport": [{"exists": False}]}, sport=b"binary is not looked at")
    assert not on_attributes({"sport": [{"exists": False}]}, sport="x")
    assert not on_attributes({"sport": [{"anything-but": ["x"]}]})


def test_or_joins_alternatives_and_is_joined_to_its_siblings() -> None:
    policy = {"source": ["s"], "$or": [{"metric": ["cpu"]}, {"space": ["disk", "net"]}]}
    assert on_attributes(policy, source="s", metric="cpu")
    assert on_attributes(policy, source="s", space="net")
    assert not on_attributes(policy, source="s", metric="mem")
    assert not on_attributes(policy, metric="cpu")
    assert on_attributes({"$or": ["plain"]}, **{"$or": "plain"})  # not a group: a key


def test_bodies_are_matched_by_path() -> None:
    policy = {"store": {"name": ["a"], "place": {"city": [{"prefix": "Nag"}]}}}
    assert on_body(policy, {"store": {"name": "a", "place": {"city": "Nagoya"}}, "more": 1})
    assert not on_body(policy, {"store": {"name": "a", "place": {"city": "Gifu"}}})
    assert not on_body(policy, {"store": "a"})
    assert on_body({"a": {"b": [{"exists": False}]}}, {"a": {"c": 1}})
    assert on_body({"a": {"b": [{"exists": False}]}}, {})
    assert on_body({"a": [None]}, {"a": None})
    assert not on_body({"a": [1]}, {"a": True})
    assert not on_body({"a": ["x"]}, {"a": {"x": 1}})


def test_lists_in_a_body_match_by_any_element_and_do_not_mix_objects() -> None:
    policy = {"items": {"kind": ["book"], "price": [{"numeric": ["<", 10]}]}}
    assert on_body(policy, {"items": [{"kind": "pen", "price": 99}, {"kind": "book", "price": 9}]})
    assert not on_body(policy, {"items": [{"kind": "pen", "price": 9}, {"kind": "book"}]})
    assert on_body({"tags": ["b"]}, {"tags": [["a"], ["b"]]})


@pytest.mark.parametrize("body", ["", "text", "[]", "3", "[" * 100_000])
def test_a_body_that_is_no_object_never_passes(body: str) -> None:
    assert not body_passes(compile_policy('{"a": [{"exists": false}]}', "MessageBody"), body)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("nope", "failed to parse JSON"),
        ("[]", "failed to parse JSON. Filter is not an object"),
        ("[" * 100_000, "failed to parse JSON"),
        ({"a": "x"}, '"a" must be an object or an array'),
        ({"a": []}, "Empty arrays are not allowed"),
        ({"a": [["x"]]}, "Match value must be String, number, true, false, or null"),
        ({"a": {"b": ["x"]}}, "Filter policy scope MessageAttributes does not support nested"),
        ({"a": [{"like": "x"}]}, "Unrecognized match type like"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "Only one key allowed in match expression"),
        ({"a": [{"prefix": 1}]}, "prefix match pattern must be a string"),
        ({"a": [{"exists": "yes"}]}, "exists match pattern must be either true or false."),
        ({"a": [{"numeric": 1}]}, "Value of numeric must be an array."),
        ({"a": [{"numeric": []}]}, "Invalid member in numeric match: ]"),
        ({"a": [{"numeric": ["~", 1]}]}, "Unrecognized numeric range operator: ~"),
        ({"a": [{"numeric": ["<", "1"]}]}, "Value of < must be numeric"),
        ({"a": [{"numeric": [">", 5, "<", 1]}]}, "Bottom must be less than top"),
        ({"a": [{"numeric": [">", 1, ">", 5]}]}, "Bad numeric range operator: >"),
        ({"a": [{"numeric": ["=", 1, "<", 5]}]}, "Too many elements in numeric expression"),
        ({"a": [{"numeric": ["=", 1e10]}]}, "Value must be between -1000000000 and"),
        ({"$or": [{"a": [{"numeric": ["<", 2e9]}]}, {"b": ["x"]}]}, "Value must be between"),
        ({"a": [{"cidr": "10.0.0.0"}]}, "Malformed CIDR, one slash required"),
        ({"a": [{"cidr": "10.0.0.0/x"}]}, "Malformed CIDR, mask bits must be an integer"),
        ({"a": [{"cidr": "10.0.0.0/33"}]}, "Malformed CIDR"),
        ({"a": [{"anything-but": ["x", 1]}]}, "Inside anything-but list, either all values"),
        ({"a": [{"anything-but": [None]}]}, "Inside anything-but list, start|null|boolean"),
        ({"a": [{"anything-but": {"numeric": 1}}]}, "Unsupported anything-but pattern: numeric"),
        ({"a": [{"wildcard": "a**b"}]}, "Consecutive wildcard characters at pos"),
        ({"a": [{"wildcard": "a\\b"}]}, "Invalid escape character at pos 1"),
        ({k: ["x"] for k in "abcdef"}, "Filter policy can not have more than 5 keys"),
        ({"a": list("abcdefghijklm"), "b": list("abcdefghijkl")}, "Filter policy is too complex"),
    ],
)
def test_a_bad_policy_is_refused_in_awss_words(policy: Any, message: str) -> None:
    text = policy if isinstance(policy, str) else json.dumps(policy)
    with pytest.raises(FilterPolicyError, match=re.escape(message)):
        compile_policy(text, "MessageAttributes")


def test_nesting_counts_in_the_combinations() -> None:
    nested = {"a": {"b": {"c": list("wxyz")}}, "d": {"e": list("xyz")}}  # 4·3 × 3·2 = 72
    compile_policy(json.dumps(nested), "MessageBody")
    with pytest.raises(FilterPolicyError, match="too complex"):
        compile_policy(json.dumps(nested | {"f": list("xyz")}), "MessageBody")  # 216
    deep: Any = ["x"]
    for _ in range(500):
        deep = {"a": deep}
    with pytest.raises(FilterPolicyError, match="too complex"):
        compile_policy(json.dumps(deep), "MessageBody")


def test_trying_a_policy_is_bounded() -> None:
    policy = {"a": [{"prefix": str(n)} for n in range(100)]}
    with pytest.raises(TooManySteps):
        on_body(policy, {"a": ["x"] * 50_000})


@given(st.text("ab*", max_size=6).filter(lambda t: "*" in t and "**" not in t), st.text("ab"))
def test_wildcards_agree_with_regular_expressions(pattern: str, value: str) -> None:
    parsed = parse_pattern({"wildcard": pattern})
    assert not isinstance(parsed, bool)
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value)
    assert parsed.matches(value) == bool(expected)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "b", "prefix"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "$or", "prefix", "numeric", "anything-but", "exists"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "$or"]), JSON, max_size=3), JSON)
def test_any_policy_is_refused_or_answers(policy: Any, body: Any) -> None:
    try:
        compiled = compile_policy(json.dumps(policy), "MessageBody")
    except FilterPolicyError:
        return
    assert body_passes(compiled, json.dumps(body)) in (True, False)
