"""A function URL's CORS rules, applied by the URL itself as on AWS.

Source: Lambda API reference, `Cors`; developer guide, "Cross-origin resource sharing (CORS)".
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from owari.wire.message import Request, Response

Rules = dict[str, Any]
_OURS = ("access-control-",)


def admits(rules: Rules, origin: str) -> bool:
    return any(fnmatchcase(origin, pattern) for pattern in rules.get("AllowOrigins", ()))


def preflight(rules: Rules, request: Request) -> Response | None:
    """The answer to a browser that asks first; None when nobody asks, or the function answers."""
    asked = request.headers.get("access-control-request-method")
    if not rules or request.method != "OPTIONS" or asked is None:
        return None
    response = Response(200, [], b"")
    origin = request.headers.get("origin", "")
    methods = rules.get("AllowMethods", ())
    if admits(rules, origin) and ("*" in methods or asked in methods):
        response.headers += _granted(rules, origin)
        response.headers.append(("Access-Control-Allow-Methods", ",".join(methods)))
        if allowed := rules.get("AllowHeaders"):
            response.headers.append(("Access-Control-Allow-Headers", ",".join(allowed)))
        if rules.get("MaxAge") is not None:
            response.headers.append(("Access-Control-Max-Age", str(rules["MaxAge"])))
    return response


def apply(rules: Rules, request: Request, response: Response) -> Response:
    """Rules win over what the function says itself."""
    origin = request.headers.get("origin")
    if rules and origin is not None:
        own = [h for h in response.headers if not h[0].lower().startswith(_OURS)]
        response.headers = own + (_granted(rules, origin) if admits(rules, origin) else [])
    return response


def _granted(rules: Rules, origin: str) -> list[tuple[str, str]]:
    headers = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
    if rules.get("AllowCredentials"):
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if exposed := rules.get("ExposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ",".join(exposed)))
    return headers
