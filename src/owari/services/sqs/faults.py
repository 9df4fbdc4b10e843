"""The errors SQS answers, in AWS's words. Pure."""

from __future__ import annotations

from owari.errors import ServiceError


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValue", message, status=400)


def invalid_value(value: object, parameter: str, reason: str) -> ServiceError:
    return invalid(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def missing(parameter: str) -> ServiceError:
    return ServiceError(
        "MissingParameter", f"The request must contain the parameter {parameter}.", status=400
    )


def unknown_attribute(name: str) -> ServiceError:
    return ServiceError("InvalidAttributeName", f"Unknown Attribute {name}.", status=400)


def bad_attribute(name: str) -> ServiceError:
    return ServiceError(
        "InvalidAttributeValue", f"Invalid value for the parameter {name}.", status=400
    )


def no_queue() -> ServiceError:
    return ServiceError("QueueDoesNotExist", "The specified queue does not exist.", status=400)


def no_resource(what: str) -> ServiceError:
    message = f"The resource that you specified for the {what} parameter doesn't exist."
    return ServiceError("ResourceNotFoundException", message, status=404)


def bad_address(url: str) -> ServiceError:
    return ServiceError(
        "InvalidAddress", f"The address {url} is not valid for this endpoint.", status=404
    )


def over_limit(message: str) -> ServiceError:
    return ServiceError("OverLimit", message, status=403)


def bad_handle(handle: str) -> ServiceError:
    return ServiceError(
        "ReceiptHandleIsInvalid",
        f'The input receipt handle "{handle}" is not a valid receipt handle.',
        status=400,
    )
