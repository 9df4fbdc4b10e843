"""The demo from beginning to end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from owari.demo import stack
from owari.demo.check import Output, examine, start_of
from owari.demo.ffmpeg import Media
from owari.demo.progress import Run, Watch
from owari.demo.screen import Bar, Screen, size, table
from owari.demo.server import DemoServer

PATIENCE_S = 1_000.0  # a function may take 900 s
LOOK_EVERY_S = 0.15


@dataclass(slots=True)
class Job:
    """One video, one server, four outputs. `folder` receives the outputs."""

    server: DemoServer
    ffmpeg: str
    video: Path
    source: Media
    folder: Path
    screen: Screen
    took_s: float = 0.0
    watch: Watch | None = None

    def run(self) -> list[Output]:
        self.screen.say(f"Owari listens on {self.server.endpoint}")
        stack.create(self.server.client, self.ffmpeg)
        self.screen.say("created 1 bucket, 1 topic, 5 functions, 4 subscriptions, 1 notification")
        key = f"incoming/{self.video.name}"
        started = time.monotonic()
        self.server.client("s3").upload_file(str(self.video), stack.BUCKET, key)
        self.screen.say(f"uploaded s3://{stack.BUCKET}/{key}: everything else follows from that")
        watch = self.watch = Watch(self.server.client)
        self._follow(watch, started)
        self.took_s = time.monotonic() - started
        self._download()
        return [
            examine(self.ffmpeg, w, self.folder / w.output, self.source, watch.runs[w.function])
            for w in stack.WORKERS
        ]

    def _follow(self, watch: Watch, started: float) -> None:
        """Until every worker has ended, or the starter has without starting them."""
        while time.monotonic() - started < PATIENCE_S:
            watch.look()
            self.screen.bars(self._bars(watch))
            if all(watch.runs[w.function].ended for w in stack.WORKERS):
                return
            if watch.runs[stack.STARTER].ended and watch.runs[stack.STARTER].failed:
                return
            time.sleep(LOOK_EVERY_S)

    def _bars(self, watch: Watch) -> list[Bar]:
        return [
            Bar(w.function, self._share(w, watch.runs[w.function]), _note(watch.runs[w.function]))
            for w in stack.WORKERS
        ]

    def _share(self, worker: stack.Worker, run: Run) -> float:
        if run.ended:
            return 1.0
        if worker.height is None or not self.source.duration_s:
            return 0.0
        return min(0.99, run.done_s / self.source.duration_s)

    def _download(self) -> None:
        """The outputs that are there, from the bucket."""
        self.folder.mkdir(parents=True, exist_ok=True)
        s3 = self.server.client("s3")
        for worker in stack.WORKERS:
            file = self.folder / worker.output
            file.unlink(missing_ok=True)
            try:
                s3.download_file(stack.BUCKET, output_key(self.video, worker), str(file))
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise

    def complaints(self, outputs: list[Output]) -> list[str]:
        """What went wrong, with the end of the function's log."""
        starter = self.watch.runs[stack.STARTER] if self.watch else Run()
        found = [f"{stack.STARTER}: {line}" for line in starter.lines[-8:] if starter.failed]
        for output in outputs:
            if output.wrong:
                found.append(f"{output.worker.output}: {output.wrong}")
                found += [f"    {line}" for line in output.run.lines[-8:]]
        return found


def output_key(video: Path, worker: stack.Worker) -> str:
    return f"outputs/{video.stem}/{worker.output}"


def _note(run: Run) -> str:
    if run.duration_ms is not None:
        return f"{run.duration_ms / 1000:.1f} s"
    return f"{run.done_s:.1f} s of video" if run.done_s else "running" if run.started else "waiting"


def results(outputs: list[Output]) -> str:
    """The table at the end; every figure was read back from the files and the logs."""
    rows = [["output", "size", "resolution", "duration", "took", "start", ""]]
    for o in outputs:
        m = o.media
        rows.append([
            o.worker.output,
            size(o.bytes) if o.bytes else "–",
            f"{m.width}×{m.height}" if m else "–",
            f"{m.duration_s:.2f} s" if m and o.worker.height else "–",
            f"{o.run.duration_ms / 1000:.2f} s" if o.run.duration_ms is not None else "–",
            start_of(o.run),
            "✗" if o.wrong else "✓",
        ])  # fmt: skip
    return table(rows)
