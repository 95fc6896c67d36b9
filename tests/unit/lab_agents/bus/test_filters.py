"""Topic filters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from lab_agents.bus.filters import check_filter, check_publish, is_match
from lab_agents.bus.protocol import MAX_PAYLOAD

words = st.sampled_from(["a", "b", "log"])
topics = st.lists(words, min_size=1, max_size=4).map("/".join)
filters = st.builds(
    lambda levels, rest: "/".join([*levels, *rest]),
    st.lists(st.one_of(words, st.just("+")), min_size=1, max_size=4),
    st.sampled_from([[], ["#"]]),
)


@given(topic_filter=filters, topic=topics)
def test_filters_mean_what_an_mqtt_client_library_says(topic_filter, topic):
    assert is_match(topic_filter, topic) == topic_matches_sub(topic_filter, topic)


@given(topic_filter=filters)
def test_well_formed_filters_pass(topic_filter):
    check_filter(topic_filter)


@pytest.mark.parametrize("wrong", ["", "a b", "a/b#", "#/a", "a+/b"])
def test_a_malformed_filter_is_refused(wrong):
    with pytest.raises(ValueError, match="topic filter"):
        check_filter(wrong)


def test_what_may_be_published_ends_at_the_limit():
    check_publish("a/b", bytes(MAX_PAYLOAD))
    with pytest.raises(ValueError, match=r"524289 bytes on a/b"):
        check_publish("a/b", bytes(MAX_PAYLOAD + 1))
