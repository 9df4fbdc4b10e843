"""The size of /tmp: a function that fills it meets ENOSPC, and the next environment does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compute.lab import Lab

ENOSPC = 28
FILL = """
    import os
    def handler(event, context):
        place = os.statvfs("/tmp")
        told = [place.f_bavail * place.f_frsize >> 20, os.path.exists("/tmp/full")]
        fd = os.open("/tmp/full", os.O_CREAT | os.O_WRONLY)
        for mib in event:
            try:
                os.posix_fallocate(fd, 0, mib << 20)
                told.append("fits")
            except OSError as error:
                told.append(error.errno)
        return told
    """


@pytest.fixture(autouse=True)
def bounded(lab: Lab) -> None:
    why = lab.agent["interpreters"][0]["tmp_unbounded"]
    if why:
        pytest.skip(f"/tmp has no bound on this machine: {why}")


@pytest.mark.parametrize("size", [512, 600, 10_240])
def test_tmp_has_the_size_that_was_asked_for(lab: Lab, size: int) -> None:
    changes: dict[str, Any] = {"ephemeral_mib": size, "environment": f"of {size}"}
    available, there, small, large = lab.result(FILL, [size, size * 2], **changes)
    assert size <= available <= size * 1.05 and not there
    assert (small, large) == ("fits", ENOSPC)


def test_what_filled_it_is_gone_with_its_environment(lab: Lab) -> None:
    changes: dict[str, Any] = {"timeout_s": 5, "environment": "again"}
    assert lab.result(FILL, [512], **changes)[2] == "fits"
    crash = FILL.replace("return told", "os._exit(1)")
    assert lab.invoke(crash, [512], **(changes | {"environment": "crash"}))["status"] == "error"
    again = lab.result(FILL, [512], **(changes | {"environment": "third"}))
    assert again[1:] == [False, "fits"]
