"""What the volumes of a task definition may say.

Source: API reference, Volume, EFSVolumeConfiguration, EFSAuthorizationConfig.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from owari.mounts import FILE_SYSTEM
from owari.services.ecs.faults import client
from owari.services.ecs.names import NAME

Json = dict[str, Any]

ACCESS_POINT = re.compile(r"fsap-[0-9a-z]+")
KINDS = (
    "dockerVolumeConfiguration", "efsVolumeConfiguration", "s3filesVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
)  # fmt: skip
PORT_MAX = 65_535


def check_volumes(volumes: Iterable[Json]) -> None:
    """Raises ClientException."""
    for volume in volumes:
        name = volume.get("name")
        if not name or not NAME.fullmatch(name):
            raise client(f"Invalid volume name: {name}")
        kinds = [kind for kind in KINDS if volume.get(kind)]
        if len(kinds) + bool(volume.get("host")) > 1:
            raise client("When the volume parameter is specified, only one volume configuration"
                         " type should be used.")  # fmt: skip
        if "efsVolumeConfiguration" in volume:
            _check_efs(name, volume["efsVolumeConfiguration"])


def _check_efs(name: str, efs: Json) -> None:
    id, root = efs["fileSystemId"], efs.get("rootDirectory") or "/"
    if not FILE_SYSTEM.fullmatch(id):
        raise client(f"Invalid fileSystemId '{id}' of volume '{name}': the id of an EFS file system"
                     " is like fs-1234.")  # fmt: skip
    if not root.startswith("/") or ".." in root.split("/"):
        raise client(f"Invalid rootDirectory '{root}' of volume '{name}': it must be absolute.")
    if not 0 <= efs.get("transitEncryptionPort", 0) <= PORT_MAX:
        raise client(f"Invalid transitEncryptionPort of volume '{name}': 0 to {PORT_MAX}.")
    authorization = efs.get("authorizationConfig") or {}
    point = authorization.get("accessPointId")
    if point and not ACCESS_POINT.fullmatch(point):
        raise client(f"Invalid accessPointId '{point}' of volume '{name}'.")
    if point and root != "/":
        raise client(f"The rootDirectory of volume '{name}' must be omitted or '/' when an access"
                     " point is specified.")  # fmt: skip
    encrypted = efs.get("transitEncryption") == "ENABLED"
    if (point or authorization.get("iam") == "ENABLED") and not encrypted:
        raise client(f"The transitEncryption of volume '{name}' must be ENABLED when an access"
                     " point or IAM authorization is used.")  # fmt: skip
