"""What every protocol needs to know of a ServiceError: its modelled shape, status and codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.errors import ServiceError
from owari.wire import sqs_query
from owari.wire.model import ServiceModel, Shape, error_code

# Statuses of errors that no model declares ("Common Errors" pages; S3's are in s3_quirks).
_STATUS = {
    "AccessDenied": 403,
    "AccessDeniedException": 403,
    "ExpiredToken": 403,
    "ExpiredTokenException": 403,
    "IncompleteSignature": 403,
    "InternalError": 500,
    "InternalFailure": 500,
    "InvalidClientTokenId": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationToken": 403,
    "MissingAuthenticationTokenException": 403,
    "NotImplemented": 501,
    "RequestEntityTooLargeException": 413,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "UnrecognizedClientException": 403,
}
_MESSAGE_NAMES = ("message", "Message", "errorMessage", "ErrorMessage")


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as the wire tells it. `name` is the shape's name, `code` the query protocols'."""

    name: str
    code: str
    status: int
    shape: Shape | None
    members: dict[str, Any]  # the message included, by member name
    message: str
    message_name: str

    @property
    def side(self) -> str:
        return "Receiver" if self.status >= 500 else "Sender"


def _status(shape: Shape | None, code: str) -> int:
    if shape is not None:
        trait = shape.traits.get("error", {}).get("httpStatusCode")
        if trait is not None:
            return int(trait)
        if shape.traits.get("fault"):
            return 500
    return _STATUS.get(code, 400)


def describe(model: ServiceModel | None, error: ServiceError) -> Fault:
    shape = None if model is None else model.error(error.code)
    name = code = error.code
    message_name = "message"
    if shape is not None:
        name = shape.name
        code = error_code(shape.name, shape.traits)
        message_name = next((n for n in _MESSAGE_NAMES if n in shape.members), "message")
    if model is not None and model.service == "sqs":
        code = sqs_query.ERROR_CODES.get(name, code)
    return Fault(
        name=name,
        code=code,
        status=error.status or _status(shape, error.code),
        shape=shape,
        members={**error.fields, message_name: error.message},
        message=error.message,
        message_name=message_name,
    )
