"""What a Task state's Resource names: a function, an activity or a service integration."""

from __future__ import annotations

from dataclasses import dataclass

LAMBDA, ACTIVITY, SERVICE = "lambda", "activity", "service"
PATTERNS = (".sync:2", ".sync", ".waitForTaskToken")


@dataclass(frozen=True, slots=True)
class Resource:
    """`arn:aws:states:::sqs:sendMessage.waitForTaskToken` has service `sqs`, action
    `sendMessage`, pattern `.waitForTaskToken`; of an AWS SDK integration the service is
    `aws-sdk:s3`. A function's or an activity's ARN has neither."""

    arn: str
    kind: str
    service: str = ""
    action: str = ""
    pattern: str = ""

    @property
    def name(self) -> str:
        """The `resource` of history events."""
        return self.action + self.pattern

    @property
    def who(self) -> str:
        """How an error message names it."""
        return self.service if self.kind == SERVICE else self.arn


def parse_resource(arn: str) -> Resource | None:
    """None when it is nothing a Task can run."""
    parts = arn.split(":")
    if len(parts) < 6 or parts[0] != "arn":
        return None
    if parts[2] == "lambda" and len(parts) >= 7:
        return Resource(arn, LAMBDA)
    if parts[2] == "states" and parts[5] == "activity" and len(parts) == 7:
        return Resource(arn, ACTIVITY)
    if parts[2] != "states" or parts[3] or parts[4]:
        return None
    return _integration(arn, ":".join(parts[5:]))


def _integration(arn: str, text: str) -> Resource | None:
    pattern = next((p for p in PATTERNS if text.endswith(p)), "")
    service, _, action = text.removesuffix(pattern).rpartition(":")
    if not service or not action:
        return None
    return Resource(arn, SERVICE, service, action, pattern)


# Services whose optimized integrations never offer a pattern ("Integrating optimized services").
NO_SYNC = {"lambda", "sns", "sqs", "dynamodb", "events", "apigateway"}
NO_TOKEN = {
    "athena", "batch", "codebuild", "elasticmapreduce", "emr-containers", "emr-serverless",
    "glue", "databrew", "mediaconvert", "sagemaker", "dynamodb",
}  # fmt: skip


def pattern_exists(resource: Resource) -> bool:
    service = resource.service
    match resource.pattern:
        case ".sync:2":
            return service == "states"
        case ".sync":
            return service not in NO_SYNC and not service.startswith("aws-sdk:")
        case ".waitForTaskToken":
            return service not in NO_TOKEN
        case _:
            return True
