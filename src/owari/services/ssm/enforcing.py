"""Policies carried out when they are due: a parameter expires, or somebody is told of it.

A parameter has one wake-up, for whichever of its policies is next.
"""

from __future__ import annotations

from owari.effects import ReplyTo, Report, Wake
from owari.services.ssm import rows
from owari.services.ssm.events import announce_action, announce_change
from owari.services.ssm.policies import EXPIRATION, next_due
from owari.services.ssm.records import FINISHED, PENDING, Parameter
from owari.store.tx import Tx
from owari.wire.operation import reaction


def set_timer(tx: Tx, parameter: Parameter) -> None:
    """To be saved afterwards."""
    if parameter.timer is not None:
        tx.cancel(parameter.timer)
    due, parameter.timer = next_due(parameter.policies), None
    if due is not None:
        parameter.timer = tx.emit(
            Wake(),
            due=due,
            reply_to=ReplyTo("ssm", "policy", parameter.name),
            principal="ssm.amazonaws.com",
        )


def remove(tx: Tx, parameter: Parameter) -> None:
    """With all its versions, as DeleteParameter and an expiry do."""
    if parameter.timer is not None:
        tx.cancel(parameter.timer)
    rows.delete(tx, parameter.name)
    tx.resources.deleted(parameter.arn)
    announce_change(tx, "Delete", parameter)


@reaction("ssm", "policy")
def on_policy_due(tx: Tx, report: Report) -> None:
    parameter = rows.find(tx, report.key)
    if parameter is None or parameter.timer != report.effect_id:
        return
    parameter.timer = None
    due = [p for p in parameter.policies if p.status == PENDING and p.due <= tx.now]
    for policy in due:
        policy.status = FINISHED
        announce_action(tx, parameter, policy)
    if any(policy.type == EXPIRATION for policy in due):
        remove(tx, parameter)
        return
    set_timer(tx, parameter)
    rows.save(tx, parameter)
