"""Decide what waits for a decision.

python approve.py                       list what waits
python approve.py NAME yes|no [--why WHY]
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from typing import Any

from aws import bucket, client


def waiting() -> list[dict[str, Any]]:
    """The requests that ask.py has left, each with its task token."""
    s3, found = client("s3"), []
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket(), Prefix="waiting/")
    for entry in (entry for page in pages for entry in page.get("Contents", [])):
        found.append(json.loads(s3.get_object(Bucket=bucket(), Key=entry["Key"])["Body"].read()))
    return found


def decide(request: dict[str, Any], agreed: bool, why: str) -> None:
    """The execution goes on, or fails with the error Refused; it waits no more."""
    states = client("stepfunctions")
    if agreed:
        output = {"approved_by": getpass.getuser(), "why": why}
        states.send_task_success(taskToken=request["token"], output=json.dumps(output))
    else:
        states.send_task_failure(taskToken=request["token"], error="Refused", cause=why)
    client("s3").delete_object(Bucket=bucket(), Key=f"waiting/{request['name']}.json")


def main() -> int:
    parser = argparse.ArgumentParser(description="Decide what waits for a decision.")
    parser.add_argument("name", nargs="?", help="the execution's")
    parser.add_argument("answer", nargs="?", choices=["yes", "no"])
    parser.add_argument("--why", default="")
    args = parser.parse_args()
    requests = {request["name"]: request for request in waiting()}
    if args.name is None or args.answer is None:
        for name, request in requests.items():
            print(f"{name}  {json.dumps(request['expense'])}")
        return 0
    if args.name not in requests:
        print(f"{args.name} does not wait for a decision", file=sys.stderr)
        return 1
    decide(requests[args.name], args.answer == "yes", args.why)
    return 0


if __name__ == "__main__":
    sys.exit(main())
