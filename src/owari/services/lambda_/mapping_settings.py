"""What an event source mapping may be asked to be. Pure.

Sources: Lambda API reference, CreateEventSourceMapping and UpdateEventSourceMapping; developer
guide, "Creating and configuring an Amazon SQS event source mapping". Where AWS's own wording is
known from what users report, it is used.
"""

from __future__ import annotations

from collections.abc import Mapping as Given
from typing import Any

from owari.arn import parse_arn
from owari.services.lambda_.faults import beyond_owari, constraint, invalid
from owari.services.lambda_.mapping_filters import check_filters

BATCH_DEFAULT, BATCH_MAX, FIFO_BATCH_MAX = 10, 10_000, 10
UNGATHERED_MAX = 10  # the largest batch that needs no window
WINDOW_MAX_S = 300
CONCURRENCY = (2, 1_000)
MINIMUM_POLLERS, MAXIMUM_POLLERS = (2, 200), (2, 2_000)

# Streams and brokers: what Lambda reads from, and Owari has none of.
_OTHER_SOURCES = {
    "kinesis": "event source mappings of Kinesis streams",
    "dynamodb": "event source mappings of DynamoDB streams",
    "mq": "event source mappings of Amazon MQ brokers",
    "kafka": "event source mappings of Amazon MSK clusters",
    "rds": "event source mappings of DocumentDB clusters",
}
_OF_STREAMS = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "Queues",
    "SourceAccessConfigurations",
    "Topics",
    "TumblingWindowInSeconds",
)
_RECORDED = ("KMSKeyArn", "LoggingConfig", "MetricsConfig")  # kept and shown, without effect


def check_source(p: Given[str, Any], region: str) -> str:
    """The queue's ARN."""
    if p.get("SelfManagedEventSource"):
        raise beyond_owari("event source mappings of self-managed Apache Kafka")
    source: str = p.get("EventSourceArn") or ""
    arn = parse_arn(source)
    if arn is None:
        raise invalid("Unrecognized event source.")
    if arn.service in _OTHER_SOURCES:
        raise beyond_owari(_OTHER_SOURCES[arn.service])
    if arn.service != "sqs" or not arn.account or ":" in arn.resource:
        raise invalid("Unrecognized event source.")
    if arn.region != region:
        raise invalid("The event source must be in the same region as the function.")
    if p.get("StartingPosition"):
        raise invalid("StartingPosition is not valid for SQS event sources.")
    return source


def defaults() -> dict[str, Any]:
    return {
        "BatchSize": BATCH_DEFAULT,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
    }


def changed(old: Given[str, Any], p: Given[str, Any], fifo: bool) -> dict[str, Any]:
    """The settings with those that `p` gives; an empty structure takes its setting away."""
    for name in _OF_STREAMS:
        if p.get(name):
            raise invalid(f"Unsupported {name} parameter for given event source mapping type.")
    settings = dict(old)
    for name in ("BatchSize", "MaximumBatchingWindowInSeconds", "FunctionResponseTypes"):
        if p.get(name) is not None:
            settings[name] = p[name]
    for name in ("ScalingConfig", "ProvisionedPollerConfig", *_RECORDED):
        _put(settings, name, p.get(name))
    if p.get("FilterCriteria") is not None:
        filters = p["FilterCriteria"].get("Filters") or []
        check_filters(filters)
        _put(settings, "FilterCriteria", {"Filters": filters} if filters else {})
    _check_batches(settings, fifo)
    _check_scaling(settings)
    return settings


def _put(settings: dict[str, Any], name: str, value: Any) -> None:
    if value:
        settings[name] = value
    elif value is not None:
        settings.pop(name, None)


def _check_batches(settings: Given[str, Any], fifo: bool) -> None:
    size, window = settings["BatchSize"], settings["MaximumBatchingWindowInSeconds"]
    _within(size, "batchSize", (1, BATCH_MAX))
    _within(window, "maximumBatchingWindowInSeconds", (0, WINDOW_MAX_S))
    if fifo and window:
        raise invalid("Batching window is not supported for FIFO queues")
    if fifo and size > FIFO_BATCH_MAX:
        raise invalid(f"Batch size must be at most {FIFO_BATCH_MAX} for FIFO queues")
    if size > UNGATHERED_MAX and window < 1:
        raise invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is"
            " greater than 10"
        )
    kinds = settings["FunctionResponseTypes"]
    if len(kinds) > 1 or any(kind != "ReportBatchItemFailures" for kind in kinds):
        rule = "satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]"
        raise constraint(f"[{', '.join(kinds)}]", "functionResponseTypes", rule)


def _check_scaling(settings: Given[str, Any]) -> None:
    scaling = settings.get("ScalingConfig") or {}
    pollers = settings.get("ProvisionedPollerConfig") or {}
    if scaling.get("MaximumConcurrency") is not None:
        _within(scaling["MaximumConcurrency"], "scalingConfig.maximumConcurrency", CONCURRENCY)
        if pollers:
            raise invalid("ScalingConfig and ProvisionedPollerConfig cannot both be set.")
    least, most = pollers.get("MinimumPollers"), pollers.get("MaximumPollers")
    if least is not None:
        _within(least, "provisionedPollerConfig.minimumPollers", MINIMUM_POLLERS)
    if most is not None:
        _within(most, "provisionedPollerConfig.maximumPollers", MAXIMUM_POLLERS)
    if least is not None and most is not None and least > most:
        raise invalid("MinimumPollers must not be greater than MaximumPollers.")


def _within(value: int, member: str, bounds: tuple[int, int]) -> None:
    if value < bounds[0]:
        raise constraint(value, member, f"have value greater than or equal to {bounds[0]}")
    if value > bounds[1]:
        raise constraint(value, member, f"have value less than or equal to {bounds[1]}")
