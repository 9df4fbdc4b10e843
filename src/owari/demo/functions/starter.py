"""A video has arrived in the bucket: tell the topic, which tells everyone who is interested.

This is an ordinary Lambda function for S3 event notifications; nothing in it knows of Owari.
"""

import json
import os
import urllib.parse
from typing import Any

import boto3

sns = boto3.client("sns")


def handler(event: dict[str, Any], context: object) -> None:
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        message = {"bucket": bucket, "key": key}
        print(json.dumps({"arrived": message}))
        sns.publish(TopicArn=os.environ["TOPIC_ARN"], Message=json.dumps(message))
