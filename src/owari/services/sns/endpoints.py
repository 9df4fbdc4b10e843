"""Where a subscription delivers to: whether an endpoint suits its protocol. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from owari.arn import parse_arn
from owari.errors import ServiceError
from owari.services.sns.faults import invalid

_UNDELIVERED = ("sms", "application", "firehose")
MAIL = ("email", "email-json")
WEB = ("http", "https")
PROTOCOLS = ("lambda", "sqs", *WEB, *MAIL)


def check_endpoint(protocol: str, endpoint: str, topic_fifo: bool) -> None:
    if protocol in _UNDELIVERED:
        raise ServiceError(
            "NotImplemented", f"Owari does not deliver to the protocol {protocol}.", status=501
        )
    if protocol not in PROTOCOLS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if topic_fifo and protocol != "sqs":
        raise invalid("Endpoint Reason: Please use FIFO SQS queue")
    if protocol == "sqs":
        _check_queue(endpoint, topic_fifo)
    elif protocol == "lambda":
        _check_function(endpoint)
    elif protocol in WEB:
        _check_url(protocol, endpoint)
    elif endpoint.count("@") != 1 or endpoint.startswith("@") or endpoint.endswith("@"):
        raise invalid("Email address")


def _check_queue(endpoint: str, topic_fifo: bool) -> None:
    arn = parse_arn(endpoint)
    if arn is None or arn.service != "sqs" or not (arn.region and arn.account and arn.resource):
        raise invalid("SQS endpoint ARN")
    if ":" in arn.resource or "/" in arn.resource:
        raise invalid("SQS endpoint ARN")
    if arn.resource.endswith(".fifo") and not topic_fifo:
        raise invalid(
            "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
        )


def _check_function(endpoint: str) -> None:
    arn = parse_arn(endpoint)
    if arn is None or arn.service != "lambda" or not (arn.region and arn.account):
        raise invalid("Lambda endpoint ARN")
    kind, *rest = arn.resource.split(":")
    if kind != "function" or len(rest) not in (1, 2) or not all(rest):
        raise invalid("Lambda endpoint ARN")


def _check_url(protocol: str, endpoint: str) -> None:
    if not endpoint.lower().startswith(f"{protocol}://"):
        raise invalid("Endpoint must match the specified protocol")
    try:
        url = urlsplit(endpoint)
        port = url.port
    except ValueError:
        raise invalid("Endpoint") from None
    if not url.hostname or port == 0 or not endpoint.isprintable() or " " in endpoint:
        raise invalid("Endpoint")
