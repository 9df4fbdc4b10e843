"""SQS as it was before JSON: what its model no longer says of the query protocol.

SDKs of before November 2023 still speak it, and every SQS error still carries its code in the
`x-amzn-query-error` header. Source: the SQS API reference (2012-11-05), query examples.
"""

from __future__ import annotations

from owari.wire.qs import Pairs

XML_NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"

_PREFIX = "AWS.SimpleQueueService."

# Error codes where they differ from the shape's name.
ERROR_CODES = {
    **{
        name: _PREFIX + name
        for name in (
            "BatchEntryIdsNotDistinct",
            "BatchRequestTooLong",
            "EmptyBatchRequest",
            "InvalidBatchEntryId",
            "MessageNotInflight",
            "PurgeQueueInProgress",
            "QueueDeletedRecently",
            "TooManyEntriesInBatchRequest",
            "UnsupportedOperation",
        )
    },
    "QueueDoesNotExist": _PREFIX + "NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "RequestThrottled": "RequestThrottled",
}

# Names that flattened members have on the wire: list and map members by their shape's name.
ELEMENTS = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageBodyAttributeMap": "MessageAttribute",
    "MessageBodySystemAttributeMap": "MessageSystemAttribute",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "MessageSystemAttributeMap": "Attribute",
    "QueueAttributeMap": "Attribute",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
    "TagMap": "Tag",
}

# Key and value elements of those maps.
ENTRIES = {
    "MessageBodyAttributeMap": ("Name", "Value"),
    "MessageBodySystemAttributeMap": ("Name", "Value"),
    "MessageSystemAttributeMap": ("Name", "Value"),
    "QueueAttributeMap": ("Name", "Value"),
    "TagMap": ("Key", "Value"),
}


def with_queue(query: Pairs, host: str, path: str) -> Pairs:
    """A request may name its queue by being sent to the queue's URL alone.

    Source: SQS Developer Guide, "Making Query API requests in Amazon SQS", "Constructing an
    endpoint".
    """
    if path.strip("/") == "" or any(name == "QueueUrl" for name, _ in query):
        return query
    return [*query, ("QueueUrl", f"http://{host}{path}")]
