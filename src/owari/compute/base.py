"""The contract between the engine and whatever runs code: an agent, a cluster, the simulator.

A *spec* and a *report* are JSON-able dicts, because they cross process boundaries. Both carry
`payload` bytes apart from the JSON (see agent protocol), under the key `payload`.

Function spec (`kind` = `function`):
    kind, run_id, attempt
    environment     str   identity of an environment that may be reused for this call:
                          function ARN + version + configuration revision
    slot            str   function ARN + qualifier: an idle environment of the same slot and
                          another `environment` is outdated and may be retired
    function_name, function_arn, version, handler, runtime
    memory_mib, timeout_s, ephemeral_mib
    code            str   blob id of the zip (its SHA-256, hex); "" where one of these is given:
    code_folder     str   optional: hot reload, a folder of the host used as the code, as it is
                          at each invocation
    image           str   optional: a container image (PackageType Image), and with it
    image_config    dict  entry_point, command: list | None; working_directory: str | None
    layers          list  optional, merged into /opt in this order: {code: blob id of a zip} or
                          {folder: a host path}
    file_systems    list  optional, {id: `fs-…`, target: `/mnt/…`}: the same folder for all that
                          name it, process specs' `shared` mounts of `fs-…/` among them
    variables       dict  the user's environment variables
    account, region, role_arn
    log_group, request_id, trace_id
    logging         dict  LoggingConfig as Lambda describes it: LogFormat and levels
    client_context  str | None   (base64 as received)
    concurrency     int | None   reserved concurrency of the function: more at once ⇒ throttled
    durable         bool  started from the outbox: the report is journaled and acknowledged
    streaming       bool  optional: the caller wants the response as it comes (`on_chunk`)
    payload         bytes the event, JSON text

Provisioned concurrency is a wish of the server, `keep_warm(spec, count)`: keep so many environments
of this function spec started, idle or busy; 0 ends it. A spec there has neither `payload` nor a
run's own fields. The server tells all its wishes again at every (re)connect, and an agent forgets
at its beginning what an earlier connection wished.

Process spec (`kind` = `process`): a Batch attempt or an ECS container
    kind, run_id, attempt, durable, account, region, payload (b"")
    command         list  argv, found on the job's own PATH
    image           str   what it means here: compute/images.py
    variables       dict  the container's; they win over what Owari adds (AWS_ENDPOINT_URL, the
                          role's credentials, AWS_REGION, CUDA_VISIBLE_DEVICES)
    vcpus           float beyond the machine's: runs alone;  memory_mib int;  gpus int
    timeout_s       float | None   then SIGTERM to the whole tree, 30 s later SIGKILL
    mounts          list of {source: a host path | None: an empty folder, target, read_only}
    tmpfs_mib       dict  target → size;  shm_mib int | None;  user `USER[:GROUP]` | None
    role_arn        str   "" for a role of Owari's own
    log_group       str | None (not logged);  log_stream
    folder          str   optional: the working folder, else /
    grace_s         float optional: between SIGTERM and SIGKILL, else 30
    entry_point     list  optional: in place of the image's ENTRYPOINT, before `command`
    memory_limit_mib int  optional: what it may use at most, where that is more than the
                          `memory_mib` set aside for it
    ulimits         list  optional: [name as in setrlimit(2), small; soft; hard]
    read_only_root  bool  optional
    inside          str   optional, a run_id: run in that one's container while it goes on (a
                          health check). It needs no room of its own
    items           list  optional, [number, more variables, log_stream] each: as many processes,
                          alike but for these, each run once there is room for it. One is known to
                          `cancel` and `on_started` as `run_id/number`
A mount whose source is None may be `shared` (a text): the same empty folder for all that say so.
More may be started than fit: they wait in the agent, in order, so that none of it ever idles.

Run report of a function:
    run_id, attempt
    status          ok | error (the function raised, timed out, exited, ran out of memory) |
                    throttled (concurrency or capacity) | lost (the agent died with it) |
                    failed (could not be started: our fault or the machine's)
    payload         bytes result JSON; for `error` AWS's error payload; for `failed` b""
    message         str   why, for throttled, lost and failed
    code            str   for failed, optional: AWS's error where it has one
                          (InvalidRuntimeException, InvalidZipFileException)
    cold            bool  an environment was started for it
    init_ms, duration_ms  float;  billed_ms, memory_used_mib  int
    log_stream      str   stream the invocation logged to
    log_tail        bytes last 4 KiB of its log (LogType=Tail)

Run report of a process:
    run_id, attempt, payload (b""), log_tail (b""), log_stream
    status          ok (exit code 0) | error (another exit code, out of time, out of memory) |
                    cancelled (`cancel` came before its end) | lost (with the agent, or what kept
                    it was killed) | failed (never began: image unknown, command not found, …)
    exit_code       int | None (never began); 128 + n when signal n ended it
    reason          str   '' or AWS's: "OutOfMemoryError: …", "Job attempt duration exceeded
                          timeout", "CannotPullContainerError: …", "CannotStartContainerError: …";
                          of `cancelled` the reason given. `message` is the same
    started_at, stopped_at  float | None   epoch seconds

Of a run with items several reports come, as they end. They carry run_id, attempt, and
    piece           int   1, 2, …: acknowledged one by one
    more            bool  some of the items go on; the last report has False
    ended           list of [number, status, exit_code, reason, started_at, stopped_at]
    status          ok | lost (with every item of which no report told)

Log record (delivered apart, acknowledged, never lost while agent or server live; without events it
makes the stream be there):
    account, region, group, stream, events: list of [timestamp_ms, text]
    frame           [instance, number] on the first record of a frame: what is not acknowledged
                    comes again under the same number
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Spec = dict[str, Any]
RunReport = dict[str, Any]


class Compute(Protocol):
    """What the engine needs of compute. Every method returns at once."""

    def invoke(
        self,
        spec: Spec,
        done: Callable[[RunReport], None],
        on_chunk: Callable[[bytes], None] | None = None,
    ) -> None:
        """Run a function for a caller who waits; `done` is called once, on the event loop.

        A `streaming` spec's response goes to `on_chunk` piece by piece, in order, before `done`;
        the report's `payload` is then empty unless the function failed. What a function says
        ahead of its body (Node's `awslambda.HttpResponseStream`) is part of the bytes as Lambda
        defines it: JSON, 8 NUL bytes, the body. A function that does not stream sends one piece.
        """

    def keep_warm(self, spec: Spec, count: int) -> None:
        """Keep so many environments of a function started; see above."""

    def start(self, spec: Spec) -> None:
        """Start a durable run. Deduplicated by (run_id, attempt); reported through the engine."""

    def cancel(self, run_id: str, reason: str) -> None:
        """Stop a run: SIGTERM, then SIGKILL. It reports as usual."""

    def acknowledge(self, report: RunReport) -> None:
        """This report of a durable run is committed: compute may forget it."""


def in_one_piece(
    done: Callable[[RunReport], None], on_chunk: Callable[[bytes], None]
) -> Callable[[RunReport], None]:
    """Of a function that does not stream: its whole response is one piece."""

    def ended(report: RunReport) -> None:
        if report["status"] == "ok":
            on_chunk(report["payload"])
            report = report | {"payload": b""}
        done(report)

    return ended
