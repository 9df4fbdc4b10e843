"""A real web endpoint: confirmed, notified and unsubscribed through boto3 and plain links."""

from __future__ import annotations

import json
import queue
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import PATIENCE_S, Server

pytestmark = pytest.mark.acceptance


class Endpoint:
    """Listens on `url`; `next()` waits for a POST: its headers and its body."""

    def __init__(self) -> None:
        posts: queue.Queue[tuple[dict[str, str], dict[str, Any]]] = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posts.put((dict(self.headers), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.posts = posts
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/inbox"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def next(self) -> tuple[dict[str, str], dict[str, Any]]:
        return self.posts.get(timeout=PATIENCE_S)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.close()


def follow(link: str) -> str:
    with urllib.request.urlopen(link, timeout=PATIENCE_S) as answer:
        return str(answer.read().decode())


def test_a_web_endpoint_from_subscription_to_farewell(tmp_path: Path, endpoint: Endpoint) -> None:
    with Server(tmp_path / "owari") as server:
        sns = server.client("sns")
        topic = sns.create_topic(Name="films")["TopicArn"]
        asked = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
        assert asked["SubscriptionArn"] == "pending confirmation"
        headers, body = endpoint.next()
        assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
        assert f"<SubscriptionArn>{topic}:" in follow(body["SubscribeURL"])

        attributes = {"n": {"DataType": "Number", "StringValue": "1.5"}}
        published = sns.publish(TopicArn=topic, Message="né", MessageAttributes=attributes)
        headers, body = endpoint.next()
        assert headers["x-amz-sns-message-id"] == body["MessageId"] == published["MessageId"]
        assert body["Message"] == "né"
        assert body["MessageAttributes"] == {"n": {"Type": "Number", "Value": "1.5"}}

        follow(body["UnsubscribeURL"])
        headers, body = endpoint.next()
        assert headers["x-amz-sns-message-type"] == "UnsubscribeConfirmation"
        assert sns.list_subscriptions()["Subscriptions"] == []
        follow(body["SubscribeURL"])
        assert len(sns.list_subscriptions()["Subscriptions"]) == 1
