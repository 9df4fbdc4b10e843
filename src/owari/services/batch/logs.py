"""Where the output of an attempt goes.

Batch user guide, "Using the awslogs log driver": group /aws/batch/job and stream
`<job definition>/default/<task id>`, unless the container's logConfiguration says otherwise.
"""

from __future__ import annotations

from typing import Any

GROUP = "/aws/batch/job"


def log_place(container: dict[str, Any], name: str, definition: str, task: str) -> tuple[str, str]:
    """(group, stream). `definition`: the job definition's name; `task`: the task's id."""
    configuration = container.get("logConfiguration", {})
    options = configuration.get("options", {}) if _is_awslogs(configuration) else {}
    group = options.get("awslogs-group", GROUP)
    prefix = options.get("awslogs-stream-prefix", definition)
    return group, f"{prefix}/{name}/{task}"


def _is_awslogs(configuration: dict[str, Any]) -> bool:
    return bool(configuration.get("logDriver") == "awslogs")


def definition_name(arn: str) -> str:
    """Of a job definition's ARN."""
    return arn.rpartition("/")[2].rpartition(":")[0]
