"""The HTTP request that an API destination is sent. Pure.

Source: EventBridge user guide, "API destinations as targets", "Connections for HTTP endpoints".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from owari.effects import Http
from owari.json_text import parsed

TIMEOUT_S = 5.0
_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
    "Range": "bytes=0-1048575",
}


def request_for(
    settings: Mapping[str, Any], auth: Mapping[str, Any], target: Mapping[str, Any], text: str
) -> Http:
    """`settings` of the destination, `auth` of its connection; what the connection says about
    headers and query goes over what the target says."""
    own, common = target.get("HttpParameters", {}), auth.get("InvocationHttpParameters", {})
    query = dict(own.get("QueryStringParameters", {})) | _pairs(common, "QueryStringParameters")
    headers = {
        **_HEADERS,
        **own.get("HeaderParameters", {}),
        **_pairs(common, "HeaderParameters"),
        **_authorization(auth),
    }
    method = settings["HttpMethod"]
    url = _filled(settings["InvocationEndpoint"], own.get("PathParameterValues", []))
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query)
    body = _body(text, _pairs(common, "BodyParameters"))
    return Http(method, url, headers, b"" if method in ("GET", "HEAD") else body, TIMEOUT_S)


def _filled(url: str, values: list[str]) -> str:
    """Each `*` of the path by the next value."""
    for value in values:
        url = url.replace("*", quote(value, safe=""), 1)
    return url


def _pairs(common: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {pair["Key"]: pair.get("Value", "") for pair in common.get(kind, [])}


def _authorization(auth: Mapping[str, Any]) -> dict[str, str]:
    if (basic := auth.get("BasicAuthParameters")) is not None:
        pair = f"{basic['Username']}:{basic['Password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    if (key := auth.get("ApiKeyAuthParameters")) is not None:
        return {key["ApiKeyName"]: key["ApiKeyValue"]}
    return {}


def _body(text: str, more: Mapping[str, str]) -> bytes:
    """The connection's body parameters become members of a JSON object."""
    if more:
        try:
            found = parsed(text)
        except ValueError:
            found = None
        if isinstance(found, dict):
            text = json.dumps(found | dict(more), separators=(",", ":"), ensure_ascii=False)
    return text.encode()
