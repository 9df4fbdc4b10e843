"""What compute is told about one container (compute/base.py, process spec).

Secrets, environment files and the log stream are looked for when the container is to start, and
what is missing is its failure, worded as ECS words it.
"""

from __future__ import annotations

from typing import Any

from owari.arn import parse_arn
from owari.errors import ServiceError
from owari.mounts import mounts_of
from owari.services.ecs.metadata import metadata_uri
from owari.services.ecs.records import Task
from owari.services.ecs.sizes import shares
from owari.store.secrets import SecretsMissing, secrets_of
from owari.store.tx import Tx
from owari.wire.message import read_body

Json = dict[str, Any]

FARGATE_GRACE_S = 30.0  # StopTask: SIGTERM, 30 seconds, SIGKILL


class CannotPrepare(Exception):
    """A container does not start without what it asked for."""


def prepared_spec(tx: Tx, task: Task, number: int) -> Json:
    """Raises CannotPrepare. The engine adds run_id and attempt."""
    container = task.containers[number]
    body = task.body
    share = shares(task.containers, _number(body.get("cpu")), _number(body.get("memory")))[number]
    linux = container.get("linuxParameters", {})
    group, stream = _log(tx, task, container)
    return {
        "kind": "process",
        "command": container.get("command", []),
        "entry_point": container.get("entryPoint"),
        "image": container["image"],
        "variables": _variables(tx, task, number),
        "vcpus": share.cpu / 1024,
        "memory_mib": share.memory,
        "memory_limit_mib": share.limit,
        "gpus": _gpus(container),
        "timeout_s": None,
        "grace_s": float(container.get("stopTimeout") or FARGATE_GRACE_S),
        "mounts": mounts_of(container.get("mountPoints", ()), body["volumes"], task.id),
        "tmpfs_mib": {t["containerPath"]: t["size"] for t in linux.get("tmpfs", ())},
        "shm_mib": linux.get("sharedMemorySize"),
        "user": container.get("user"),
        "folder": container.get("workingDirectory"),
        "read_only_root": bool(container.get("readonlyRootFilesystem")),
        "ulimits": [[u["name"], u["softLimit"], u["hardLimit"]]
                    for u in container.get("ulimits", ())],
        "account": task.account,
        "region": task.region,
        "role_arn": body.get("task_role", ""),
        "log_group": group,
        "log_stream": stream,
        "payload": b"",
    }  # fmt: skip


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _gpus(container: Json) -> int:
    asked = container.get("resourceRequirements", ())
    return sum(int(r["value"]) for r in asked if r.get("type") == "GPU" and r["value"].isdecimal())


# ---- environment
def _variables(tx: Tx, task: Task, number: int) -> dict[str, str]:
    """Files, then the container's own, its secrets, and what ECS sets."""
    container = task.containers[number]
    made: dict[str, str] = {}
    for file in reversed(container.get("environmentFiles", ())):  # the first goes before
        made |= _of_file(tx, file["value"])
    made |= {v["name"]: v.get("value", "") for v in container.get("environment", ())}
    try:
        made |= secrets_of(tx, container)
    except SecretsMissing as missing:
        raise CannotPrepare(str(missing)) from None
    uri = metadata_uri(tx, task, number)
    return made | {
        "ECS_CONTAINER_METADATA_URI_V4": uri,
        "ECS_CONTAINER_METADATA_URI": uri,
        "AWS_EXECUTION_ENV": f"AWS_ECS_{'FARGATE' if task.launch == 'FARGATE' else 'EC2'}",
        "AWS_REGION": task.region,
        "AWS_DEFAULT_REGION": task.region,
    }


def _of_file(tx: Tx, source: str) -> dict[str, str]:
    """`NAME=value` lines of an object: arn:aws:s3:::BUCKET/KEY."""
    arn = parse_arn(source)
    bucket, _, key = (arn.resource if arn else "").partition("/")
    try:
        found = tx.call("s3", "GetObject", {"Bucket": bucket, "Key": key})
    except ServiceError as error:
        raise CannotPrepare(
            f"ResourceInitializationError: failed to download env files: file {source}:"
            f" {error.code}: {error.message}"
        ) from None
    lines = read_body(found["Body"]).decode("utf-8", "replace").splitlines()
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return {name: value for name, _, value in pairs if name}


# ---- logs
def _log(tx: Tx, task: Task, container: Json) -> tuple[str | None, str]:
    """Group and stream; the stream is there before the container is, as with the awslogs driver."""
    log = container.get("logConfiguration", {})
    if log.get("logDriver") != "awslogs":
        return None, ""
    options = log.get("options", {})
    group, prefix = options["awslogs-group"], options.get("awslogs-stream-prefix")
    stream = f"{prefix}/{container['name']}/{task.id}" if prefix else task.id
    try:
        if options.get("awslogs-create-group") == "true":
            _unless_there(tx, "CreateLogGroup", {"logGroupName": group})
        _unless_there(tx, "CreateLogStream", {"logGroupName": group, "logStreamName": stream})
    except ServiceError as error:
        raise CannotPrepare(
            "ResourceInitializationError: failed to validate logger args: create stream has been"
            f" retried 1 times: failed to create Cloudwatch log stream: {error.code}:"
            f" {error.message} : exit status 1"
        ) from None
    return group, stream


def _unless_there(tx: Tx, operation: str, params: Json) -> None:
    try:
        tx.call("logs", operation, params)
    except ServiceError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
