"""What the end of a delivery means. Pure.

Source: SNS Developer Guide, "Amazon SNS dead-letter queues" (client-side and server-side
errors), "HTTP/S: make sure your endpoint is ready" (5xx and 429 are retried, nothing else is).
"""

from __future__ import annotations

from enum import Enum

from owari.effects import Http, Report
from owari.errors import ServiceError

_TRANSIENT = frozenset(
    (
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestThrottled",
        "ServiceException",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    )
)


class Ended(Enum):
    DELIVERED = "delivered"
    CLIENT_ERROR = "client error"  # will not get better: not retried
    SERVER_ERROR = "server error"


def ended(effect: object, report: Report) -> Ended:
    if isinstance(effect, Http):
        return _web(report)
    return Ended.DELIVERED if report.error is None else _call(report.error)


def _web(report: Report) -> Ended:
    status = report.result.get("status", 0) if report.result else 0
    if report.error is not None and report.error.status:
        status = report.error.status
    if 200 <= status < 300 and report.error is None:
        return Ended.DELIVERED
    if status == 429 or status >= 500 or status == 0:
        return Ended.SERVER_ERROR
    return Ended.CLIENT_ERROR


def _call(error: ServiceError) -> Ended:
    if error.code in _TRANSIENT or error.status == 429:
        return Ended.SERVER_ERROR
    if error.status is not None and error.status >= 500 and error.status != 501:
        return Ended.SERVER_ERROR
    return Ended.CLIENT_ERROR
