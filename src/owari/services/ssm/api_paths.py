"""GetParametersByPath."""

from __future__ import annotations

from typing import Any

from owari.errors import not_implemented
from owari.services.ssm import rows
from owari.services.ssm.core import PUBLIC, check_path
from owari.services.ssm.filters import by_path, is_under
from owari.services.ssm.paging import found_page
from owari.services.ssm.records import Parameter
from owari.services.ssm.showing import with_value
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 10


@operation("ssm", "GetParametersByPath", reads=True)
def get_parameters_by_path(tx: Tx, p: Params) -> Result:
    prefix = check_path(p["Path"])
    if prefix.startswith(PUBLIC):
        raise not_implemented("ssm", f"GetParametersByPath of public parameters ({PUBLIC}...)")
    tests, labels = by_path(p)
    recursive = bool(p.get("Recursive"))
    tests.append(lambda seen: is_under(seen.parameter.name, prefix, recursive))
    if labels:
        tests.append(lambda seen: bool(_labelled(tx, seen.parameter, labels)))
    start, end = ("", rows.AFTER_ALL) if prefix == "/" else (prefix, prefix[:-1] + "0")
    found, more = found_page(
        tx, p.get("NextToken"), p.get("MaxResults") or PAGE_MAX, tests, start, end
    )
    shown = [one for parameter in found for one in _shown(tx, p, parameter, labels)]
    return {"Parameters": shown} | more


def _shown(tx: Tx, p: Params, parameter: Parameter, labels: list[str]) -> list[dict[str, Any]]:
    decrypted = bool(p.get("WithDecryption"))
    if not labels:
        return [with_value(parameter, parameter.latest, "", decrypted=decrypted)]
    return [
        with_value(parameter, version, f":{label}", decrypted=decrypted)
        for label, version in _labelled(tx, parameter, labels)
    ]


def _labelled(tx: Tx, parameter: Parameter, labels: list[str]) -> list[tuple[str, Any]]:
    versions = rows.versions(tx, parameter.name)
    return [(label, v) for label in labels for v in versions if label in v.labels]
