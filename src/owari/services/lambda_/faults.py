"""The errors Lambda answers with, as AWS words them. All of these are the caller's fault."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError

USER = {"Type": "User"}


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", message, status=400, fields=dict(USER))


def not_found(message: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", message, status=404, fields=dict(USER))


def function_not_found(arn: str) -> ServiceError:
    return not_found(f"Function not found: {arn}")


def conflict(message: str) -> ServiceError:
    return ServiceError("ResourceConflictException", message, status=409, fields=dict(USER))


def precondition(message: str) -> ServiceError:
    return ServiceError("PreconditionFailedException", message, status=412, fields=dict(USER))


def bad_content(message: str) -> ServiceError:
    return ServiceError("InvalidRequestContentException", message, status=400, fields=dict(USER))


def too_large(message: str) -> ServiceError:
    """Of a payload: the model lists RequestTooLargeException, but this is what AWS answers and
    programs look for."""
    return ServiceError("RequestEntityTooLargeException", message, status=413, fields=dict(USER))


def constraint(value: Any, member: str, rule: str) -> ServiceError:
    """A bound of the service model; `rule` is what the member must do."""
    return ServiceError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy"
        f" constraint: Member must {rule}",
        status=400,
    )


def beyond_owari(what: str) -> ServiceError:
    """A variant of an operation that Owari lacks: its name, never a fake success."""
    return ServiceError("NotImplemented", f"Owari does not implement {what}.", status=501)


def throttled(reserved: int | None) -> ServiceError:
    """`reserved`: the function's reserved concurrency, None when it has none."""
    reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
    if reserved is None:
        reason = "ConcurrentInvocationLimitExceeded"
    return ServiceError(
        "TooManyRequestsException",
        "Rate Exceeded.",
        status=429,
        fields={"Reason": reason, "Type": "User"},
    )


def denied(principal: str, action: str, resource: str) -> ServiceError:
    return ServiceError(
        "AccessDeniedException",
        f"User: {principal} is not authorized to perform: lambda:{action} on resource: {resource}"
        f" because no resource-based policy allows the lambda:{action} action",
        status=403,
    )
