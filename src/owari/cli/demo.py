"""`owari demo`: a real video through bucket, topic and five functions."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from owari.demo.check import Output
from owari.demo.ffmpeg import Media, NotAVideo, find_ffmpeg, probe
from owari.demo.job import Job, results
from owari.demo.sample import NoSample, sample_video
from owari.demo.screen import Screen, size
from owari.demo.server import DemoServer, StartFailed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--input", type=Path, metavar="FILE", help="any video (default: a sample)")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="leave 480p.mp4 … thumbnail.jpg there"
    )
    parser.add_argument("--keep", action="store_true", help="keep the data folder of this run")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument(
        "--cache", type=Path, default=Path(".cache"), metavar="DIR", help="for the sample video"
    )


def run(args: argparse.Namespace) -> int:
    """Exit status 0 only if all four outputs are there and right."""
    screen = Screen()
    ffmpeg = find_ffmpeg()
    if ffmpeg is None:
        return _fail("ffmpeg is missing: install it, or pip install 'owari[demo]'")
    try:
        video = args.input or sample_video(args.cache)
        if not video.is_file():
            return _fail(f"{video} is not a file")
        source = probe(ffmpeg, video)
        if args.output:
            args.output.mkdir(parents=True, exist_ok=True)
    except (NoSample, NotAVideo, OSError) as error:
        return _fail(str(error))
    if source.duration_s <= 0:
        return _fail(f"{video}: its length is unknown (a still picture?)")
    screen.say(_introduction(video, source))
    folder = Path(tempfile.mkdtemp(prefix="owari-demo-"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # cleared away as with Ctrl-C
    try:
        return _run_in(folder, args, screen, ffmpeg, video, source)
    except KeyboardInterrupt:
        return _fail("stopped")
    finally:
        if args.keep:
            screen.say(f"kept: owari up --data {folder / 'data'}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _introduction(video: Path, source: Media) -> str:
    sound = "with sound" if source.has_audio else "silent"
    return (
        f"{video.name}: {size(video.stat().st_size)}, {source.width}×{source.height},"
        f" {source.duration_s:.2f} s, {sound}"
    )


def _run_in(
    folder: Path, args: argparse.Namespace, screen: Screen, ffmpeg: str, video: Path, source: Media
) -> int:
    outputs_folder = args.output or folder / "outputs"
    try:
        with DemoServer(folder / "data") as server:
            job = Job(server, ffmpeg, video, source, outputs_folder, screen)
            outputs = job.run()
    except StartFailed as error:
        return _fail(f"owari up failed: {error}")
    except (ClientError, BotoCoreError, S3UploadFailedError, OSError) as error:
        return _fail(str(error))
    _report(args, screen, job, outputs)
    return 1 if any(o.wrong for o in outputs) else 0


def _report(args: argparse.Namespace, screen: Screen, job: Job, outputs: list[Output]) -> None:
    if args.json:
        answer = {
            "input": str(job.video),
            "took_s": round(job.took_s, 3),
            "outputs": [o.as_json() for o in outputs],
            "ok": not any(o.wrong for o in outputs),
        }
        print(json.dumps(answer, indent=2))
    else:
        print(f"\n{results(outputs)}\n")
        print(f"  from upload to the last output: {job.took_s:.1f} s")
        if args.output:
            print(f"  in {args.output}")
    for line in job.complaints(outputs):
        screen.say(line)


def _fail(message: str) -> int:
    print(f"owari demo: {message}", file=sys.stderr)
    return 1
