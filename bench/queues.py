"""SQS: one send against the client's own floor, a drain by four clients, a queue through a
function."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Any

import orjson

from bench.report import Figure, at_least, ratio
from bench.setting import Setting, median, samples

CLIENTS = 4
MESSAGES = 8_000
BODY = "x" * 200
NOTHING = "def handler(event, context):\n    return None\n"


def send(s: Setting) -> list[Figure]:
    client, floor = s.client("sqs"), s.client("sqs", floor=True)
    url = client.create_queue(QueueName="send")["QueueUrl"]
    bare = samples(300, lambda: floor.send_message(QueueUrl=url, MessageBody=BODY))
    real = samples(300, lambda: client.send_message(QueueUrl=url, MessageBody=BODY))
    return [ratio("SQS send, p50", median(real), median(bare), 2.5)]


def _entries(first: int) -> list[dict[str, str]]:
    return [{"Id": str(first + n), "MessageBody": BODY} for n in range(10)]


def drain(s: Setting) -> list[Figure]:
    """By boto3, four of which are enough to keep a small machine busy with themselves, and by
    clients that cost next to nothing."""
    url = s.client("sqs").create_queue(QueueName="drain")["QueueUrl"]
    figures = []
    with ProcessPoolExecutor(CLIENTS, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_ready, [s] * CLIENTS))
        for name, act in (("sent", _fill), ("drained", _drain)):
            bare, real = (_rate(pool, act, s, url, floor) for floor in (True, False))
            figures.append(
                ratio(f"SQS 10 messages {name}, {CLIENTS} boto3 clients", 10 / real, 10 / bare, 2.5)
            )
    _fill(s, url, False, MESSAGES)
    rate = asyncio.run(_drain_raw(s.owari, url))
    return [
        *figures,
        at_least(
            f"SQS drained by {CLIENTS} raw clients, 10 at once", rate, 3_000, "messages per s"
        ),
    ]


def _rate(
    pool: ProcessPoolExecutor, act: Callable[..., int], s: Setting, url: str, floor: bool
) -> float:
    began = time.perf_counter()
    taken = sum(pool.map(act, [s] * CLIENTS, [url] * CLIENTS, [floor] * CLIENTS))
    assert taken == MESSAGES, f"{taken} messages"
    return MESSAGES / (time.perf_counter() - began)


@cache
def _client(s: Setting, floor: bool) -> Any:
    return s.client("sqs", floor=floor)


def _ready(s: Setting) -> None:
    """Have the process and its clients there before the clock runs."""
    for floor in (True, False):
        _client(s, floor).list_queues()
    time.sleep(0.2)  # so that each process takes one of these


def _fill(s: Setting, url: str, floor: bool, count: int = MESSAGES // CLIENTS) -> int:
    client = _client(s, floor)
    for first in range(0, count, 10):
        client.send_message_batch(QueueUrl=url, Entries=_entries(first))
    return count


def _drain(s: Setting, url: str, floor: bool) -> int:
    """Until it is empty; what does nothing never is."""
    client = _client(s, floor)
    taken = 0
    while not floor or taken < MESSAGES // CLIENTS:
        found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages")
        if not found:
            break
        entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(found)]
        client.delete_message_batch(QueueUrl=url, Entries=entries)
        taken += len(found)
    return taken


async def _drain_raw(endpoint: str, url: str) -> float:
    host, port = endpoint.removeprefix("http://").split(":")

    async def one() -> int:
        reader, writer = await asyncio.open_connection(host, int(port))
        taken = 0
        while True:
            writer.write(_request("ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 10}))
            found = (await _answer(reader)).get("Messages")
            if not found:
                break
            entries = [
                {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(found)
            ]
            writer.write(_request("DeleteMessageBatch", {"QueueUrl": url, "Entries": entries}))
            await _answer(reader)
            taken += len(found)
        writer.close()
        return taken

    began = time.perf_counter()
    taken = sum(await asyncio.gather(*(one() for _ in range(CLIENTS))))
    assert taken == MESSAGES, f"{taken} messages"
    return MESSAGES / (time.perf_counter() - began)


def _request(operation: str, params: dict[str, Any]) -> bytes:
    body = orjson.dumps(params)
    head = (
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"X-Amz-Target: AmazonSQS.{operation}\r\nContent-Length: {len(body)}\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/sqs/aws4_request,"
        " SignedHeaders=host, Signature=0\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> Any:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    at = head.lower().index(b"content-length: ")
    return orjson.loads(await reader.readexactly(int(head[at + 16 :].split(b"\r\n", 1)[0])))


def through_a_function(s: Setting) -> list[Figure]:
    sqs, functions = s.client("sqs"), s.client("lambda")
    url = sqs.create_queue(QueueName="mapped", Attributes={"VisibilityTimeout": "120"})["QueueUrl"]
    asked = {"QueueUrl": url, "AttributeNames": ["All"]}
    arn = sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    s.function("nothing", NOTHING)
    functions.invoke(FunctionName="nothing", Payload=b"{}")
    _fill(s, url, False, MESSAGES)
    began = time.perf_counter()
    functions.create_event_source_mapping(FunctionName="nothing", EventSourceArn=arn, BatchSize=10)
    while _left(sqs.get_queue_attributes(**asked)["Attributes"]):
        time.sleep(0.05)
    rate = MESSAGES / (time.perf_counter() - began)
    return [at_least("SQS -> Lambda, batches of 10", rate, 1_500, "messages per s")]


def _left(attributes: dict[str, Any]) -> int:
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(int(attributes[name]) for name in names)
