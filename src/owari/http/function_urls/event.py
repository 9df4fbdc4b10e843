"""A request as the function sees it: payload format 2.0.

Source: Lambda developer guide, "Invoking Lambda function URLs", "Request payload format".
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from owari.wire.message import ANONYMOUS, Identity, Request

# Bodies of other types come in base64, forms included.
_TEXT = re.compile(
    r"text/.*|application/(json|javascript|xml|graphql)|application/.*\+(json|xml)", re.IGNORECASE
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def event_of(
    request: Request,
    path: str,
    body: bytes,
    *,
    url_id: str,
    domain: str,
    source: str,
    request_id: str,
    caller: Identity,
    now: float,
) -> dict[str, Any]:
    """`path`: raw, as the function is to see it; `source`: the client's address."""
    headers = {k: v for k, v in request.headers.items() if k != "cookie"}
    headers |= {"x-forwarded-for": source, "x-forwarded-proto": "http"}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": caller.account if caller.principal != ANONYMOUS else ANONYMOUS,
            "apiId": url_id,
            "domainName": domain,
            "domainPrefix": url_id,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source,
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": _time(now),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies := request.headers.get("cookie"):
        event["cookies"] = [text.strip() for text in cookies.split(";") if text.strip()]
    if request.query:
        event["queryStringParameters"] = _parameters(request.query)
    if caller.principal != ANONYMOUS:
        event["requestContext"]["authorizer"] = {"iam": _iam(caller)}
    return event | _body(request, body)


def _parameters(query: str) -> dict[str, str]:
    """Repeated ones joined by commas."""
    found: dict[str, list[str]] = {}
    for key, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        found.setdefault(key, []).append(value)
    return {key: ",".join(values) for key, values in found.items()}


def _iam(caller: Identity) -> dict[str, Any]:
    return {
        "accessKey": caller.access_key,
        "accountId": caller.account,
        "callerId": caller.access_key,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.principal,
        "userId": caller.access_key,
    }


def _body(request: Request, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if _TEXT.fullmatch(kind):
        try:
            return {"body": body.decode()}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _time(now: float) -> str:
    """`12/Mar/2020:19:03:58 +0000`."""
    at = datetime.fromtimestamp(now, UTC)
    return f"{at:%d}/{_MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S} +0000"
