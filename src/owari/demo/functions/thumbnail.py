"""A video was announced: put a still picture of it into the bucket.

An ordinary Lambda function for SNS. Its environment: FFMPEG (path).
"""

import json
import os
import pathlib
import subprocess
import tempfile
from typing import Any

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: object) -> None:
    for record in event["Records"]:
        message = json.loads(record["Sns"]["Message"])
        with tempfile.TemporaryDirectory() as folder:
            picture(message["bucket"], message["key"], pathlib.Path(folder))


def picture(bucket: str, key: str, folder: pathlib.Path) -> None:
    source, target = folder / "input", folder / "thumbnail.jpg"
    s3.download_file(bucket, key, str(source))
    command = [
        os.environ["FFMPEG"], "-nostdin", "-hide_banner", "-loglevel", "error",
        "-i", str(source),
        # the most typical of the first hundred frames
        "-vf", "thumbnail,scale=640:-2", "-frames:v", "1", "-q:v", "3", str(target),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    title = pathlib.PurePosixPath(key).stem
    s3.upload_file(
        str(target),
        bucket,
        f"outputs/{title}/{target.name}",
        ExtraArgs={"ContentType": "image/jpeg"},
    )
