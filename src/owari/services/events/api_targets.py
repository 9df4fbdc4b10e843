"""The targets of a rule."""

from __future__ import annotations

from typing import Any

from owari.services.events import rows
from owari.services.events.api_rules import key_of
from owari.services.events.core import TARGETS_MAX
from owari.services.events.faults import limit
from owari.services.events.paging import page
from owari.services.events.target_checks import check_target
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("events", "PutTargets")
def put_targets(tx: Tx, p: Params) -> Result:
    key = key_of(tx, p, p["Rule"])
    rule = rows.rule_of(tx, key)
    for target in p["Targets"]:
        check_target(target, tx.account, tx.region)
    ids = {target["Id"] for target in rows.targets(tx, rule.key)}
    if len(ids | {target["Id"] for target in p["Targets"]}) > TARGETS_MAX:
        raise limit("The requested resource exceeds the maximum number allowed.")
    for target in p["Targets"]:
        rows.save_target(tx, key, target)
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation("events", "RemoveTargets")
def remove_targets(tx: Tx, p: Params) -> Result:
    key = key_of(tx, p, p["Rule"])
    rows.rule_of(tx, key)
    failed: list[dict[str, Any]] = []
    for id in p["Ids"]:
        if not rows.delete_target(tx, key, id):
            failed.append(
                {
                    "TargetId": id,
                    "ErrorCode": "ResourceNotFoundException",
                    "ErrorMessage": f"Rule {key.name} does not have a target with the Id {id}.",
                }
            )
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


@operation("events", "ListTargetsByRule", reads=True)
def list_targets_by_rule(tx: Tx, p: Params) -> Result:
    key = key_of(tx, p, p["Rule"])
    rows.rule_of(tx, key)
    return page(p, "Targets", [(t["Id"], t) for t in rows.targets(tx, key)])
