"""boto3 clients for the commands: they reach Owari as any program does."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config as ClientConfig

from owari.cli.find import NotRunning, endpoint

REGION = "us-east-1"
MODELS = Path(__file__).parents[1] / "models"  # of Owari's own services


def connect(args: argparse.Namespace, service: str, **config: Any) -> Any:
    """A client of `service`; `config` as botocore.config.Config takes it.

    Ends the command with status 1 when no Owari is found. Uses the keys the user has set, else
    those an Owari with `--auth` left in its data folder, else any.
    """
    try:
        url = endpoint(args)
    except NotRunning as error:
        print(f"owari: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    session = _session(args)
    session._session.get_component("data_loader").search_paths.append(str(MODELS))
    settings = ClientConfig(**({"retries": {"max_attempts": 2, "mode": "standard"}} | config))
    return session.client(service, endpoint_url=url, config=settings)


def _session(args: argparse.Namespace) -> boto3.Session:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or REGION
    if os.environ.get("AWS_ACCESS_KEY_ID") or os.environ.get("AWS_PROFILE"):
        return boto3.Session(region_name=region)
    left = args.data / "credentials"
    if "AWS_SHARED_CREDENTIALS_FILE" not in os.environ and not left.exists():
        return boto3.Session("test", "test", region_name=region)
    os.environ.setdefault("AWS_SHARED_CREDENTIALS_FILE", str(left))
    return boto3.Session(region_name=region)
