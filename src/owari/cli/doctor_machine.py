"""What the machine has: processors, memory, GPU, the data folder's disk."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from owari.cli.finding import Finding, first_line, output_of

GIB = 1024**3
FSYNCS = 25
FSYNC_SLOW_MS = 20.0
DISK_LOW_BYTES = 2 * GIB
HANDLES_LOW, HANDLES_GOOD = 4_096, 65_536


def processors() -> Finding:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Finding("processors", "ok", f"{usable} usable of {os.cpu_count()}")


def memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _cgroup_limit()
    detail = f"{total / GIB:.1f} GiB"
    if limit and limit < total:
        detail += f", of which this session may use {limit / GIB:.1f} GiB"
    usable = min(total, limit or total)
    if usable < 2 * GIB:
        return Finding("memory", "warn", detail, "functions of more memory than that will wait")
    return Finding("memory", "ok", detail)


def _cgroup_limit() -> int:
    """The limit set on us from outside, or 0."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            return int(text)
    return 0


def file_handles() -> Finding:
    """Of one process: a connection may hold a socket and a file, each run some pipes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = "any number" if hard == resource.RLIM_INFINITY else f"{hard:,}"
    detail = f"{most} per process (Owari raises its own limit from {soft:,})"
    if hard != resource.RLIM_INFINITY and hard < HANDLES_LOW:
        mend = f"ulimit -Hn {HANDLES_GOOD} before owari up   (as root, or in limits.conf: nofile)"
        return Finding("file handles", "warn", detail, mend)
    return Finding("file handles", "ok", detail)


def gpu() -> Finding:
    status, text = output_of("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
    if status == 0 and text:
        return Finding("GPU", "ok", "; ".join(text.splitlines()))
    if status == 127:
        return Finding("GPU", "missing", "no nvidia-smi: none, or no driver")
    return Finding("GPU", "warn", first_line(text), "install the NVIDIA driver of this kernel")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    while not folder.is_dir():
        folder = folder.parent
    return folder


def disk(data: Path) -> list[Finding]:
    folder = _existing(data)
    free = shutil.disk_usage(folder).free
    low = free < DISK_LOW_BYTES
    space = Finding(
        "disk space",
        "warn" if low else "ok",
        f"{free / GIB:.1f} GiB free for {data}",
        "choose another folder: owari up --data DIR" if low else "",
    )
    return [space, _durability(folder)]


def _durability(folder: Path) -> Finding:
    """Every answer waits for an fsync (many share one), so its time is the floor of a request."""
    try:
        median_ms = fsync_ms(folder)
    except OSError as error:
        return Finding("fsync", "missing", f"{folder}: {error}", "owari up --data DIR")
    detail = f"{median_ms:.2f} ms (median of {FSYNCS})"
    if median_ms > FSYNC_SLOW_MS:
        return Finding("fsync", "warn", detail, "put the data on a local SSD: owari up --data DIR")
    return Finding("fsync", "ok", detail)


def fsync_ms(folder: Path) -> float:
    """Median time to have 4 KiB on disk."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(FSYNCS):
            file.write(b"\0" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000
