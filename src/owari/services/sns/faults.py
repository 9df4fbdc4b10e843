"""The errors SNS answers, in AWS's words. Pure."""

from __future__ import annotations

from owari.errors import ServiceError


def invalid(what: str) -> ServiceError:
    """`what` is a parameter's name, or `NAME Reason: why`."""
    return ServiceError("InvalidParameter", f"Invalid parameter: {what}", status=400)


def invalid_value(message: str) -> ServiceError:
    """InvalidParameterValueException: what is wrong with a message attribute."""
    return ServiceError("ParameterValueInvalid", message, status=400)


def beyond_owari(what: str) -> ServiceError:
    """What Owari lacks, by its name."""
    return ServiceError("NotImplemented", f"Owari does not implement {what}.", status=501)


def no_topic() -> ServiceError:
    return ServiceError("NotFound", "Topic does not exist", status=404)


def no_subscription() -> ServiceError:
    return ServiceError("NotFound", "Subscription does not exist", status=404)


def bad_arn(parameter: str, text: str) -> ServiceError:
    """Why `text` cannot be an ARN of six elements."""
    count = len(text.split(":"))
    if count < 6:
        return invalid(f"{parameter} Reason: An ARN must have at least 6 elements, not {count}")
    return invalid(parameter)
