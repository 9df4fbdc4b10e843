"""The errors Step Functions answers with, as AWS words them. All are the caller's fault."""

from __future__ import annotations

from owari.errors import ServiceError


def fault(code: str, message: str) -> ServiceError:
    return ServiceError(code, message, status=400)


def validation(message: str, reason: str | None = None) -> ServiceError:
    return ServiceError(
        "ValidationException", message, status=400, fields={"reason": reason} if reason else {}
    )


def invalid_arn(why: str) -> ServiceError:
    return fault("InvalidArn", f"Invalid Arn: '{why}'")


def invalid_name(name: str) -> ServiceError:
    return fault("InvalidName", f"Invalid Name: '{name}'")


def invalid_input(why: str) -> ServiceError:
    return fault("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{why}'")


def invalid_paging_token() -> ServiceError:
    return fault("InvalidToken", "Invalid Token: 'Invalid token'")


def no_machine(arn: str) -> ServiceError:
    return fault("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def no_execution(arn: str) -> ServiceError:
    return fault("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")


def no_activity(arn: str) -> ServiceError:
    return fault("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")


def no_resource(arn: str) -> ServiceError:
    return ServiceError(
        "ResourceNotFound",
        f"Resource not found: '{arn}'",
        status=400,
        fields={"resourceName": arn},
    )


def conflict(message: str) -> ServiceError:
    return fault("ConflictException", message)


def wrong_type() -> ServiceError:
    return fault(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )


def no_task() -> ServiceError:
    return fault("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
