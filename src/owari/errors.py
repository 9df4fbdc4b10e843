"""The one exception that crosses the wire."""

from __future__ import annotations

from typing import Any


class ServiceError(Exception):
    """An AWS error answer: `code` and `message` as AWS words them.

    `status` is the HTTP status; when None the wire takes it from the service model, else 400.
    `fields` are further members of the modelled error shape (e.g. `{"Type": "User"}`).
    `headers` are HTTP headers the error answer carries (S3: `x-amz-delete-marker`, `ETag` on 304).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        fields: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields or {}
        self.headers = headers or {}

    def as_json(self) -> dict[str, Any]:
        """A JSON-able form, for the outbox."""
        return {
            "code": self.code,
            "message": self.message,
            "status": self.status,
            "fields": self.fields,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ServiceError:
        return cls(data["code"], data["message"], status=data["status"], fields=data["fields"])


def not_implemented(service: str, operation: str) -> ServiceError:
    """What Owari answers to an operation it lacks: its name, never a fake success."""
    return ServiceError(
        "NotImplemented", f"Owari does not implement {service}:{operation}.", status=501
    )
