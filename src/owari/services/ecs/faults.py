"""The errors ECS answers with. All of these are the caller's fault."""

from __future__ import annotations

from collections.abc import Sequence

from owari.errors import ServiceError


def client(message: str) -> ServiceError:
    return ServiceError("ClientException", message, status=400)


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message, status=400)


def check_named(references: Sequence[str] | None, most: int, *, one: str, many: str) -> None:
    """What a call names to be looked up together. Raises InvalidParameterException."""
    if not references:
        raise invalid(f"{one} cannot be empty.")
    if len(references) > most:
        raise invalid(f"{many} cannot have more than {most} elements.")


def not_implemented(what: str) -> ServiceError:
    return ServiceError("NotImplemented", f"Owari does not implement {what}.", status=501)


def no_cluster() -> ServiceError:
    return ServiceError("ClusterNotFoundException", "Cluster not found.", status=400)


def no_service() -> ServiceError:
    return ServiceError("ServiceNotFoundException", "Service not found.", status=400)


def service_not_active() -> ServiceError:
    return ServiceError("ServiceNotActiveException", "Service was not ACTIVE.", status=400)
