"""The index only leaves out: whatever it is given, it finds what trying each pattern finds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from owari.patterns.index import SCANNED_MAX, Index, build_index
from owari.patterns.matching import matches
from owari.patterns.tree import build

WORDS = st.sampled_from(["", "a", "ab", "abc", "B", "Ab"])
ADDRESSES = st.sampled_from(["10.0.0.1", "::a00:1", "9.0.0.1"])
SCALARS = WORDS | ADDRESSES | st.sampled_from([0, 1, 1.0, True, False, None, 10**400])
MATCHERS = (
    SCALARS
    | st.fixed_dictionaries({"prefix": WORDS})
    | st.fixed_dictionaries({"suffix": WORDS})
    | st.fixed_dictionaries({"equals-ignore-case": WORDS})
    | st.fixed_dictionaries({"prefix": st.fixed_dictionaries({"equals-ignore-case": WORDS})})
    | st.fixed_dictionaries({"exists": st.booleans()})
    | st.fixed_dictionaries({"anything-but": WORDS})
    | st.sampled_from([{"numeric": [">", 0]}, {"numeric": ["=", 1]}, {"numeric": ["=", 0.0]}])
    | st.sampled_from([{"numeric": [">", 0, "<=", 1]}, {"numeric": ["<", 1]}])
    | st.fixed_dictionaries({"anything-but": st.lists(WORDS, min_size=1, max_size=2)})
    | st.sampled_from([{"anything-but": {"prefix": "a"}}, {"anything-but": [0, 1]}])
    | st.sampled_from([{"cidr": "10.0.0.0/8"}, {"cidr": "::/96"}])
    | st.fixed_dictionaries({"wildcard": st.sampled_from(["*", "a*", "*b", "a*c", "*b*", "ab*b"])})
)
KEYS = st.sampled_from(["x", "y", "z"])
LEAVES = st.lists(MATCHERS, min_size=1, max_size=3)
PATTERNS = st.recursive(
    st.dictionaries(KEYS, LEAVES, min_size=1, max_size=2),
    lambda inner: (
        st.dictionaries(KEYS, LEAVES | inner, min_size=1, max_size=2)
        | st.fixed_dictionaries({"$or": st.lists(inner, min_size=2, max_size=2), "x": LEAVES})
    ),
    max_leaves=4,
)
EVENTS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)


def most_together(index: Index[int]) -> int:
    return max(
        len(entries)
        for looks in index.filed.values()
        for by_key in looks.values()
        for entries in by_key.values()
    )


@given(st.lists(PATTERNS, max_size=6), EVENTS)
def test_it_finds_what_trying_each_finds(patterns: list[dict[str, Any]], event: Any) -> None:
    nodes = [build(pattern) for pattern in patterns]
    index = build_index(list(enumerate(nodes)))
    assert index.matching(event) == [n for n, node in enumerate(nodes) if matches(node, event)]


def test_one_of_a_thousand_is_found_without_trying_the_others() -> None:
    rules = [(n, build({"source": ["app"], "detail": {"id": [f"{n}"]}})) for n in range(1000)]
    index = build_index(rules)
    assert not index.unfiled
    assert most_together(index) == 1
    assert index.matching({"source": "app", "detail": {"id": "7"}}) == [7]


def test_wildcards_are_filed_under_their_more_telling_end() -> None:
    paths = [{"wildcard": f"/in/*/{n}.png"} for n in range(1000)]
    index = build_index([(n, build({"key": [path]})) for n, path in enumerate(paths)])
    assert not index.unfiled
    assert most_together(index) == 1
    assert index.matching({"key": "/in/a/b/17.png"}) == [17]


def test_ranges_pieces_networks_and_refusals_are_told_apart_without_a_trial() -> None:
    kinds = {
        7.5: lambda n: {"numeric": [">", n, "<", n + 1]},
        "-7-": lambda n: {"wildcard": f"*-{n}-*"},
        "10.0.7.1": lambda n: {"cidr": f"10.0.{n}.0/24"},
    }
    for value, pattern in kinds.items():
        index = build_index([(n, build({"v": [pattern(n)]})) for n in range(200)])
        assert not index.unfiled
        assert most_together(index) == 1
        assert index.matching({"v": value}) == [7]
    index = build_index([(n, build({"v": [{"anything-but": [f"{n}"]}]})) for n in range(3)])
    assert most_together(index) == 1
    assert index.matching({"v": "1"}) == [0, 2]
    assert index.matching({"v": None}) == [0, 1, 2]


def test_a_field_of_very_many_values_is_not_held_against_every_key_for_each() -> None:
    many = [{"numeric": [">", n]} for n in range(1000)]
    index = build_index([(n, build({"v": [one]})) for n, one in enumerate(many)])
    assert index.matching({"v": [0.5] * (SCANNED_MAX + 1)}) == [0]


def test_a_pattern_without_telling_values_is_tried_where_its_field_is() -> None:
    few = [
        {"numeric": [">", 5]},
        {"exists": True},
        {"wildcard": "*x*"},
        {"anything-but": {"prefix": "a"}},
    ]
    index = build_index([(n, build({"detail": {"n": [one]}})) for n, one in enumerate(few)])
    assert not index.unfiled
    assert index.matching({"detail": {"m": 6}}) == []
    assert index.matching({"detail": {"n": 6}}) == [0, 1, 3]
