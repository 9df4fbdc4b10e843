"""What a recorded bucket setting must look like. Pure. Each takes and returns the document.

Source: S3 API Reference, the PutBucket… pages.
"""

from __future__ import annotations

from typing import Any

from owari.services.s3 import errors

Document = dict[str, Any]

_METHODS = {"GET", "PUT", "POST", "DELETE", "HEAD"}
_OWNERSHIPS = {"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"}
PUBLIC_ACCESS = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)


def cors(document: Document) -> Document:
    rules = document.get("CORSRules") or []
    if not 1 <= len(rules) <= 100:
        raise errors.malformed_xml()
    for rule in rules:
        if not rule.get("AllowedMethods") or not rule.get("AllowedOrigins"):
            raise errors.malformed_xml()
        for method in rule["AllowedMethods"]:
            if method not in _METHODS:
                raise errors.invalid_request(
                    f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                )
        for text in (*rule["AllowedOrigins"], *(rule.get("AllowedHeaders") or ())):
            if text.count("*") > 1:
                raise errors.invalid_request(
                    f'AllowedOrigin "{text}" can not have more than one wildcard.'
                )
    return document


def ownership(document: Document) -> Document:
    rules = document.get("Rules") or []
    if len(rules) != 1 or rules[0].get("ObjectOwnership") not in _OWNERSHIPS:
        raise errors.malformed_xml()
    return document


def public_access(document: Document) -> Document:
    return {name: bool(document.get(name)) for name in PUBLIC_ACCESS}


def encryption(document: Document) -> Document:
    rules = document.get("Rules") or []
    if len(rules) != 1:
        raise errors.malformed_xml()
    rule = dict(rules[0])
    default = rule.get("ApplyServerSideEncryptionByDefault")
    if default is not None:
        algorithm = default.get("SSEAlgorithm")
        if algorithm not in ("AES256", "aws:kms", "aws:kms:dsse"):
            raise errors.malformed_xml()
        if algorithm == "AES256" and default.get("KMSMasterKeyID"):
            raise errors.invalid_argument(
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"
            )
    rule["BucketKeyEnabled"] = bool(rule.get("BucketKeyEnabled"))
    return {"Rules": [rule]}


def website(document: Document) -> Document:
    redirect = document.get("RedirectAllRequestsTo")
    index = document.get("IndexDocument")
    if redirect and (index or document.get("ErrorDocument") or document.get("RoutingRules")):
        raise errors.invalid_argument(
            "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
        )
    if not redirect and not index:
        raise errors.invalid_argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            "IndexDocument",
            "null",
        )
    if index and (not index.get("Suffix") or "/" in index["Suffix"]):
        raise errors.invalid_argument(
            "The IndexDocument Suffix is not well formed", "IndexDocument", index.get("Suffix")
        )
    return document


def payment(document: Document) -> Document:
    if document.get("Payer") not in ("Requester", "BucketOwner"):
        raise errors.malformed_xml()
    return {"Payer": document["Payer"]}


def accelerate(document: Document) -> Document:
    if document.get("Status") not in ("Enabled", "Suspended"):
        raise errors.malformed_xml()
    return {"Status": document["Status"]}
