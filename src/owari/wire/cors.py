"""Browsers: what a bucket's CORS rules let a page from elsewhere do.

A browser asks first (`OPTIONS` with `Access-Control-Request-…`) unless its request is a simple
one, and hides every answer from the page that does not name the page's origin.

Source: S3 User Guide, "How does Amazon S3 evaluate the CORS configuration on a bucket?",
"Testing CORS", "Troubleshooting CORS".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from owari.errors import ServiceError
from owari.wire.message import Request
from owari.wire.routing import Route, route

Rules = Sequence[Mapping[str, Any]]
Lookup = Callable[[str], Rules | None]  # bucket → its rules; None: it has none
Headers = list[tuple[str, str]]

_VARY = ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")


def bucket_of(found: Route) -> str | None:
    """The bucket a request is about, if S3 is what it asks."""
    s3 = found.model is not None and found.model.service == "s3"
    return found.labels.get("Bucket") if s3 else None


def admits(request: Request, rules: Lookup, bases: tuple[str, ...]) -> bool:
    """Whether a page of another origin may send this. A preflight request may always be sent:
    it changes nothing, and its answer is the refusal."""
    bucket = bucket_of(route(request, bases))
    if bucket is None:
        return False
    return request.method == "OPTIONS" or bool(headers(request, rules(bucket)))


def headers(request: Request, rules: Rules | None) -> Headers:
    """What an answer tells the browser beside what it answers; empty when nothing is allowed."""
    origin = request.headers.get("origin")
    if origin is None or rules is None:
        return []
    return _granted(rules, origin, request.method, []) or []


def preflight(request: Request, rules: Rules | None) -> Headers:
    """The headers of the answer to `OPTIONS`. Raises ServiceError."""
    origin = request.headers.get("origin")
    method = request.headers.get("access-control-request-method")
    if origin is None:
        raise _bad("Insufficient information. Origin request header needed.")
    if method not in _METHODS:
        raise _bad(f"Invalid Access-Control-Request-Method: {method or 'null'}")
    if rules is None:
        raise _forbidden("CORSResponse: CORS is not enabled for this bucket.", request, method)
    asked = request.headers.get("access-control-request-headers", "").lower()
    names = [name.strip() for name in asked.split(",") if name.strip()]
    granted = _granted(rules, origin, method, names)
    if granted is None:
        raise _forbidden(
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution"
            " of Origin, request method / Access-Control-Request-Method or"
            " Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
            request,
            method,
        )
    return granted


def _bad(message: str) -> ServiceError:
    return ServiceError("BadRequest", message, status=400)


def _forbidden(message: str, request: Request, method: str) -> ServiceError:
    kind = "OBJECT" if request.path.count("/") > 1 else "BUCKET"
    fields = {"Method": method, "ResourceType": kind}
    return ServiceError("AccessForbidden", message, status=403, fields=fields)


def _granted(rules: Rules, origin: str, method: str, names: Sequence[str]) -> Headers | None:
    """The first rule that allows origin, method and every header decides."""
    for rule in rules:
        pattern = next((p for p in rule["AllowedOrigins"] if _matches(p, origin)), None)
        allowed = [p.lower() for p in rule.get("AllowedHeaders") or ()]
        if (
            pattern is not None
            and method in rule["AllowedMethods"]
            and all(any(_matches(p, name) for p in allowed) for name in names)
        ):
            return _told(rule, origin if pattern != "*" else "*", names)
    return None


def _matches(pattern: str, text: str) -> bool:
    """`pattern` has at most one `*`, which stands for anything."""
    before, star, after = pattern.partition("*")
    if not star:
        return pattern == text
    enough = len(text) >= len(before) + len(after)
    return enough and text.startswith(before) and text.endswith(after)


def _told(rule: Mapping[str, Any], origin: str, names: Sequence[str]) -> Headers:
    told = [("Access-Control-Allow-Origin", origin)]
    told.append(("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"])))
    if names:
        told.append(("Access-Control-Allow-Headers", ", ".join(names)))
    if rule.get("ExposeHeaders"):
        told.append(("Access-Control-Expose-Headers", ", ".join(rule["ExposeHeaders"])))
    if rule.get("MaxAgeSeconds") is not None:
        told.append(("Access-Control-Max-Age", str(rule["MaxAgeSeconds"])))
    if origin != "*":
        told.append(("Access-Control-Allow-Credentials", "true"))
    return [*told, _VARY]
