"""What mount points mean."""

from __future__ import annotations

from owari.mounts import mounts_of


def test_the_three_kinds_of_volume() -> None:
    volumes = [
        {"name": "host", "host": {"sourcePath": "/srv"}},
        {"name": "efs", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
        {"name": "own", "host": {}},
    ]
    points = [{"sourceVolume": v["name"], "containerPath": "/x", "readOnly": True} for v in volumes]
    host, efs, own = mounts_of(points, volumes, "task")
    assert host == {"source": "/srv", "target": "/x", "read_only": True}
    assert (efs["source"], efs["shared"]) == (None, "fs-1/")
    assert (own["source"], own["shared"]) == (None, "task/own")
