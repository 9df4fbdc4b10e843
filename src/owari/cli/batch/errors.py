"""What the commands about jobs say when they cannot do it, and their exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from owari.cli.batch.defaults import NotReady
from owari.cli.batch.items import NoItems
from owari.cli.batch.submission import NoJob
from owari.cli.find import NotRunning


def told(command: str, act: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """Status 2 for what the user asked wrongly, 1 for what could not be done."""
    try:
        return act(args)
    except BrokenPipeError:  # `owari jobs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except NoItems as error:
        print(f"owari {command}: {error}", file=sys.stderr)
        return 2
    except (ClientError, BotoCoreError, NotRunning, NotReady, NoJob, OSError) as error:
        print(f"owari {command}: {error}", file=sys.stderr)
        return 1
