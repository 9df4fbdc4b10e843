"""Parameter Store's own events: the one place where they leave.

Source: Systems Manager user guide, "Setting up notifications or trigger actions based on Parameter
Store events".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.services.ssm.records import Parameter, Policy
from owari.store import bus
from owari.store.tx import Tx


def announce_change(tx: Tx, operation: str, parameter: Parameter) -> None:
    """`operation`: Create, Update, Delete or LabelParameterVersion."""

    def detail() -> dict[str, Any]:
        made = {"operation": operation, "name": parameter.name, "type": parameter.latest.type}
        description = parameter.latest.description
        return made | ({"description": description} if description else {})

    _announce(tx, "Parameter Store Change", parameter, detail)


def announce_action(tx: Tx, parameter: Parameter, policy: Policy) -> None:
    """A policy was carried out."""

    def detail() -> dict[str, Any]:
        return {
            "parameter-name": parameter.name,
            "parameter-type": parameter.latest.type,
            "policy-type": policy.type,
            "policy-content": policy.text,
            "action-status": "Success",
        }

    _announce(tx, "Parameter Store Policy Action", parameter, detail)


def _announce(
    tx: Tx, detail_type: str, parameter: Parameter, detail: Callable[[], dict[str, Any]]
) -> None:
    bus.announce(
        tx,
        "aws.ssm",
        detail_type,
        detail,
        resources=[parameter.arn],
        account=tx.account,
        region=tx.region,
    )
