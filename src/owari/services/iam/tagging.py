"""Tags of roles, users, policies and instance profiles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from owari.services.iam import rows
from owari.services.iam.core import PROFILE, ROLE, TAGS_MAX, USER
from owari.services.iam.faults import quota
from owari.services.iam.managed import policy_of
from owari.services.iam.paging import page
from owari.services.iam.views import check_tags, tags_from
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

ArnOf = Callable[[Tx, Params], str]


def _tag(arn_of: ArnOf, tx: Tx, p: Params) -> Result:
    arn, tags = arn_of(tx, p), tags_from(p["Tags"])
    known = tx.resources.tags(arn)
    check_tags(tags)
    if len(known | tags) > TAGS_MAX:
        raise quota("TagsPerResource", TAGS_MAX)
    tx.resources.tag(arn, tags)
    return None


def _untag(arn_of: ArnOf, tx: Tx, p: Params) -> Result:
    tx.resources.untag(arn_of(tx, p), p["TagKeys"])
    return None


def _list(arn_of: ArnOf, tx: Tx, p: Params) -> Result:
    tags = sorted(tx.resources.tags(arn_of(tx, p)).items())
    shown, paging = page(tags, p, lambda tag: tag[0])
    return {"Tags": [{"Key": key, "Value": value} for key, value in shown], **paging}


_TAGGED: dict[str, ArnOf] = {
    "Role": lambda tx, p: rows.get(tx, ROLE, p["RoleName"]).arn,
    "User": lambda tx, p: rows.get(tx, USER, p["UserName"]).arn,
    "InstanceProfile": lambda tx, p: rows.get(tx, PROFILE, p["InstanceProfileName"]).arn,
    "Policy": lambda tx, p: policy_of(tx, p["PolicyArn"]).arn,
}

for _word, _arn_of in _TAGGED.items():
    operation("iam", f"Tag{_word}")(partial(_tag, _arn_of))
    operation("iam", f"Untag{_word}")(partial(_untag, _arn_of))
    operation("iam", f"List{_word}Tags", reads=True)(partial(_list, _arn_of))
