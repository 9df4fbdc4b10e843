"""Topics: created, described, changed, deleted."""

from __future__ import annotations

from dataclasses import replace

from owari.errors import ServiceError
from owari.services.sns import rows
from owari.services.sns.core import Topic, TopicKey, check_topic_name, topic_key
from owari.services.sns.faults import invalid
from owari.services.sns.paging import place_of, token_for
from owari.services.sns.tagging import check_count, tags_from
from owari.services.sns.topic_attributes import check_attribute, check_new, described, normal
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("sns", "CreateTopic")
def create_topic(tx: Tx, p: Params) -> Result:
    attributes: dict[str, str] = p.get("Attributes") or {}
    check_topic_name(p["Name"], attributes.get("FifoTopic") == "true")
    check_new(attributes)
    tags = tags_from(p.get("Tags") or [])
    check_count(tags)
    if p.get("DataProtectionPolicy"):
        raise ServiceError(
            "NotImplemented", "Owari does not implement data protection policies.", status=501
        )
    key = TopicKey(tx.account, tx.region, p["Name"])
    existing = rows.find_topic(tx, key)
    if existing is not None:
        _check_same(tx, existing, attributes, tags)
    else:
        kept = normal(attributes)
        rows.insert_topic(tx, Topic(key, kept, kept.pop("Policy", None)))
        tx.resources.created(key.arn, "AWS::SNS::Topic", tags)
    return {"TopicArn": key.arn}


def _check_same(tx: Tx, topic: Topic, attributes: dict[str, str], tags: dict[str, str]) -> None:
    """Creating again answers the same topic, unless it is asked to be another."""
    shown = {"FifoTopic": "false"} | described(topic, 0, 0, 0)
    if any(shown.get(name, "") != value for name, value in attributes.items()):
        raise invalid("Attributes Reason: Topic already exists with different attributes")
    if tags and tags != tx.resources.tags(topic.arn):
        raise invalid("Tags Reason: Topic already exists with different tags")


@operation("sns", "DeleteTopic")
def delete_topic(tx: Tx, p: Params) -> Result:
    """Deletes its subscriptions as well; deleting what does not exist succeeds."""
    key = topic_key(p["TopicArn"])
    for subscription in rows.all_of_topic(tx, key):
        tx.resources.deleted(subscription.arn)
    rows.delete_topic(tx, key)
    tx.resources.deleted(key.arn)
    return None


@operation("sns", "ListTopics", reads=True)
def list_topics(tx: Tx, p: Params) -> Result:
    names = rows.topic_names(tx, *place_of(p.get("NextToken"), 1))
    page = names[: rows.PAGE]
    answer: dict[str, object] = {
        "Topics": [{"TopicArn": TopicKey(tx.account, tx.region, name).arn} for name in page]
    }
    if len(names) > rows.PAGE:
        answer["NextToken"] = token_for([page[-1]])
    return answer


@operation("sns", "GetTopicAttributes", reads=True)
def get_topic_attributes(tx: Tx, p: Params) -> Result:
    topic = rows.topic_of(tx, p["TopicArn"])
    counts = rows.subscription_counts(tx, topic.key)
    shown = described(
        topic, counts.get("pending", 0), counts.get("confirmed", 0), counts.get("deleted", 0)
    )
    return {"Attributes": shown}


@operation("sns", "SetTopicAttributes")
def set_topic_attributes(tx: Tx, p: Params) -> Result:
    topic = rows.topic_of(tx, p["TopicArn"])
    name, value = p["AttributeName"], p.get("AttributeValue") or ""
    check_attribute(name, value, topic.fifo)
    if name == "Policy":
        rows.update_topic(tx, replace(topic, policy=value or None))
    else:
        rows.update_topic(tx, replace(topic, attributes=normal(topic.attributes | {name: value})))
    return None
