"""The job: count the words of one file and leave the result beside it.

count.py BUCKET KEY
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter

import boto3


def main(bucket: str, key: str) -> None:
    s3 = boto3.client("s3")
    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    words = Counter(re.findall(r"\w+", text.lower()))
    result = {
        "file": key,
        "words": words.total(),
        "different": len(words),
        "most": words.most_common(3),
        "job": os.environ["AWS_BATCH_JOB_ID"],
    }
    s3.put_object(
        Bucket=bucket, Key=key.replace("in/", "out/", 1) + ".json", Body=json.dumps(result).encode()
    )
    print(f"{key}: {words.total()} words")


if __name__ == "__main__":
    main(*sys.argv[1:])
