"""`owari up`: becomes the server, or starts one in the background."""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from owari import starting
from owari.cli.find import NotRunning, announced, page
from owari.config import Config
from owari.limits import PROFILES

DETACHED_START_S = 30.0
SPEED_MAX = 86_400.0  # a day in a second


def add_arguments(parser: argparse.ArgumentParser) -> None:
    defaults = Config(data=Path())
    parser.add_argument(
        "--port", type=_port, default=defaults.port, help="default 4566; 0: any free port"
    )
    parser.add_argument(
        "--bind",
        default=defaults.host,
        metavar="ADDR",
        help="default 127.0.0.1; others need --auth",
    )
    parser.add_argument(
        "--auth", action="store_true", help="verify signatures against real access keys"
    )
    parser.add_argument(
        "--shared",
        action="store_true",
        help="let the other users of this machine in: they can run code as you",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name to answer to besides localhost; '*.NAME' for all below it",
    )
    parser.add_argument(
        "--profile", choices=sorted(PROFILES), default=defaults.profile, help="AWS limits of when"
    )
    parser.add_argument(
        "--clock-speed", type=_speed, default=defaults.clock_speed, metavar="N",
        help="service time runs N times as fast: schedules, waits, retries, visibility, retention;"
        " functions and jobs keep real time. It never goes back: what ran ahead stays ahead",
    )  # fmt: skip
    parser.add_argument(
        "--keep-jobs",
        type=_days,
        default=defaults.job_kept_days,
        metavar="DAYS",
        help="forget Batch jobs so long after their end (default: 7)",
    )
    parser.add_argument("-d", "--detach", action="store_true", help="run in the background")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= SPEED_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: above 0, up to {SPEED_MAX:,.0f}")
    return speed


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= 36_500:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days")
    return days


def run(args: argparse.Namespace) -> int:
    if not args.auth and not is_loopback(args.bind):
        print(
            f"owari up: --bind {args.bind} lets other machines in, which needs --auth",
            file=sys.stderr,
        )
        return 2
    if args.detach:
        return _detached(args.data)
    return starting.run(
        Config(
            data=args.data,
            host=args.bind,
            port=args.port,
            auth=args.auth,
            shared=args.shared,
            profile=args.profile,
            job_kept_days=args.keep_jobs,
            allowed_hosts=tuple(args.allow_host),
            clock_speed=args.clock_speed,
        )
    )


def is_loopback(host: str) -> bool:
    """Whether every address of `host` is one of loopback."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(a[4][0]).partition("%")[0]).is_loopback for a in found)


def _detached(data: Path) -> int:
    """Start the same command in a session of its own; back when it listens."""
    words = [word for word in sys.argv[1:] if word not in ("-d", "--detach")]
    reading, writing = os.pipe()
    with os.fdopen(reading) as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "owari.cli.main", *words],
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(writing)
        return _wait(process, data, output.fileno())


def _wait(process: subprocess.Popen[bytes], data: Path, output: int) -> int:
    until = time.monotonic() + DETACHED_START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.stderr.write(os.read(output, 65536).decode(errors="replace"))
            return process.returncode or 1
        if announced(data).get("pid") == process.pid and _answers(data):
            sys.stdout.write(os.read(output, 65536).decode(errors="replace"))
            return 0
        time.sleep(0.005)
    process.terminate()
    print("owari up: it does not listen; see server.log", file=sys.stderr)
    return 1


def _answers(data: Path) -> bool:
    try:
        page(str(announced(data)["endpoint"]), "/_owari/health")
    except (NotRunning, KeyError):
        return False
    return True
