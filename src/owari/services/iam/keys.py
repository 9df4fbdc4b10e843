"""Access keys of users: real ones, which `owari up --auth` verifies signatures against.

A secret is derived from its key's id and the data folder's own secret, so it can be made in the
transaction without a source of randomness that the simulator could not replay.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

from owari.arn import parse_arn
from owari.services.iam import rows
from owari.services.iam.core import KEYS_PER_USER_MAX, USER, Entity, access_key_id
from owari.services.iam.faults import invalid, no_such, quota
from owari.services.iam.paging import page
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation


class Owner(NamedTuple):
    account: str
    user_arn: str
    secret_key: str


def lookup(tx: Tx, access_key: str) -> Owner | None:
    """Whose active key this is, in any account."""
    row = tx.one(
        "SELECT account, user_arn, secret_key FROM iam_access_key"
        " WHERE access_key = ? AND status = 'Active'",
        access_key,
    )
    return Owner(row["account"], row["user_arn"], row["secret_key"]) if row else None


def keys_of(tx: Tx, user: Entity) -> list[Row]:
    return tx.all(
        "SELECT * FROM iam_access_key WHERE account = ? AND owner = ? ORDER BY access_key",
        tx.account,
        user.key,
    )


def _user(tx: Tx, p: Params) -> Entity:
    """The named user, or the caller."""
    name = p.get("UserName")
    if not name:
        arn = parse_arn(tx.principal)
        if arn is None or arn.service != "iam" or not arn.resource.startswith("user/"):
            raise invalid("Must specify userName when calling with non-User credentials")
        name = arn.resource.rsplit("/", 1)[-1]
    return rows.get(tx, USER, name)


def _secret(tx: Tx, access_key: str) -> str:
    mac = hmac.new(tx.issuer.secret, f"iam-secret:{access_key}".encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()[:40]


@operation("iam", "CreateAccessKey")
def create_access_key(tx: Tx, p: Params) -> Result:
    user = _user(tx, p)
    if len(keys_of(tx, user)) >= KEYS_PER_USER_MAX:
        raise quota("AccessKeysPerUser", KEYS_PER_USER_MAX)
    access_key = access_key_id(tx.account, tx.random.getrandbits)
    secret = _secret(tx, access_key)
    tx.run(
        "INSERT INTO iam_access_key (account, access_key, owner, user_arn, secret_key, status,"
        " created) VALUES (?, ?, ?, ?, ?, 'Active', ?)",
        tx.account,
        access_key,
        user.key,
        user.arn,
        secret,
        tx.now,
    )
    return {
        "AccessKey": {
            "UserName": user.name,
            "AccessKeyId": access_key,
            "Status": "Active",
            "SecretAccessKey": secret,
            "CreateDate": tx.now,
        }
    }


@operation("iam", "ListAccessKeys", reads=True)
def list_access_keys(tx: Tx, p: Params) -> Result:
    user = _user(tx, p)
    shown, paging = page(keys_of(tx, user), p, lambda row: row["access_key"])
    listed = [
        {
            "UserName": user.name,
            "AccessKeyId": row["access_key"],
            "Status": row["status"],
            "CreateDate": row["created"],
        }
        for row in shown
    ]
    return {"AccessKeyMetadata": listed, **paging}


def _absent(access_key: str) -> Exception:
    return no_such(f"The Access Key with id {access_key} cannot be found.")


def _owned(tx: Tx, p: Params) -> Row:
    """The key, which must be the named user's; without a name, anyone's of the account."""
    row = tx.one(
        "SELECT * FROM iam_access_key WHERE account = ? AND access_key = ?",
        tx.account,
        p["AccessKeyId"],
    )
    if p.get("UserName") and (row is None or row["owner"] != _user(tx, p).key):
        raise _absent(p["AccessKeyId"])
    if row is None:
        raise _absent(p["AccessKeyId"])
    return row


@operation("iam", "UpdateAccessKey")
def update_access_key(tx: Tx, p: Params) -> Result:
    if p["Status"] not in ("Active", "Inactive"):
        raise invalid("Status must be Active or Inactive")
    _owned(tx, p)
    tx.run(
        "UPDATE iam_access_key SET status = ? WHERE account = ? AND access_key = ?",
        p["Status"],
        tx.account,
        p["AccessKeyId"],
    )
    return None


@operation("iam", "DeleteAccessKey")
def delete_access_key(tx: Tx, p: Params) -> Result:
    _owned(tx, p)
    tx.run(
        "DELETE FROM iam_access_key WHERE account = ? AND access_key = ?",
        tx.account,
        p["AccessKeyId"],
    )
    return None
