"""Buses, rules and targets in the tables."""

from __future__ import annotations

from typing import Any

from owari.services.events.core import DEFAULT, Bus, BusKey, Rule, RuleKey
from owari.services.events.faults import no_bus, no_rule
from owari.store.bus import listeners_changed
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

_BUS = "account = ? AND region = ? AND bus = ?"
_RULE = f"{_BUS} AND name = ?"
_OF_RULE = f"{_BUS} AND rule = ?"
_LISTENERS = ("rule", "archive")


# ---- who listens
def changed(tx: Tx, bus: BusKey) -> None:
    """A rule or archive of the bus was made, changed or removed. A version that was undone never
    comes again: what was cached under it stays unused."""
    if any(tx.one(f"SELECT 1 FROM events_{kind} WHERE {_BUS}", *bus) for kind in _LISTENERS):
        tx.run(
            "INSERT INTO events_version (account, region, bus, version) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (account, region, bus) DO UPDATE SET version = excluded.version",
            *bus,
            tx.next_seq(),
        )
    else:
        tx.run(f"DELETE FROM events_version WHERE {_BUS}", *bus)
    if bus.name == DEFAULT:
        listeners_changed(tx)


def version(tx: Tx, bus: BusKey) -> int:
    """0: nobody listens."""
    row = tx.one(f"SELECT version FROM events_version WHERE {_BUS}", *bus)
    return row["version"] if row else 0


# ---- buses
def find_bus(tx: Tx, key: BusKey) -> Bus | None:
    """The default bus is always there."""
    row = tx.one(f"SELECT * FROM events_bus WHERE {_BUS}", *key)
    if row is not None:
        return _bus(row)
    return Bus(key, None, None) if key.name == DEFAULT else None


def bus_of(tx: Tx, key: BusKey) -> Bus:
    bus = find_bus(tx, key)
    if bus is None:
        raise no_bus(key.name)
    return bus


def buses(tx: Tx) -> list[Bus]:
    found = tx.all(
        "SELECT * FROM events_bus WHERE account = ? AND region = ? ORDER BY bus",
        tx.account,
        tx.region,
    )
    known = [_bus(row) for row in found]
    if all(bus.key.name != DEFAULT for bus in known):
        known.append(Bus(BusKey(tx.account, tx.region, DEFAULT), None, None))
    return sorted(known, key=lambda bus: bus.key.name)


def save_bus(tx: Tx, bus: Bus) -> None:
    """Of the default bus nothing is kept but what was set."""
    if bus.key.name == DEFAULT and not bus.settings and bus.policy is None:
        delete_bus(tx, bus.key)
        return
    tx.run(
        "INSERT INTO events_bus (account, region, bus, settings, policy, created, modified)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, bus) DO UPDATE"
        " SET settings = excluded.settings, policy = excluded.policy, modified = excluded.modified",
        *bus.key,
        dumps(bus.settings),
        bus.policy,
        tx.now if bus.created is None else bus.created,
        tx.now,
    )


def delete_bus(tx: Tx, key: BusKey) -> None:
    tx.run(f"DELETE FROM events_bus WHERE {_BUS}", *key)


def _bus(row: Row) -> Bus:
    return Bus(
        key=BusKey(row["account"], row["region"], row["bus"]),
        created=row["created"],
        modified=row["modified"],
        settings=loads(row["settings"]),
        policy=row["policy"],
    )


# ---- rules
def find_rule(tx: Tx, key: RuleKey) -> Rule | None:
    row = tx.one(f"SELECT * FROM events_rule WHERE {_RULE}", *key.columns)
    return _rule(row) if row else None


def rule_of(tx: Tx, key: RuleKey) -> Rule:
    bus_of(tx, key.bus)
    rule = find_rule(tx, key)
    if rule is None:
        raise no_rule(key.name, key.bus.name)
    return rule


def rules(tx: Tx, bus: BusKey, prefix: str = "") -> list[Rule]:
    found = tx.all(f"SELECT * FROM events_rule WHERE {_BUS} ORDER BY name", *bus)
    return [_rule(row) for row in found if row["name"].startswith(prefix)]


def count_rules(tx: Tx, bus: BusKey) -> int:
    row = tx.one(f"SELECT COUNT(*) AS n FROM events_rule WHERE {_BUS}", *bus)
    assert row is not None
    return int(row["n"])


def save_rule(tx: Tx, rule: Rule) -> None:
    tx.run(
        "INSERT INTO events_rule (account, region, bus, name, pattern, schedule, state,"
        " description, role, created, created_by, generation)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, bus, name) DO UPDATE SET pattern = excluded.pattern,"
        " schedule = excluded.schedule, state = excluded.state,"
        " description = excluded.description, role = excluded.role,"
        " generation = excluded.generation",
        *rule.key.columns,
        rule.pattern,
        rule.schedule,
        rule.state,
        rule.description,
        rule.role,
        rule.created,
        rule.created_by,
        rule.generation,
    )
    changed(tx, rule.key.bus)


def delete_rule(tx: Tx, key: RuleKey) -> None:
    tx.run(f"DELETE FROM events_rule WHERE {_RULE}", *key.columns)
    changed(tx, key.bus)


def _rule(row: Row) -> Rule:
    return Rule(
        key=RuleKey(BusKey(row["account"], row["region"], row["bus"]), row["name"]),
        pattern=row["pattern"],
        schedule=row["schedule"],
        state=row["state"],
        description=row["description"],
        role=row["role"],
        created=row["created"],
        created_by=row["created_by"],
        generation=row["generation"],
    )


# ---- targets: as PutTargets took them
def targets(tx: Tx, key: RuleKey) -> list[dict[str, Any]]:
    found = tx.all(f"SELECT target FROM events_target WHERE {_OF_RULE} ORDER BY id", *key.columns)
    return [loads(row["target"]) for row in found]


def find_target(tx: Tx, key: RuleKey, id: str) -> dict[str, Any] | None:
    row = tx.one(f"SELECT target FROM events_target WHERE {_OF_RULE} AND id = ?", *key.columns, id)
    return loads(row["target"]) if row else None


def save_target(tx: Tx, key: RuleKey, target: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO events_target (account, region, bus, rule, id, arn, target)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, bus, rule, id)"
        " DO UPDATE SET arn = excluded.arn, target = excluded.target",
        *key.columns,
        target["Id"],
        target["Arn"],
        dumps(target),
    )


def delete_target(tx: Tx, key: RuleKey, id: str) -> bool:
    return tx.run(f"DELETE FROM events_target WHERE {_OF_RULE} AND id = ?", *key.columns, id) == 1


def rules_with_target(tx: Tx, bus: BusKey, arn: str) -> list[str]:
    found = tx.all(
        f"SELECT DISTINCT rule FROM events_target WHERE {_BUS} AND arn = ? ORDER BY rule", *bus, arn
    )
    return [row["rule"] for row in found]
