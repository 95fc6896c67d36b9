"""The AsyncAPI document."""

import json
import re

from lab_agents.messages.asyncapi import asyncapi_document
from lab_agents.messages.entry import KINDS
from lab_agents.messages.topics import TABLE


def test_every_reference_leads_somewhere():
    document = asyncapi_document()
    for reference in re.findall(r'"#/([^"]+)"', json.dumps(document)):
        found = document
        for word in reference.split("/"):
            found = found[word]


def test_there_is_a_channel_for_each_topic_and_a_message_for_each_kind():
    document = asyncapi_document()
    assert set(document["channels"]) == {rule.name for rule in TABLE}
    assert set(KINDS) <= set(document["components"]["messages"])


def test_units_reach_the_schema():
    text = json.dumps(asyncapi_document())
    assert '"unit": "s"' in text


def test_the_document_is_the_same_each_time():
    assert json.dumps(asyncapi_document()) == json.dumps(asyncapi_document())
