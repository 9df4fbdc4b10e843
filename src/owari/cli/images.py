"""`owari images`: what a container image's name means on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from owari.cli.batch.mapping import NoImage, entry, read, split, words, write
from owari.cli.find import NotRunning, data_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what container images are on this machine: the root of a file system in a folder, an"
        " image that podman or docker builds from a Dockerfile, or this machine itself. A name"
        " without a tag stands for all its tags. Jobs that start from then on see it."
    )
    parser.add_argument(
        "act", choices=("map", "unmap", "list"), nargs="?", default="list", metavar="ACT",
        help="map NAME=DIR|Dockerfile|host, unmap NAME, or list (the default)",
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME[=WHAT]")
    parser.add_argument("--json", action="store_true", help="print the mapping as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status 2 for what cannot be mapped, 1 when it cannot be written."""
    try:
        data = data_of(args)
        if (args.act == "list") == bool(args.names):
            raise NoImage(f"which one? (owari images {args.act} NAME…)" if not args.names
                          else "list takes no names")  # fmt: skip
        if args.act != "list":
            write(data, _changed(args, data))
        _show(args, data)
    except (NoImage, NotRunning) as error:
        print(f"owari images: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"owari images: {error}", file=sys.stderr)
        return 1
    return 0


def _changed(args: argparse.Namespace, data: Path) -> dict[str, dict[str, str]]:
    entries = read(data)
    for text in args.names:
        if args.act == "map":
            name, target = split(text)
            entries[name] = entry(name, target)
        elif entries.pop(text, None) is None:
            raise NoImage(f"{text} is not mapped")
    return entries


def _show(args: argparse.Namespace, data: Path) -> None:
    entries = read(data)
    if args.json:
        print(json.dumps(entries, indent=2, sort_keys=True))
        return
    if not entries:
        print("no image is mapped")
    width = max(map(len, entries), default=0)
    for name, found in sorted(entries.items()):
        print(f"{name:<{width}}  {words(found)}")
