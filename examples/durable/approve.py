"""python approve.py               list what waits
python approve.py FILE yes|no   decide"""

from __future__ import annotations

import json
import sys
from typing import Any

from aws import BUCKET, client


def waiting() -> dict[str, dict[str, Any]]:
    s3, found = client("s3"), {}
    for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix="waiting/").get("Contents", []):
        asked = json.loads(s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read())
        found[asked["key"]] = asked
    return found


def main() -> int:
    asked = waiting()
    if len(sys.argv) != 3:
        for one in asked.values():
            print(f"{one['key']}: {one['total']} to {one['people']} people")
        return 0
    key, answer = sys.argv[1:]
    if key not in asked or answer not in ("yes", "no"):
        print(__doc__, file=sys.stderr)
        return 1
    client("lambda").send_durable_execution_callback_success(
        CallbackId=asked[key]["callback"], Result=answer.encode()
    )
    client("s3").delete_object(Bucket=BUCKET, Key=f"waiting/{key}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
