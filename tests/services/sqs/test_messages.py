"""What messages may be, their MD5s, and batches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.errors import ServiceError
from owari.services.sqs.message_attributes import md5_of
from owari.services.sqs.receipts import Receipt, handle_of, receipt_of
from tests.services.sqs.driving import Queues

TEXT = {"DataType": "String", "StringValue": "attribValue 1"}
NUMBER = {"DataType": "Number.float", "StringValue": "4563442423554324324264524243.32543234"}
BYTES = {"DataType": "Binary", "BinaryValue": b"Hello binary world!"}


@pytest.mark.parametrize(
    ("attributes", "digest"),
    [  # as told by clients that check what AWS answers
        ({"attribName1": TEXT}, "19e27d4e946b072f3f58da80d94fd778"),
        ({"customNumberTypeAttrib": NUMBER}, "9fe1b90bbd9965bdf77bac517c7d2495"),
        ({"binaryAttribute": BYTES}, "31a92b15d92f8db860eda32aceb656c3"),
        (
            {"attribName1": TEXT, "customNumberTypeAttrib": NUMBER, "binaryAttribute": BYTES},
            "c932db14a896c663f83c260297d594ff",
        ),
    ],
)
def test_md5_of_attributes(attributes: dict[str, Any], digest: str) -> None:
    assert md5_of(attributes) == digest


def test_attributes_are_chosen_by_name_and_prefix(world: Queues) -> None:
    url = world.queue(VisibilityTimeout=0)
    attributes = {"a.x": TEXT, "a.y": NUMBER, "b": BYTES}
    sent = world.send(url, MessageAttributes=attributes)
    assert sent["MD5OfMessageAttributes"] == md5_of(attributes)
    for names, expected in (
        (["All"], attributes),
        ([".*"], attributes),
        (["a.*"], {"a.x": TEXT, "a.y": NUMBER}),
        (["b", "a.y", "none"], {"a.y": NUMBER, "b": BYTES}),
    ):
        (got,) = world.receive(url, MessageAttributeNames=names)
        assert got["MessageAttributes"] == expected
        assert got["MD5OfMessageAttributes"] == md5_of(expected)
    (got,) = world.receive(url)
    assert "MessageAttributes" not in got and "MD5OfMessageAttributes" not in got


@pytest.mark.parametrize(
    ("name", "attribute", "why"),
    [
        ("a b", TEXT, "can contain"),
        (".a", TEXT, "start or end"),
        ("a..b", TEXT, "succession"),
        ("aws.x", TEXT, "reserved"),
        ("a", {"DataType": "", "StringValue": "x"}, "non-empty message attribute type"),
        ("a", {"DataType": "Text", "StringValue": "x"}, "supported type prefixes"),
        (
            "a",
            {"DataType": "String", "StringValue": ""},
            "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
        ),
        ("a", {"DataType": "String", "BinaryValue": b"x"}, "non-empty value of type 'String'"),
        ("a", {"DataType": "Binary", "StringValue": "x"}, "non-empty value of type 'Binary'"),
        ("a", {"DataType": "Number", "StringValue": "x"}, "to a number"),
        ("a", {"DataType": "String", "StringValue": "\x01"}, "invalid characters"),
        ("a", {"DataType": "String", "StringListValues": ["x"]}, "not supported"),
    ],
)
def test_bad_attributes(world: Queues, name: str, attribute: dict[str, Any], why: str) -> None:
    code, message = world.refused(
        "SendMessage",
        QueueUrl=world.queue(),
        MessageBody="m",
        MessageAttributes={name: attribute},
    )
    assert code == "InvalidParameterValue" and why in message


def test_bodies_that_are_refused(world: Queues) -> None:
    url = world.queue(MaximumMessageSize=1024)
    world.send(url, "x" * 1024)
    world.send(url, "\t\n\r \ud7ff\ue000\ufffd\U0001f600")
    for body in ("\x00", "a\x0bb", "\ufffe", "\uffff"):
        code, _ = world.refused("SendMessage", QueueUrl=url, MessageBody=body)
        assert code == "InvalidMessageContents"
    assert world.refused("SendMessage", QueueUrl=url, MessageBody="")[0] == "MissingParameter"
    sent: dict[str, Any] = {"QueueUrl": url, "MessageBody": "x" * 1000}
    code, message = world.refused("SendMessage", **sent, MessageAttributes={"attribName1": TEXT})
    assert code == "InvalidParameterValue" and "shorter than 1024 bytes" in message
    large = world.queue("large")
    world.send(large, "é" * (512 * 1024))
    assert world.refused("SendMessage", QueueUrl=large, MessageBody="x" * 1048577)
    many = {f"a{n}": TEXT for n in range(11)}
    code, message = world.refused(
        "SendMessage", QueueUrl=large, MessageBody="m", MessageAttributes=many
    )
    assert "[11] exceeds the allowed maximum [10]" in message


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"MaxNumberOfMessages": 0}, "MaxNumberOfMessages"),
        ({"MaxNumberOfMessages": 11}, "MaxNumberOfMessages"),
        ({"WaitTimeSeconds": 21}, "WaitTimeSeconds"),
        ({"VisibilityTimeout": -1}, "VisibilityTimeout"),
    ],
)
def test_receives_that_are_refused(world: Queues, params: dict[str, int], parameter: str) -> None:
    code, message = world.refused("ReceiveMessage", QueueUrl=world.queue(), **params)
    assert code == "InvalidParameterValue" and f"for parameter {parameter} is invalid" in message


def test_unknown_names_of_attributes(world: Queues) -> None:
    url = world.queue()
    for operation, member in (
        ("GetQueueAttributes", "AttributeNames"),
        ("ReceiveMessage", "AttributeNames"),
        ("ReceiveMessage", "MessageSystemAttributeNames"),
    ):
        refusal = world.refused(operation, QueueUrl=url, **{member: ["Nonsense"]})
        assert refusal == ("InvalidAttributeName", "Unknown Attribute Nonsense.")


def test_batches(world: Queues) -> None:
    url = world.queue()
    entries = [
        {"Id": "good", "MessageBody": "1"},
        {"Id": "bad", "MessageBody": "\x00"},
        {"Id": "late", "MessageBody": "2", "DelaySeconds": 9999},
    ]
    answer = world.sqs("SendMessageBatch", url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    assert [(e["Id"], e["Code"], e["SenderFault"]) for e in answer["Failed"]] == [
        ("bad", "InvalidMessageContents", True),
        ("late", "InvalidParameterValue", True),
    ]
    (got,) = world.receive(url)
    handle = got["ReceiptHandle"]
    changed = world.sqs(
        "ChangeMessageVisibilityBatch",
        url,
        Entries=[
            {"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 60},
            {"Id": "b", "ReceiptHandle": "garbage", "VisibilityTimeout": 60},
        ],
    )
    assert changed["Successful"] == [{"Id": "a"}]
    assert changed["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    world.advance(31)
    assert world.receive(url) == []
    gone = world.sqs("DeleteMessageBatch", url, Entries=[{"Id": "a", "ReceiptHandle": handle}])
    assert gone == {"Successful": [{"Id": "a"}]}
    assert world.counts(url) == (0, 0, 0)


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([str(n) for n in range(11)], "TooManyEntriesInBatchRequest"),
        (["a", "a"], "BatchEntryIdsNotDistinct"),
        (["a b"], "InvalidBatchEntryId"),
        (["x" * 81], "InvalidBatchEntryId"),
    ],
)
def test_batches_that_are_refused_as_a_whole(world: Queues, ids: list[str], code: str) -> None:
    url = world.queue()
    for operation, member in (
        ("SendMessageBatch", {"MessageBody": "m"}),
        ("DeleteMessageBatch", {"ReceiptHandle": "h"}),
        ("ChangeMessageVisibilityBatch", {"ReceiptHandle": "h", "VisibilityTimeout": 1}),
    ):
        entries = [{"Id": id, **member} for id in ids]
        assert world.refused(operation, QueueUrl=url, Entries=entries)[0] == code
    assert world.counts(url) == (0, 0, 0)


def test_a_batch_that_is_too_long(world: Queues) -> None:
    url = world.queue()
    entries = [{"Id": str(n), "MessageBody": "x" * 600_000} for n in range(2)]
    code, message = world.refused("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert code == "BatchRequestTooLong" and "You have sent 1200000 bytes." in message


@given(st.text(max_size=60))
def test_any_text_as_a_receipt_handle(text: str) -> None:
    with pytest.raises(ServiceError, match="ReceiptHandleIsInvalid"):
        receipt_of(text, 7)


@given(st.integers(1, 1 << 40), st.integers(1, 1 << 60), st.integers(1, 1 << 20), st.uuids())
def test_receipt_handles_come_back(queue: int, seq: int, receives: int, id: object) -> None:
    receipt = Receipt(queue, seq, receives, str(id))
    assert receipt_of(handle_of(receipt), queue) == receipt
