"""A distributed Map's ResultWriter: the children's results as files in a bucket, and a manifest.

AWS: "ResultWriter (Map)". Without a bucket (WriterConfig alone) the transformed outputs are the
state's result.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from owari.errors import ServiceError
from owari.services.stepfunctions import map_runs
from owari.services.stepfunctions.asl.instructions import WriteResults
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.asl.reports import ResultsUnwritable, ResultsWritten
from owari.services.stepfunctions.core import machine_arn, redrive_status
from owari.services.stepfunctions.running import Running
from owari.store.tx import Row, Tx
from owari.wire.sdk_input import ParameterError, pascal

Json = dict[str, Any]
FILE_MAX_BYTES = 64 * 1024 * 1024
GROUPS = {
    "SUCCEEDED": ("SUCCEEDED",),
    "FAILED": ("FAILED", "TIMED_OUT", "ABORTED"),
    "PENDING": ("PENDING",),
}


def write_results(tx: Tx, r: Running, write: WriteResults) -> ResultsWritten | ResultsUnwritable:
    config = write.writer.get("WriterConfig") or {}
    given = write.writer.get("Parameters") or write.writer.get("Arguments")
    run = map_runs.by_arn(tx, write.run_arn)
    assert run is not None, "a map run without its row"
    rows = tx.all(
        "SELECT * FROM sfn_execution WHERE map_run = ? ORDER BY map_index, id",
        run["id"],
    )
    if not given:
        return ResultsWritten(write.frame, write.run_arn, _inline(rows, config))
    try:
        place = _write(tx, run, rows, given, config)
    except (ServiceError, ParameterError, KeyError) as error:
        message = error.message if isinstance(error, ServiceError) else str(error)
        return ResultsUnwritable(write.frame, write.run_arn, message)
    output = {"MapRunArn": write.run_arn, "ResultWriterDetails": place}
    return ResultsWritten(write.frame, write.run_arn, dumps(output))


def _inline(rows: list[Row], config: Json) -> str:
    good = [row for row in rows if row["status"] == "SUCCEEDED"]
    return dumps(_flat(good) if config.get("Transformation") == "FLATTEN" else _outputs(good))


def _outputs(rows: list[Row]) -> list[Any]:
    return [loads(row["output"]) for row in rows]


def _flat(rows: list[Row]) -> list[Any]:
    """Outputs that are arrays become part of the result's."""
    made: list[Any] = []
    for value in _outputs(rows):
        made += value if isinstance(value, list) else [value]
    return made


def _write(tx: Tx, run: Row, rows: list[Row], given: Json, config: Json) -> Json:
    bucket, prefix = given["Bucket"], str(given.get("Prefix") or "").strip("/")
    folder = (
        f"{prefix}/{run['arn'].rpartition(':')[2]}" if prefix else run["arn"].rpartition(":")[2]
    )
    files: dict[str, list[Json]] = {}
    for name, statuses in GROUPS.items():
        own = [row for row in rows if row["status"] in statuses]
        files[name] = _write_group(tx, bucket, f"{folder}/{name}", own, config)
    manifest = {"DestinationBucket": bucket, "MapRunArn": run["arn"], "ResultFiles": files}
    key = f"{folder}/manifest.json"
    _put(tx, bucket, key, dumps(manifest).encode())
    return {"Bucket": bucket, "Key": key}


def _write_group(tx: Tx, bucket: str, stem: str, rows: list[Row], config: Json) -> list[Json]:
    """Files of a bounded size. A group without results has none."""
    lines = config.get("OutputType") == "JSONL"
    written: list[Json] = []
    held: list[str] = []
    size = 0
    texts = [dumps(entry) for entry in _entries(tx, rows, config, stem.endswith("/SUCCEEDED"))]
    for at, text in enumerate(texts):
        held.append(text)
        size += len(text)
        if size >= FILE_MAX_BYTES or at == len(texts) - 1:
            key = f"{stem}_{len(written)}.{'jsonl' if lines else 'json'}"
            data = ("\n".join(held) if lines else f"[{','.join(held)}]").encode()
            _put(tx, bucket, key, data)
            written.append({"Key": key, "Size": len(data)})
            held, size = [], 0
    return written


def _entries(tx: Tx, rows: list[Row], config: Json, succeeded: bool) -> list[Any]:
    match config.get("Transformation", "NONE"):
        case "COMPACT" if succeeded:
            return _outputs(rows)
        case "FLATTEN" if succeeded:
            return _flat(rows)
        case _:
            return [_entry(tx, row) for row in rows]


def _entry(tx: Tx, row: Row) -> Json:
    """A child as DescribeExecution has it, in PascalCase."""
    told = redrive_status("STANDARD", row["status"], row["stopped"], tx.now)
    if row["status"] != "SUCCEEDED":
        told = {"redriveStatus": "REDRIVABLE_BY_MAP_RUN"}
    made: Json = {
        "ExecutionArn": row["arn"],
        "Input": row["input"],
        "InputDetails": {"Included": True},
        "Name": row["name"],
        "RedriveCount": row["redrive_count"],
        **{pascal(key): value for key, value in told.items()},
        "StartDate": _iso(row["started"]),
        "StateMachineArn": machine_arn(tx.region, tx.account, row["machine"]),
        "Status": row["status"],
        "StopDate": _iso(row["stopped"]),
    }
    if row["output"] is not None:
        made |= {"Output": row["output"], "OutputDetails": {"Included": True}}
    made |= {key.capitalize(): row[key] for key in ("error", "cause") if row[key] is not None}
    return dict(sorted(made.items()))


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _put(tx: Tx, bucket: str, key: str, data: bytes) -> None:
    tx.call(
        "s3",
        "PutObject",
        {"Bucket": bucket, "Key": key, "Body": data, "ContentType": "application/json"},
    )
