"""GetParameterHistory."""

from __future__ import annotations

from typing import Any

from owari import page_tokens
from owari.services.ssm import rows
from owari.services.ssm.faults import bad_token
from owari.services.ssm.lookup import asked
from owari.services.ssm.showing import metadata, value_of
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50


@operation("ssm", "GetParameterHistory", reads=True)
def get_parameter_history(tx: Tx, p: Params) -> Result:
    """The oldest version first."""
    parameter, _version, _selector = asked(tx, p["Name"])
    most, decrypted = p.get("MaxResults") or PAGE_MAX, bool(p.get("WithDecryption"))
    versions = rows.versions(tx, parameter.name, _after(p.get("NextToken")))
    shown = [
        metadata(parameter, v)
        | {"Value": value_of(parameter, v, decrypted=decrypted), "Labels": v.labels}
        for v in versions[:most]
    ]
    result: dict[str, Any] = {"Parameters": shown}
    if len(versions) > most:
        result["NextToken"] = page_tokens.make(versions[most - 1].number)
    return result


def _after(token: str | None) -> int:
    if not token:
        return 0
    try:
        (number,) = page_tokens.read(token, int)
    except ValueError:
        raise bad_token() from None
    return int(number)
