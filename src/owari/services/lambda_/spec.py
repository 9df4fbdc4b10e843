"""What compute is told about an invocation (compute/base.py), from the configuration as of now."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

from owari.services.lambda_.model import Config, Layer, Source
from owari.services.lambda_.names import function_arn

Spec = dict[str, Any]


class Deployed(NamedTuple):
    """All that an invocation needs to know of a version: the row of one SELECT.

    `source`, `layers` and `config` are the stored JSON texts; `reserved` the function's
    reserved concurrency.
    """

    account: str
    region: str
    name: str
    version: str
    deployed: str
    source: str
    layers: str
    config: str
    reserved: int | None


@lru_cache(maxsize=1024)
def template(d: Deployed, qualifier: str | None) -> Spec:
    """Everything but the event. A pure function of all its inputs: it cannot go stale."""
    config = json.loads(d.config)
    arn = function_arn(d.account, d.region, d.name, qualifier)
    return {
        "kind": "function",
        "environment": f"{arn}:{d.version}:{d.deployed}",
        "slot": f"{arn}:{d.version}",
        "function_name": d.name,
        "function_arn": arn,
        "version": d.version,
        "handler": config.get("Handler", ""),
        "runtime": config.get("Runtime", ""),
        "memory_mib": config["MemorySize"],
        "timeout_s": config["Timeout"],
        "ephemeral_mib": config["EphemeralStorage"]["Size"],
        **_code(Source(**json.loads(d.source)), config),
        **_layers(json.loads(d.layers)),
        **_file_systems(config.get("FileSystemConfigs") or []),
        "variables": config.get("Environment", {}).get("Variables", {}),
        "account": d.account,
        "region": d.region,
        "role_arn": config["Role"],
        "log_group": config["LoggingConfig"]["LogGroup"],
        "logging": config["LoggingConfig"],
        "concurrency": d.reserved,
    }


def _code(source: Source, config: Config) -> Spec:
    if source.folder:
        return {"code": "", "code_folder": source.folder}
    if not source.image:
        return {"code": source.code}
    given = config.get("ImageConfigResponse", {}).get("ImageConfig", {})
    image_config = {
        "entry_point": given.get("EntryPoint"),
        "command": given.get("Command"),
        "working_directory": given.get("WorkingDirectory"),
    }
    return {"code": "", "image": source.image, "image_config": image_config}


def _layers(stored: list[dict[str, Any]]) -> Spec:
    sources = [Layer.of(layer).source for layer in stored]
    if not sources:
        return {}
    return {"layers": [{"folder": s.folder} if s.folder else {"code": s.code} for s in sources]}


def _file_systems(configs: list[dict[str, str]]) -> Spec:
    """No EFS here tells where an access point leads: `fsap-D` leads to `fs-D`."""
    if not configs:
        return {}
    return {
        "file_systems": [
            {"id": "fs-" + c["Arn"].rpartition("/fsap-")[2], "target": c["LocalMountPath"]}
            for c in configs
        ]
    }


def spec_for(
    d: Deployed,
    qualifier: str | None,
    *,
    payload: bytes,
    request_id: str,
    trace_id: str,
    client_context: str | None = None,
    durable: bool = False,
    streaming: bool = False,
) -> Spec:
    """The spec of one invocation; the engine adds `run_id` and `attempt`."""
    return template(d, qualifier) | {
        "request_id": request_id,
        "trace_id": trace_id,
        "client_context": client_context,
        "durable": durable,
        "streaming": streaming,
        "payload": payload,
    }
