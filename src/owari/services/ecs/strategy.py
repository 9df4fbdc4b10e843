"""Capacity provider strategies: which provider each task has.

Source: API reference, CapacityProviderStrategyItem; developer guide, "Amazon ECS capacity
providers". A base is met first; what goes beyond it is shared out by weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from owari.services.ecs.faults import invalid

PROVIDERS_MAX, BASE_MAX, WEIGHT_MAX = 20, 100_000, 1_000
FARGATE = ("FARGATE", "FARGATE_SPOT")

Json = dict[str, Any]
Strategy = list[Json]


def check_strategy(strategy: Strategy, associated: Iterable[str]) -> None:
    """`associated`: the cluster's providers. Raises InvalidParameterException."""
    if len(strategy) > PROVIDERS_MAX:
        raise invalid("A capacity provider strategy can contain a maximum of"
                      f" {PROVIDERS_MAX} capacity providers.")  # fmt: skip
    known, names = set(associated), [item["capacityProvider"] for item in strategy]
    if not known.issuperset(names):
        raise invalid("The specified capacity provider strategy cannot contain a capacity provider"
                      " that is not associated with the cluster. Associate the capacity provider"
                      " with the cluster and try again.")  # fmt: skip
    if len(set(names)) < len(names):
        raise invalid("The specified capacity provider strategy contains duplicate capacity"
                      " providers.")  # fmt: skip
    for item in strategy:
        if not 0 <= _base(item) <= BASE_MAX or not 0 <= _weight(item) <= WEIGHT_MAX:
            raise invalid(f"A capacity provider strategy's base must be between 0 and {BASE_MAX},"
                          f" its weight between 0 and {WEIGHT_MAX}.")  # fmt: skip
    if sum(1 for item in strategy if _base(item)) > 1:
        raise invalid("There are multiple capacity providers in the specified capacity provider"
                      " strategy with a base value defined. Specify a base value for only one"
                      " capacity provider and try again.")  # fmt: skip
    if len(strategy) > 1 and not any(map(_weight, strategy)):
        raise invalid("The specified capacity provider strategy must contain at least one capacity"
                      " provider with a weight value greater than zero.")  # fmt: skip
    if len({name in FARGATE for name in names}) > 1:
        raise invalid("A capacity provider strategy cannot contain a mix of capacity providers"
                      " using Auto Scaling groups and Fargate providers. Specify one or the other"
                      " and try again.")  # fmt: skip


def launch_type(how: Json, cluster: Json) -> tuple[str, Strategy]:
    """A launch type, and the strategy that led to it. Raises InvalidParameterException.

    `how` is what a request says, `cluster` the cluster's own body.
    """
    strategy = how.get("capacityProviderStrategy")
    if how.get("launchType"):
        if strategy:
            raise invalid("Specifying both a launch type and capacity provider strategy is not"
                          " supported. Remove one and try again.")  # fmt: skip
        return how["launchType"], []
    if strategy:
        check_strategy(strategy, cluster["capacityProviders"])
    strategy = completed(strategy or cluster.get("defaultCapacityProviderStrategy") or ())
    return (launched_by(strategy), strategy) if strategy else ("EC2", [])


def completed(strategy: Iterable[Json]) -> Strategy:
    """As AWS shows it: with the defaults."""
    return [{"weight": 0, "base": 0} | item for item in strategy]


def launched_by(strategy: Strategy) -> str:
    """The launch type of its providers, which are all of one."""
    return "FARGATE" if strategy[0]["capacityProvider"] in FARGATE else "EC2"


def shared_out(strategy: Strategy, present: Mapping[str, int], count: int) -> list[str]:
    """The providers of `count` further tasks, where there are those `present` already."""
    if not strategy:
        return [""] * count
    have = {item["capacityProvider"]: present.get(item["capacityProvider"], 0) for item in strategy}
    made = []
    for _ in range(count):
        name = _next(strategy, have)
        have[name] += 1
        made.append(name)
    return made


def _next(strategy: Strategy, have: Mapping[str, int]) -> str:
    for item in strategy:
        if have[item["capacityProvider"]] < _base(item):
            return str(item["capacityProvider"])
    weighted = [item for item in strategy if _weight(item)] or strategy[:1]

    def load(item: Json) -> float:
        """After one more task, against its weight."""
        beyond = have[item["capacityProvider"]] - _base(item) + 1
        return beyond / (_weight(item) or 1)

    return str(min(weighted, key=load)["capacityProvider"])


def _base(item: Json) -> int:
    return int(item.get("base") or 0)


def _weight(item: Json) -> int:
    return int(item.get("weight") or 0)
