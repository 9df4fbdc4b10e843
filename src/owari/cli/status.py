"""`owari status`: whether Owari runs, where, what it holds, and what needs attention."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from owari.cli.client import connect
from owari.cli.find import NotRunning, endpoint, page
from owari.cli.status_text import text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status 1 when it does not run."""
    try:
        found = page(endpoint(args), "/_owari/status")
    except NotRunning as error:
        print(f"owari status: {error}", file=sys.stderr)
        return 1
    overview = _overview(args)
    if args.json:
        shown = found | {"overview": overview}
        print(json.dumps(shown, indent=2, default=lambda moment: moment.timestamp()))
        return 0
    size = shutil.get_terminal_size() if sys.stdout.isatty() else None
    width, lines = (size.columns, size.lines) if size else (0, 0)
    coloured = sys.stdout.isatty()
    print(text(found, overview, now=time.time(), width=width, coloured=coloured, lines_max=lines))
    return 0


def _overview(args: argparse.Namespace) -> dict[str, Any]:
    """Nothing for one whose credentials do not do; what the page told stands."""
    try:
        found: dict[str, Any] = connect(args, "owari").get_overview()
    except (BotoCoreError, ClientError) as error:
        print(f"owari status: what needs attention is not told: {error}", file=sys.stderr)
        return {"Work": [], "Notices": [], "NoticeCounts": {}}
    del found["ResponseMetadata"]
    return found
