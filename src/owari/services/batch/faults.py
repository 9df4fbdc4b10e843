"""The errors Batch answers with. All of these are the caller's fault."""

from __future__ import annotations

from owari.errors import ServiceError


def client(message: str) -> ServiceError:
    return ServiceError("ClientException", message, status=400)


def refused(message: str) -> ServiceError:
    """Worded as Batch words what its front end let through and its back end did not."""
    return client(f"Error executing request, Exception : {message}")


def beyond_owari(what: str) -> ServiceError:
    """A variant of an operation that Owari lacks: its name, never a fake success."""
    return ServiceError("NotImplemented", f"Owari does not implement {what}.", status=501)
