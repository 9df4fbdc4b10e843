"""Start a batch, or look at one.

python pay.py batch.csv          start it (the same file again is the same execution)
python pay.py --show batch.csv   what became of it
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from aws import BUCKET, FUNCTION, client


def start(path: Path) -> None:
    data = path.read_bytes()
    client("s3").put_object(Bucket=BUCKET, Key=path.name, Body=data)
    answer = client("lambda").invoke(
        FunctionName=f"{FUNCTION}:$LATEST",
        InvocationType="Event",
        DurableExecutionName=f"{path.stem}-{hashlib.sha256(data).hexdigest()[:12]}",
        Payload=json.dumps({"bucket": BUCKET, "key": path.name}).encode(),
    )
    print(answer["DurableExecutionArn"])


def show(path: Path) -> None:
    name = f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
    functions = client("lambda")
    found = functions.list_durable_executions_by_function(
        FunctionName=FUNCTION, DurableExecutionName=name
    )["DurableExecutions"]
    for execution in found:
        shown = functions.get_durable_execution(
            DurableExecutionArn=execution["DurableExecutionArn"]
        )
        print(shown["Status"], shown.get("Result", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description="Start a batch, or look at one.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    (show if args.show else start)(args.file)


if __name__ == "__main__":
    main()
