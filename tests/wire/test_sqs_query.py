"""SQS in its older protocol, by the examples of its API reference."""

from __future__ import annotations

from owari.errors import ServiceError
from owari.wire.message import Request
from owari.wire.xml import Node, parse
from tests.wire import oracle
from tests.wire.client import Server, settings

QUEUE = "http://localhost:4566/123456789012/MyQueue"


def ask(query: str, result: object = None) -> tuple[Server, Node]:
    server = Server(settings(), result=result)  # type: ignore[arg-type]
    headers = {
        "host": "localhost:4566",
        "authorization": oracle.authorization("sqs"),
        "content-type": "application/x-www-form-urlencoded",
    }
    body = f"{query}&Version=2012-11-05&QueueUrl={QUEUE}".encode()
    response = server.respond(Request("POST", "/123456789012/MyQueue", "", headers), body)
    return server, parse(bytes(response.body))  # type: ignore[arg-type]


def texts(node: Node) -> object:
    return {c.tag: texts(c) for c in node.children} if node.children else node.text


def test_send_with_attributes() -> None:
    server, answer = ask(
        "Action=SendMessage&MessageBody=hi&MessageAttribute.1.Name=a"
        "&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=x",
        {"MessageId": "m", "MD5OfMessageBody": "d"},
    )
    assert server.calls[0].params == {
        "QueueUrl": QUEUE,
        "MessageBody": "hi",
        "MessageAttributes": {"a": {"DataType": "String", "StringValue": "x"}},
    }
    result = answer.child("SendMessageResult")
    assert result is not None
    assert texts(result) == {"MessageId": "m", "MD5OfMessageBody": "d"}


def test_the_path_names_the_queue_alone() -> None:
    for method, query, body in (
        ("POST", "", b"Action=SendMessage&MessageBody=hi&Version=2012-11-05"),
        ("GET", "Action=SendMessage&MessageBody=hi&Version=2012-11-05", b""),
    ):
        server = Server(settings(), result={"MessageId": "m"})
        headers = {"host": "localhost:4566", "authorization": oracle.authorization("sqs")}
        if body:
            headers["content-type"] = "application/x-www-form-urlencoded"
        server.respond(Request(method, "/123456789012/MyQueue", query, headers), body)
        assert server.calls[0].params == {"QueueUrl": QUEUE, "MessageBody": "hi"}


def test_receive() -> None:
    message = {
        "MessageId": "m",
        "Body": "b",
        "Attributes": {"SenderId": "s"},
        "MessageAttributes": {"a": {"DataType": "String", "StringValue": "x"}},
    }
    server, answer = ask(
        "Action=ReceiveMessage&AttributeName.1=All&MaxNumberOfMessages=3", {"Messages": [message]}
    )
    assert server.calls[0].params["AttributeNames"] == ["All"]
    assert server.calls[0].params["MaxNumberOfMessages"] == 3
    result = answer.child("ReceiveMessageResult")
    assert result is not None
    assert texts(result.children[0]) == {
        "MessageId": "m",
        "Body": "b",
        "Attribute": {"Name": "SenderId", "Value": "s"},
        "MessageAttribute": {"Name": "a", "Value": {"DataType": "String", "StringValue": "x"}},
    }


def test_batches_and_attributes() -> None:
    server, _ = ask(
        "Action=SendMessageBatch&SendMessageBatchRequestEntry.1.Id=a"
        "&SendMessageBatchRequestEntry.1.MessageBody=x&SendMessageBatchRequestEntry.2.Id=b"
        "&SendMessageBatchRequestEntry.2.MessageBody=y",
        {},
    )
    entries = server.calls[0].params["Entries"]
    assert entries == [{"Id": "a", "MessageBody": "x"}, {"Id": "b", "MessageBody": "y"}]
    server, _ = ask(
        "Action=CreateQueue&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5"
        "&Tag.1.Key=k&Tag.1.Value=v",
        {},
    )
    assert server.calls[0].params["Attributes"] == {"DelaySeconds": "5"}
    assert server.calls[0].params["tags"] == {"k": "v"}


def test_errors() -> None:
    error = ServiceError("QueueDoesNotExist", "The specified queue does not exist.")
    _, answer = ask("Action=ReceiveMessage", error)
    found = answer.child("Error")
    assert found is not None
    code = found.child("Code")
    assert code is not None and code.text == "AWS.SimpleQueueService.NonExistentQueue"


def test_an_error_says_its_message_once() -> None:
    error = ServiceError("InvalidAttributeName", "Unknown Attribute x.")
    _, answer = ask("Action=GetQueueAttributes", error)
    found = answer.child("Error")
    assert found is not None
    assert [(child.tag, child.text) for child in found.children] == [
        ("Type", "Sender"),
        ("Code", "InvalidAttributeName"),
        ("Message", "Unknown Attribute x."),
    ]


def test_the_older_code_travels_with_the_newer_error() -> None:
    server = Server(settings(), result=ServiceError("QueueDoesNotExist", "no"))
    client = server.client("sqs")
    try:
        client.receive_message(QueueUrl=QUEUE)
    except client.exceptions.QueueDoesNotExist as error:
        assert error.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    else:
        raise AssertionError("not raised")
