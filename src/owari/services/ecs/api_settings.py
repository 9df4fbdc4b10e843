"""Account settings: kept and shown. None of them changes what Owari does."""

from __future__ import annotations

from owari.services.ecs.faults import invalid
from owari.services.ecs.paging import page_size
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

DEFAULTS = {
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "containerInstanceLongArnFormat": "enabled",
    "defaultLogDriverMode": "non-blocking",
    "dualStackIPv6": "enabled",
    "fargateFIPSMode": "disabled",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "off",
    "serviceLongArnFormat": "enabled",
    "tagResourceAuthorization": "off",
    "taskLongArnFormat": "enabled",
}
EVERYONE = ""  # the account's default


@operation("ecs", "PutAccountSetting")
def put_account_setting(tx: Tx, p: Params) -> Result:
    return _put(tx, p, p.get("principalArn") or tx.principal)


@operation("ecs", "PutAccountSettingDefault")
def put_account_setting_default(tx: Tx, p: Params) -> Result:
    return _put(tx, p, EVERYONE)


def _put(tx: Tx, p: Params, principal: str) -> Result:
    if p["name"] not in DEFAULTS:
        raise invalid(f"Setting {p['name']} is not known.")
    tx.run(
        "INSERT INTO ecs_setting (account, region, principal, name, value) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, principal, name) DO UPDATE SET value = excluded.value",
        tx.account, tx.region, principal, p["name"], p["value"],
    )  # fmt: skip
    return {"setting": {"name": p["name"], "value": p["value"], "principalArn": principal}}


@operation("ecs", "DeleteAccountSetting")
def delete_account_setting(tx: Tx, p: Params) -> Result:
    principal = p.get("principalArn") or tx.principal
    tx.run(
        "DELETE FROM ecs_setting WHERE account = ? AND region = ? AND principal = ? AND name = ?",
        tx.account, tx.region, principal, p["name"],
    )  # fmt: skip
    return {"setting": {"name": p["name"], "principalArn": principal}}


@operation("ecs", "ListAccountSettings", reads=True)
def list_account_settings(tx: Tx, p: Params) -> Result:
    """The few there are fit on one page."""
    page_size(p, usual=10)
    principal = p.get("principalArn") or tx.principal
    rows = tx.all(
        "SELECT principal, name, value FROM ecs_setting WHERE account = ? AND region = ?"
        " AND principal IN (?, ?) ORDER BY principal",
        tx.account, tx.region, EVERYONE, principal,
    )  # fmt: skip
    own = {row["name"]: row["value"] for row in rows}
    found = {**(DEFAULTS if p.get("effectiveSettings") else {}), **own}
    wanted = [(n, v) for n, v in sorted(found.items()) if p.get("name") in (None, n)]
    return {
        "settings": [
            {"name": name, "value": value, "principalArn": principal}
            for name, value in wanted
            if p.get("value") in (None, value)
        ]
    }
