"""How soon it listens, and what it takes while idle."""

from __future__ import annotations

from pathlib import Path

from bench.report import Figure, at_most
from bench.setting import Setting


def footprint(s: Setting) -> list[Figure]:
    sizes = {pid: pss_mib(pid) for pid in _processes(s)}
    parts = " + ".join(f"{_name(pid)} {size:.0f}" for pid, size in sizes.items())
    return [
        at_most("listening after", s.listening_s, 0.4, "s"),
        at_most("first answer after", s.answering_s, 1.0, "s"),
        at_most("idle memory, all processes, PSS", sum(sizes.values()), 100, "MiB", parts),
    ]


def _processes(s: Setting) -> list[int]:
    """Every process with the data folder in its command line or environment."""
    marker = str(s.data).encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except (OSError, NotADirectoryError):
            continue
        if folder.name.isdigit() and marker in text:
            found.append(int(folder.name))
    return sorted(found)


def _name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    known = [w for w in words if w in (b"up",) or b"zygote" in w or b"agent" in w or b"spawn" in w]
    return known[0].decode().rpartition("/")[2] if known else words[0].decode()


def pss_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
