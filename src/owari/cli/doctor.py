"""`owari doctor`: what this machine offers, what is missing, and the command that mends it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from owari.cli import doctor_compute, doctor_machine, doctor_maps, doctor_tools
from owari.cli.finding import Finding

_SIGNS = {"ok": "✓", "warn": "!", "missing": "·"}
_COLOURS = {"ok": "\x1b[32m", "warn": "\x1b[33m", "missing": "\x1b[2m"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def findings(data: Path) -> list[Finding]:
    return [
        doctor_machine.processors(),
        doctor_machine.memory(),
        *doctor_machine.disk(data),
        doctor_machine.file_handles(),
        *doctor_compute.isolation(),
        *doctor_compute.interpreters(),
        *doctor_compute.nodes(),
        doctor_tools.ffmpeg(),
        doctor_machine.gpu(),
        *doctor_tools.container_runtimes(),
        *doctor_maps.images(data),
        *doctor_maps.layers(data),
    ]


def run(args: argparse.Namespace) -> int:
    """Exit status 1 only if Owari itself could not work here: the data folder cannot be written."""
    found = findings(args.data)
    if args.json:
        print(json.dumps({"findings": [f.as_json() for f in found]}, indent=2))
    else:
        width = max(len(f.name) for f in found)
        for finding in found:
            print(line(finding, width, coloured=sys.stdout.isatty()))
    return 1 if any(f.name == "fsync" and f.state == "missing" for f in found) else 0


def line(finding: Finding, width: int, *, coloured: bool) -> str:
    sign = _SIGNS[finding.state]
    if coloured:
        sign = f"{_COLOURS[finding.state]}{sign}\x1b[0m"
    text = f"{sign} {finding.name:<{width}}  {finding.detail}"
    if finding.mend and finding.state != "ok":
        text += f"\n  {'':<{width}}  → {finding.mend}"
    return text
