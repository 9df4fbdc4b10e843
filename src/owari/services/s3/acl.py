"""Access control lists: canned, as grant headers, as a policy document. Recorded and returned.

Source: S3 User Guide, "Access control list (ACL) overview".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from owari.errors import ServiceError
from owari.services.s3 import errors
from owari.services.s3.core import owner

Params = Mapping[str, Any]

_GROUPS = "http://acs.amazonaws.com/groups/"
ALL_USERS = _GROUPS + "global/AllUsers"
AUTHENTICATED_USERS = _GROUPS + "global/AuthenticatedUsers"
LOG_DELIVERY = _GROUPS + "s3/LogDelivery"

# Canned ACL: what it grants beside FULL_CONTROL of the owner.
_CANNED: dict[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
_HARMLESS = ("private", "bucket-owner-full-control")  # accepted where ACLs are disabled
_HEADERS = {
    "GrantFullControl": "FULL_CONTROL",
    "GrantRead": "READ",
    "GrantReadACP": "READ_ACP",
    "GrantWrite": "WRITE",
    "GrantWriteACP": "WRITE_ACP",
}
_GRANTEE = re.compile(r'\s*(id|uri|emailAddress)\s*=\s*"?([^",]+)"?\s*\Z', re.IGNORECASE)
_PERMISSIONS = set(_HEADERS.values())


def default(account: str) -> dict[str, Any]:
    return {"Owner": owner(account), "Grants": [_full_control(account)]}


def _full_control(account: str) -> dict[str, Any]:
    return {"Grantee": {"Type": "CanonicalUser", **owner(account)}, "Permission": "FULL_CONTROL"}


def requested(p: Params, account: str, *, enabled: bool) -> dict[str, Any] | None:
    """The ACL a request asks for, None when it asks for none. `account` owns what it is about.

    Raises AccessControlListNotSupported where the bucket's ownership setting disables ACLs.
    """
    canned, document = p.get("ACL"), p.get("AccessControlPolicy")
    headers = [(p[name], permission) for name, permission in _HEADERS.items() if p.get(name)]
    if canned is None and not headers and not document:
        return None
    if canned is not None and canned not in _CANNED:
        raise errors.invalid_argument("Argument format not recognized.", "x-amz-acl", canned)
    if not enabled and canned not in _HARMLESS and not _only_owner(document, headers, account):
        raise ServiceError(
            "AccessControlListNotSupported", "The bucket does not allow ACLs", status=400
        )
    if canned is not None and headers:
        raise errors.invalid_request("Specifying both Canned ACLs and Header Grants is not allowed")
    if document and (canned is not None or headers):
        raise ServiceError("UnexpectedContent", "This request does not support content", status=400)
    if document:
        return _checked(document, account)
    return {"Owner": owner(account), "Grants": _grants(canned, headers, account)}


def _only_owner(document: Any, headers: list[tuple[str, str]], account: str) -> bool:
    """Full control of the owner and nothing else says what ownership says anyway."""
    if headers or not document:
        return False
    grants = document.get("Grants") or []
    return all(
        (grant.get("Grantee") or {}).get("ID") == owner(account)["ID"]
        and grant.get("Permission") == "FULL_CONTROL"
        for grant in grants
    )


def _grants(
    canned: str | None, headers: list[tuple[str, str]], account: str
) -> list[dict[str, Any]]:
    if canned is None:
        return [
            {"Grantee": _grantee(text), "Permission": permission}
            for value, permission in headers
            for text in value.split(",")
        ]
    groups = [
        {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}
        for uri, permission in _CANNED[canned]
    ]
    return [_full_control(account), *groups]


def _grantee(text: str) -> dict[str, str]:
    found = _GRANTEE.match(text)
    if found is None:
        raise errors.invalid_argument("Argument format not recognized.", "x-amz-grant", text)
    kind, value = found[1].lower(), found[2].strip()
    match kind:
        case "id":
            return {"Type": "CanonicalUser", "ID": value}
        case "uri":
            return _group(value)
    return {"Type": "AmazonCustomerByEmail", "EmailAddress": value}


def _group(uri: str) -> dict[str, str]:
    if uri not in (ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY):
        raise errors.invalid_argument("Invalid group uri", "uri", uri)
    return {"Type": "Group", "URI": uri}


def _checked(document: dict[str, Any], account: str) -> dict[str, Any]:
    if "Owner" not in document or "ID" not in (document["Owner"] or {}):
        raise _malformed()
    if document["Owner"]["ID"] != owner(account)["ID"]:
        raise errors.access_denied()
    grants = document.get("Grants") or []
    if len(grants) > 100:
        raise _malformed()
    for grant in grants:
        grantee = grant.get("Grantee") or {}
        if grant.get("Permission") not in _PERMISSIONS:
            raise _malformed()
        match grantee.get("Type"):
            case "CanonicalUser" if grantee.get("ID"):
                pass
            case "Group" if grantee.get("URI"):
                _group(grantee["URI"])
            case "AmazonCustomerByEmail" if grantee.get("EmailAddress"):
                pass
            case _:
                raise _malformed()
    return {"Owner": owner(account), "Grants": grants}


def _malformed() -> ServiceError:
    return ServiceError(
        "MalformedACLError",
        "The XML you provided was not well-formed or did not validate against our published schema",
        status=400,
    )
