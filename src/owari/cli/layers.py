"""`owari layers`: what other accounts' Lambda layers are on this machine."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from owari.cli.find import NotRunning, data_of
from owari.cli.layer.supplies import CannotSupply, supply
from owari.cli.mapping_file import read, write

FILE = "layers.json"
_ARN = re.compile(r"arn:[^:]+:lambda:[^:]+:[^:]+:layer:[^:]+(:[^:]+)?")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what public Lambda layers are on this machine: a folder with what the layer has under"
        " /opt. Without a folder the layer is made from a package, where one is known to supply it"
        " (Powertools, AWS SDK for pandas, ffmpeg). `*` in an ARN stands for anything; an ARN"
        " without a version for all of them. Functions that are created or updated from then on"
        " can have it."
    )
    parser.add_argument(
        "act", choices=("map", "unmap", "list"), nargs="?", default="list", metavar="ACT",
        help="map ARN[=DIR], unmap ARN, or list (the default)",
    )  # fmt: skip
    parser.add_argument("arns", nargs="*", metavar="ARN[=DIR]")
    parser.add_argument("--json", action="store_true", help="print the mapping as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status 2 for what cannot be mapped, 1 when it cannot be written."""
    try:
        data = data_of(args)
        entries = read(data / FILE)
        if (args.act == "list") == bool(args.arns):
            raise CannotSupply("list takes no ARNs; map and unmap take some")
        for text in args.arns:
            _change(args.act, text, data, entries)
        if args.act != "list":
            write(data / FILE, entries)
    except (CannotSupply, NotRunning) as error:
        print(f"owari layers: {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"owari layers: {error}", file=sys.stderr)
        return 1
    _show(args, entries)
    return 0


def _change(act: str, text: str, data: Path, entries: dict[str, str]) -> None:
    arn, _, folder = text.partition("=")
    found = _ARN.fullmatch(arn)
    if found is None:
        raise CannotSupply(f"{arn!r} is not the ARN of a layer or of one of its versions")
    pattern = arn if found[1] else f"{arn}:*"
    if act == "unmap":
        if entries.pop(pattern, None) is None:
            raise CannotSupply(f"{arn} is not mapped")
    elif not folder:
        entries[pattern] = str(supply(arn, data))
    elif Path(folder).is_dir():
        entries[pattern] = str(Path(folder).resolve())
    else:
        raise CannotSupply(f"there is no folder {folder}")


def _show(args: argparse.Namespace, entries: dict[str, str]) -> None:
    if args.json:
        print(json.dumps(entries, indent=2, sort_keys=True))
        return
    if not entries:
        print("no layer is mapped")
    for pattern, folder in sorted(entries.items()):
        print(f"{pattern}  {folder}")
