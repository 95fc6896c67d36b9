"""The table of topics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.bus.filters import check_filter, check_publish
from lab_agents.messages import frames
from lab_agents.messages.topics import EVERYBODY, TABLE, Topics

names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
rules = st.sampled_from(TABLE)


@given(lab=names, rule=rules, part=st.one_of(names, st.uuids().map(lambda uuid: f"once-{uuid}")))
def test_parsing_undoes_building(lab, rule, part):
    parts = {} if rule.place is None else {rule.place: part}
    topic = Topics(lab).build(rule.name, **parts)
    check_publish(topic, b"")
    assert Topics(lab).parse(topic) == (rule.name, parts)


@given(lab=names, rule=rules)
def test_a_part_may_be_a_wildcard_in_a_filter(lab, rule):
    check_filter(Topics(lab).build(rule.name, **({} if rule.place is None else {rule.place: "+"})))


@pytest.mark.parametrize(
    "topic", ["", "lab", "lab/other/log", "lab/here", "lab/here/logs", "lab/here/log/x", "lab/here/agents/a/telemetry"]
)
def test_a_foreign_topic_is_none_of_ours(topic):
    assert Topics("here").parse(topic) is None


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.name)
def test_each_payload_is_a_frame_or_a_record(rule):
    assert rule.payload == "Frame" or issubclass(getattr(frames, rule.payload), frames.Record)


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.name)
def test_each_row_has_somebody_at_both_ends(rule):
    assert rule.writers
    assert set(rule.writers) | set(rule.readers) <= set(EVERYBODY)


def test_only_states_are_retained_and_never_entries():
    assert {rule.name for rule in TABLE if rule.retained} == {"head", "agent_status", "guard_status", "clock", "stop"}


def test_names_and_templates_stand_once():
    assert len({rule.name for rule in TABLE}) == len({rule.template for rule in TABLE}) == len(TABLE)
