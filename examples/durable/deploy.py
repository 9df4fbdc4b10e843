"""Create bucket and function; the SDK goes into the function's package.

pip install aws-durable-execution-sdk-python
python deploy.py
"""

from __future__ import annotations

import importlib.util
import io
import sys
import zipfile
from pathlib import Path

from aws import BUCKET, FUNCTION, client

SDK = "aws_durable_execution_sdk_python"
WEEKS_2_S = 14 * 86_400


def package() -> bytes:
    found = importlib.util.find_spec(SDK)
    if found is None or found.origin is None:
        sys.exit("first: pip install aws-durable-execution-sdk-python")
    folder, buffer = Path(found.origin).parent, io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(Path(__file__).parent / "payouts.py", "payouts.py")
        for path in sorted(folder.rglob("*.py")):
            archive.write(path, f"{SDK}/{path.relative_to(folder)}")
    return buffer.getvalue()


def main() -> None:
    client("s3").create_bucket(Bucket=BUCKET)
    client("lambda").create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/payouts",
        Handler="payouts.handler",
        Timeout=60,
        MemorySize=256,
        Code={"ZipFile": package()},
        DurableConfig={"ExecutionTimeout": WEEKS_2_S, "RetentionPeriodInDays": 30},
    )
    print(f"{FUNCTION} and s3://{BUCKET} are there")


if __name__ == "__main__":
    main()
