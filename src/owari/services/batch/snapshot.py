"""What the scheduler is shown of the tables, and what it keeps between two decisions.

A decision is asked for by `mark_dirty`: the first of a burst of changes leaves one Wake, and the
decision then sees them all.
"""

from __future__ import annotations

from typing import Any

from owari.effects import ReplyTo, Wake
from owari.services.batch.demand import (
    Agent,
    Consumable,
    Environment,
    FairShare,
    Held,
    Line,
    Pool,
    Queue,
    Reservation,
    Snapshot,
    Waiting,
)
from owari.services.batch.demands import Size
from owari.services.batch.lines import LineKey, line_key, parts_of_key, resource_key
from owari.services.batch.shares import decayed, used_now
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

HEADS = 64  # jobs of each line that are looked at in one decision

# Each line once, by hopping from one to the next in the index.
_LINES = """
    WITH RECURSIVE hop (line) AS (
        SELECT MIN(line) FROM batch_job WHERE runnable > 0
        UNION ALL
        SELECT (SELECT MIN(j.line) FROM batch_job j WHERE j.runnable > 0 AND j.line > hop.line)
        FROM hop WHERE hop.line IS NOT NULL
    )
    SELECT line FROM hop WHERE line IS NOT NULL
"""
_HEADS = (
    "SELECT account, region, id, priority, seq, runnable FROM batch_job"
    " WHERE line = ? AND runnable > 0 ORDER BY priority DESC, seq LIMIT ?"
)


def mark_dirty(tx: Tx) -> None:
    """Something changed that may let a job start."""
    if tx.run("UPDATE batch_scheduler SET dirty = 1 WHERE id = 1 AND dirty = 0"):
        tx.emit(Wake(), reply_to=ReplyTo("batch", "schedule", ""))


def next_decision(tx: Tx) -> Row:
    """Takes the mark away; returns the scheduler's row."""
    tx.run("UPDATE batch_scheduler SET dirty = 0, decision = decision + 1 WHERE id = 1")
    row = tx.one("SELECT * FROM batch_scheduler WHERE id = 1")
    assert row is not None
    return row


def agents_known(tx: Tx) -> tuple[Agent, ...] | None:
    """None until an agent has said what it has."""
    row = tx.one("SELECT agents FROM batch_scheduler WHERE id = 1")
    return _agents(row["agents"]) if row and row["agents"] else None


def store_agents(tx: Tx, agents: list[dict[str, Any]]) -> None:
    tx.run("UPDATE batch_scheduler SET agents = ? WHERE id = 1", dumps(agents))


def _agents(text: str) -> tuple[Agent, ...]:
    return tuple(
        Agent(
            a["instance"],
            Size(round(a["vcpus"] * 1000), int(a["memory_mib"]), int(a.get("gpus", 0))),
        )
        for a in loads(text)
    )


def _presumed(tx: Tx) -> tuple[Agent, ...]:
    size = Size(tx.limits.machine_vcpus_default * 1000, tx.limits.machine_memory_default_mib)
    return (Agent("agent", size),)


def job_key(account: str, region: str, id: str) -> str:
    return resource_key(account, region, id)


def take_snapshot(tx: Tx, row: Row) -> Snapshot:
    """`row`: of the scheduler, after `next_decision`."""
    keys = {r["line"]: line_key(r["line"]) for r in tx.all(_LINES)}
    found = {key: queue_of(tx, key) for key in {k.queue for k in keys.values()}}
    queues = {key: queue for key, queue in found.items() if queue is not None}
    agents = _agents(row["agents"]) if row["agents"] else _presumed(tx)
    held = _held(tx, agents)
    lines = tuple(_line(tx, text, key) for text, key in keys.items() if key.queue in queues)
    wanted = {name for queue in queues.values() for name in queue.environments}
    return Snapshot(
        decision=row["decision"],
        agents=agents,
        environments={key: e for key in wanted if (e := _environment(tx, key)) is not None},
        queues=queues,
        lines=lines,
        held=held,
        consumables=_consumables(tx, keys.values()),
        reservations=_reservations(row["reservations"]),
        usage=_usage(tx, queues, held),
    )


def _line(tx: Tx, text: str, key: LineKey) -> Line:
    rows = tx.all(_HEADS, text, HEADS)
    jobs = tuple(
        Waiting(job_key(r["account"], r["region"], r["id"]), r["priority"], r["seq"], r["runnable"])
        for r in rows
    )
    return Line(key.queue, key.share, key.need, jobs)


def _held(tx: Tx, agents: tuple[Agent, ...]) -> tuple[Held, ...]:
    """What runs. Where there is one agent, all of it is there, whatever it was called before."""
    rows = tx.all("SELECT queue, share, claims, placed FROM batch_held")
    only = agents[0].instance if len(agents) == 1 else None
    return tuple(
        Held(r["queue"], r["share"], _claims(r["claims"], only), r["placed"]) for r in rows
    )


def _claims(text: str, only: str | None) -> dict[Pool, int]:
    claims = load_claims(text)
    if only is None:
        return claims
    moved: dict[Pool, int] = {}
    for pool, n in claims.items():
        here = Pool(pool.kind, only) if pool.kind in ("vcpus", "memory", "gpus") else pool
        moved[here] = moved.get(here, 0) + n
    return moved


def load_claims(text: str) -> dict[Pool, int]:
    return {Pool(kind, owner): n for kind, owner, n in loads(text)}


def queue_of(tx: Tx, key: str) -> Queue | None:
    account, region, name = parts_of_key(key)
    row = tx.one(
        "SELECT q.priority, q.policy, q.body, p.body AS fair FROM batch_queue q"
        " LEFT JOIN batch_policy p"
        " ON p.account = q.account AND p.region = q.region AND p.name = q.policy"
        " WHERE q.account = ? AND q.region = ? AND q.name = ?",
        account, region, name,
    )  # fmt: skip
    if row is None:
        return None
    order = loads(row["body"])["environments"]
    environments = tuple(resource_key(account, region, e) for e in order)
    return Queue(key, row["priority"], environments, _fair(row["fair"]))


def _fair(body: str | None) -> FairShare | None:
    if body is None:
        return None
    policy = loads(body)
    weights = tuple(
        (s["shareIdentifier"], float(s.get("weightFactor", 1.0)))
        for s in policy.get("shareDistribution", ())
    )
    return FairShare(
        policy.get("shareDecaySeconds", 0), policy.get("computeReservation", 0), weights
    )


def _environment(tx: Tx, key: str) -> Environment | None:
    row = tx.one(
        "SELECT state, body FROM batch_environment WHERE account = ? AND region = ? AND name = ?",
        *parts_of_key(key),
    )
    if row is None:
        return None
    body = loads(row["body"])
    most = body.get("computeResources", {}).get("maxvCpus")
    return Environment(key, None if most is None else most * 1000, row["state"] == "ENABLED")


def _consumables(tx: Tx, keys: Any) -> dict[str, Consumable]:
    found = {}
    for key in {name for k in keys for name, _ in k.need.consumables}:
        row = tx.one(
            "SELECT type, total FROM batch_consumable"
            " WHERE account = ? AND region = ? AND name = ?",
            *parts_of_key(key),
        )
        if row is not None:
            found[key] = Consumable(key, row["total"], row["type"] == "REPLENISHABLE")
    return found


def _usage(
    tx: Tx, queues: dict[str, Queue], held: tuple[Held, ...]
) -> dict[tuple[str, str], float]:
    """What shares used lately, brought up to now."""
    usage: dict[tuple[str, str], float] = {}
    for key, queue in queues.items():
        for share, value in usage_lately(tx, queue, used_now(held, key)).items():
            usage[key, share] = value
            tx.run(
                "INSERT INTO batch_share (queue, share, usage, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (queue, share)"
                " DO UPDATE SET usage = excluded.usage, at = excluded.at",
                key, share, value, tx.now,
            )  # fmt: skip
    return usage


def usage_lately(tx: Tx, queue: Queue, running: dict[str, int]) -> dict[str, float]:
    """By share, as it counts now. `running`: vCPU thousandths each uses since it was written."""
    if queue.fair is None or queue.fair.decay_s == 0:
        return {}
    rows = {r["share"]: r for r in tx.all("SELECT * FROM batch_share WHERE queue = ?", queue.key)}
    found: dict[str, float] = {}
    for share in rows.keys() | running.keys():
        row = rows.get(share)
        before, at = (row["usage"], row["at"]) if row else (0.0, tx.now)
        found[share] = decayed(before, running.get(share, 0), tx.now - at, queue.fair)
    return found


def _reservations(text: str) -> tuple[Reservation, ...]:
    return tuple(
        Reservation(job, since, {Pool(kind, owner): n for kind, owner, n in claims})
        for job, since, claims in loads(text)
    )


def store_outcome(tx: Tx, row: Row, reservations: tuple[Reservation, ...], heir: str) -> None:
    """What the next decision, or a hand-over before it, has to know of this one."""
    text = dumps([[r.job, r.since, dump_claims(r.claims)] for r in reservations])
    if (text, heir) != (row["reservations"], row["heir"]):
        tx.run("UPDATE batch_scheduler SET reservations = ?, heir = ? WHERE id = 1", text, heir)


def dump_claims(claims: Any) -> list[list[Any]]:
    return [[pool.kind, pool.owner, n] for pool, n in claims.items()]
