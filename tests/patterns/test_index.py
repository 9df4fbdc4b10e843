"""The index only leaves out: whatever it is given, it finds what trying each pattern finds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from owari.patterns.index import build_index
from owari.patterns.matching import matches
from owari.patterns.tree import build

WORDS = st.sampled_from(["", "a", "ab", "abc", "B", "Ab"])
SCALARS = WORDS | st.sampled_from([0, 1, 1.0, True, False, None, 10**400])
MATCHERS = (
    SCALARS
    | st.fixed_dictionaries({"prefix": WORDS})
    | st.fixed_dictionaries({"suffix": WORDS})
    | st.fixed_dictionaries({"equals-ignore-case": WORDS})
    | st.fixed_dictionaries({"prefix": st.fixed_dictionaries({"equals-ignore-case": WORDS})})
    | st.fixed_dictionaries({"exists": st.booleans()})
    | st.fixed_dictionaries({"anything-but": WORDS})
    | st.sampled_from([{"numeric": [">", 0]}, {"numeric": ["=", 1]}, {"numeric": ["=", 0.0]}])
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


@given(st.lists(PATTERNS, max_size=6), EVENTS)
def test_it_finds_what_trying_each_finds(patterns: list[dict[str, Any]], event: Any) -> None:
    nodes = [build(pattern) for pattern in patterns]
    index = build_index(list(enumerate(nodes)))
    assert index.matching(event) == [n for n, node in enumerate(nodes) if matches(node, event)]


def test_one_of_a_thousand_is_found_without_trying_the_others() -> None:
    rules = [(n, build({"source": ["app"], "detail": {"id": [f"{n}"]}})) for n in range(1000)]
    index = build_index(rules)
    assert not index.unfiled
    assert max(len(filed) for filed in index.entries.values()) == 1
    assert index.matching({"source": "app", "detail": {"id": "7"}}) == [7]


def test_wildcards_are_filed_under_their_more_telling_end() -> None:
    paths = [{"wildcard": f"/in/*/{n}.png"} for n in range(1000)]
    index = build_index([(n, build({"key": [path]})) for n, path in enumerate(paths)])
    assert not index.unfiled
    assert max(len(filed) for filed in index.entries.values()) == 1
    assert index.matching({"key": "/in/a/b/17.png"}) == [17]


def test_a_pattern_without_telling_values_is_tried_where_its_field_is() -> None:
    few = [{"numeric": [">", 5]}, {"exists": True}, {"wildcard": "*x*"}, {"anything-but": "a"}]
    index = build_index([(n, build({"detail": {"n": [one]}})) for n, one in enumerate(few)])
    assert not index.unfiled
    assert index.matching({"detail": {"m": 6}}) == []
    assert index.matching({"detail": {"n": 6}}) == [0, 1, 3]
