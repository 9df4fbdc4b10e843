"""Our event streams, read by botocore's own decoder."""

from __future__ import annotations

from typing import Any

from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from owari.wire import eventstream
from owari.wire.model import load


def read(data: bytes) -> list[Any]:
    buffer = EventStreamBuffer()
    for at in range(0, len(data), 7):  # however it is cut
        buffer.add_data(data[at : at + 7])
    return list(buffer)


@given(st.dictionaries(st.from_regex(r":?[a-z-]{1,20}", fullmatch=True), st.text()), st.binary())
def test_messages(headers: dict[str, str], payload: bytes) -> None:
    (found,) = read(eventstream.message(headers, payload))
    assert (found.headers, found.payload) == (headers, payload)


def test_events_of_a_streamed_invocation() -> None:
    model = load("lambda")
    operation = model.operation("InvokeWithResponseStream") if model else None
    assert operation is not None and operation.output is not None
    shape = operation.output.members["EventStream"]
    sent = [{"PayloadChunk": {"Payload": b"\0a"}}, {"InvokeComplete": {"ErrorCode": "E"}}]
    chunk, end = read(b"".join(eventstream.event(shape, value) for value in sent))
    assert (chunk.headers[":event-type"], chunk.payload) == ("PayloadChunk", b"\0a")
    assert chunk.headers[":content-type"] == "application/octet-stream"
    assert (end.headers[":message-type"], end.payload) == ("event", b'{"ErrorCode":"E"}')
