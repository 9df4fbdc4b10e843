"""Parameter Store's errors, worded as on AWS. Pure."""

from __future__ import annotations

from owari.errors import ServiceError


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def not_found(message: str = "") -> ServiceError:
    """AWS says nothing more than the code."""
    return ServiceError("ParameterNotFound", message)


def no_version(name: str, version: int) -> ServiceError:
    return ServiceError(
        "ParameterVersionNotFound",
        f"Systems Manager could not find version {version} of {name}. Verify the version and try"
        " again.",
    )


def no_label(name: str, label: str) -> ServiceError:
    return ServiceError(
        "ParameterVersionNotFound",
        f"Systems Manager could not find label {label} of {name}. Verify the label and try again.",
    )


def bad_token() -> ServiceError:
    return ServiceError("InvalidNextToken", "The specified token isn't valid.")
