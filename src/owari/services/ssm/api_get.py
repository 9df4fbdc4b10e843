"""GetParameter and GetParameters."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.ssm.core import OF_SECRETS
from owari.services.ssm.lookup import asked
from owari.services.ssm.references import secret_as_parameter
from owari.services.ssm.showing import with_value
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("ssm", "GetParameter", reads=True)
def get_parameter(tx: Tx, p: Params) -> Result:
    return {"Parameter": _get(tx, p["Name"], bool(p.get("WithDecryption")))}


@operation("ssm", "GetParameters", reads=True)
def get_parameters(tx: Tx, p: Params) -> Result:
    """In the order of their names; what is not there is listed apart."""
    found: list[dict[str, Any]] = []
    missing: list[str] = []
    for name in dict.fromkeys(p["Names"]):
        try:
            found.append(_get(tx, name, bool(p.get("WithDecryption"))))
        except ServiceError as error:
            if error.code not in ("ParameterNotFound", "ParameterVersionNotFound"):
                raise
            missing.append(name)
    found.sort(key=lambda parameter: parameter["Name"])
    return {"Parameters": found, "InvalidParameters": missing}


def _get(tx: Tx, name: str, decrypted: bool) -> dict[str, Any]:
    if name.strip().startswith(OF_SECRETS):
        return secret_as_parameter(tx, name.strip(), decrypted)
    parameter, version, selector = asked(tx, name)
    return with_value(parameter, version, selector, decrypted=decrypted)
