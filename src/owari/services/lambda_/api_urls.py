"""Function URLs: create, get, update, delete, list. http/function_urls serves them.

Source: Lambda API reference. A URL hangs on the function itself or on an alias.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from owari.services.lambda_ import alias_rows, url_rows
from owari.services.lambda_.faults import conflict, constraint, not_found
from owari.services.lambda_.lookup import existing_function, named
from owari.services.lambda_.model import last_modified
from owari.services.lambda_.names import LATEST, FunctionRef, function_arn, is_alias
from owari.services.lambda_.paging import page_of
from owari.services.lambda_.url_rows import FunctionUrl
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50


@operation("lambda", "CreateFunctionUrlConfig")
def create_function_url_config(tx: Tx, p: Params) -> Result:
    ref = _target(tx, p, "CreateFunctionUrlConfig")
    if url_rows.find(tx, ref.name, ref.qualifier or "") is not None:
        arn = function_arn(tx.account, tx.region, ref.name, ref.qualifier)
        raise conflict(
            f"Failed to create function url config for [functionArn = {arn}]. Error message: "
            " FunctionUrlConfig exists for this Lambda function"
        )
    made = FunctionUrl(
        tx.account, tx.region, ref.name, ref.qualifier or "", tx.new_id().replace("-", ""),
        p["AuthType"], p.get("InvokeMode") or "BUFFERED", p.get("Cors") or {}, tx.now, tx.now,
    )  # fmt: skip
    url_rows.put(tx, made)
    described = _described(tx, made)
    del described["LastModifiedTime"]
    return described


@operation("lambda", "GetFunctionUrlConfig", reads=True)
def get_function_url_config(tx: Tx, p: Params) -> Result:
    return _described(tx, _existing(tx, _target(tx, p, "GetFunctionUrlConfig")))


@operation("lambda", "UpdateFunctionUrlConfig")
def update_function_url_config(tx: Tx, p: Params) -> Result:
    """Keeps what is not given; `Cors={}` removes the rules."""
    old = _existing(tx, _target(tx, p, "UpdateFunctionUrlConfig"))
    changed = replace(
        old,
        auth_type=p.get("AuthType") or old.auth_type,
        invoke_mode=p.get("InvokeMode") or old.invoke_mode,
        cors=old.cors if p.get("Cors") is None else p["Cors"],
        modified=tx.now,
    )
    url_rows.put(tx, changed)
    return _described(tx, changed)


@operation("lambda", "DeleteFunctionUrlConfig")
def delete_function_url_config(tx: Tx, p: Params) -> Result:
    found = _existing(tx, _target(tx, p, "DeleteFunctionUrlConfig"))
    url_rows.remove(tx, found.name, found.qualifier)
    return None


@operation("lambda", "ListFunctionUrlConfigs", reads=True)
def list_function_url_configs(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "ListFunctionUrlConfigs")
    existing_function(tx, ref)
    found = [_described(tx, url) for url in url_rows.of_function(tx, ref.name)]
    page, more = page_of(found, p, PAGE_MAX)
    return {"FunctionUrlConfigs": page, **more}


def _target(tx: Tx, p: Params, action: str) -> FunctionRef:
    """The function itself or one of its aliases."""
    ref = named(tx, p, action)
    existing_function(tx, ref)
    if ref.qualifier is None:
        return ref
    if ref.qualifier == LATEST or not is_alias(ref.qualifier):
        raise constraint(
            ref.qualifier,
            "qualifier",
            r"satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)",
        )
    if alias_rows.find(tx, ref.name, ref.qualifier) is None:
        arn = function_arn(tx.account, tx.region, ref.name, ref.qualifier)
        raise not_found(f"Cannot find alias arn: {arn}")
    return ref


def _existing(tx: Tx, ref: FunctionRef) -> FunctionUrl:
    found = url_rows.find(tx, ref.name, ref.qualifier or "")
    if found is None:
        raise not_found("The resource you requested does not exist.")
    return found


def _described(tx: Tx, url: FunctionUrl) -> dict[str, Any]:
    port = urlsplit(tx.endpoint).port
    described: dict[str, Any] = {
        "FunctionUrl": f"http://{url.url_id}.lambda-url.{url.region}.localhost:{port}/",
        "FunctionArn": function_arn(url.account, url.region, url.name, url.qualifier or None),
        "AuthType": url.auth_type,
        "CreationTime": last_modified(url.created),
        "LastModifiedTime": last_modified(url.modified),
        "InvokeMode": url.invoke_mode,
    }
    if url.cors:
        described["Cors"] = url.cors
    return described
