"""EventBridge's errors, in its words. Pure."""

from __future__ import annotations

from owari.errors import ServiceError


def validation(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def invalid_parameter(name: str, reason: str = "") -> ServiceError:
    return validation(f"Parameter {name} is not valid." + (f" Reason: {reason}" if reason else ""))


def not_found(message: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", message)


def no_bus(name: str) -> ServiceError:
    return not_found(f"Event bus {name} does not exist.")


def no_rule(name: str, bus: str) -> ServiceError:
    return not_found(f"Rule {name} does not exist on EventBus {bus}.")


def exists(message: str) -> ServiceError:
    return ServiceError("ResourceAlreadyExistsException", message)


def limit(message: str) -> ServiceError:
    return ServiceError("LimitExceededException", message)


def invalid_pattern(reason: str) -> ServiceError:
    message = f"Event pattern is not valid. Reason: {reason}"
    return ServiceError("InvalidEventPatternException", message)
