"""Secrets Manager's errors, worded as on AWS. Pure."""

from __future__ import annotations

from owari.errors import ServiceError


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)


def bad_request(message: str) -> ServiceError:
    return ServiceError("InvalidRequestException", message)


def missing(message: str = "Secrets Manager can't find the specified secret.") -> ServiceError:
    return ServiceError("ResourceNotFoundException", message)


def no_value(of: str) -> ServiceError:
    """`of`: `staging label: AWSCURRENT` or `VersionId: …`."""
    return missing(f"Secrets Manager can't find the specified secret value for {of}")


def exists(message: str) -> ServiceError:
    return ServiceError("ResourceExistsException", message)


def marked_for_deletion() -> ServiceError:
    return bad_request(
        "You can't perform this operation on the secret because it was marked for deletion."
    )


def bad_token() -> ServiceError:
    return ServiceError("InvalidNextTokenException", "The NextToken value is invalid.")


def exceeded(message: str) -> ServiceError:
    return ServiceError("LimitExceededException", message)
