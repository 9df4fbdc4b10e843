"""What the mount points of a container mean to compute (compute/base.py), for Batch and ECS alike.

A host path is itself; an EFS file system is a folder that outlives everything and all share; any
other volume is an empty folder that the containers of one task share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

FILE_SYSTEM = re.compile(r"fs-[0-9a-z]+")


def mounts_of(points: Iterable[Json], volumes: Iterable[Json], task: str) -> list[Json]:
    """`task`: the id of the task that its own volumes belong to."""
    by_name = {volume.get("name"): volume for volume in volumes}
    return [_mount(point, by_name.get(point.get("sourceVolume"), {}), task) for point in points]


def _mount(point: Json, volume: Json, task: str) -> Json:
    source = volume.get("host", {}).get("sourcePath")
    made = {
        "source": source,
        "target": point["containerPath"],
        "read_only": bool(point.get("readOnly", False)),
    }
    if source is None:
        efs = volume.get("efsVolumeConfiguration", {})
        owner = efs.get("fileSystemId")
        root = (efs.get("rootDirectory") or "/").strip("/")
        made["shared"] = f"{owner}/{root}" if owner else f"{task}/{volume.get('name', '')}"
    return made
