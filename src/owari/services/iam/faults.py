"""The errors IAM answers, in AWS's words. Pure."""

from __future__ import annotations

from owari.errors import ServiceError


def no_such(message: str) -> ServiceError:
    return ServiceError("NoSuchEntity", message, status=404)


def exists(message: str) -> ServiceError:
    return ServiceError("EntityAlreadyExists", message, status=409)


def conflict(message: str) -> ServiceError:
    """DeleteConflict: something else must go first."""
    return ServiceError("DeleteConflict", message, status=409)


def quota(name: str, most: int) -> ServiceError:
    return ServiceError("LimitExceeded", f"Cannot exceed quota for {name}: {most}", status=409)


def malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicyDocument", message, status=400)


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message, status=400)
