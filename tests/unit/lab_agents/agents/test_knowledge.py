"""What a campaign has learned."""

from lab_agents.agents.knowledge import Knowledge, fill_in, follow_knowledge
from lab_agents.messages.course import ObservationRetracted
from lab_agents.records.observation import Unread
from lab_agents.records.questions import TrainArguments
from tests.model_lab import plan
from tests.story import sample
from tests.unit.lab_agents.agents.test_training import concluded, observation

UNREAD = Unread(sample="opv-0001", measurement="m1", property="gap", reason="no edge", made=sample(1).sample.made)


def follow(*bodies) -> Knowledge:
    """What is known after these entries."""
    known = Knowledge()
    for body in bodies:
        known = follow_knowledge(known, body)
    return known


def test_what_is_known_does_not_depend_on_the_order_of_arrival():
    assert follow(observation(2), observation(1)).in_order == follow(observation(1), observation(2)).in_order


def test_the_last_word_on_a_property_counts():
    again = observation(1)
    again = again.model_copy(update={"observation": again.observation.model_copy(update={"value": 7.0})})
    assert [o.value for o in follow(observation(1), again).in_order] == [7.0]


def test_a_retraction_takes_back_all_that_its_measurement_gave():
    known = follow(observation(1), concluded(1, unread=(UNREAD,)), observation(2))
    assert (known.has_observed("opv-0001"), known.unread_in_order) == (True, (UNREAD,))
    left = follow_knowledge(known, ObservationRetracted(sample="opv-0001", measurement="m1", reason="r"))
    assert ([o.sample for o in left.in_order], left.unread_in_order) == (["opv-0002"], ())


def test_a_question_with_filled_in_lists_is_the_question_with_the_records_themselves():
    known = follow(observation(2), concluded(1, unread=(UNREAD,)), observation(1))
    target, space, planner = plan().target, plan().space, plan().planner
    question = TrainArguments(
        target=target,
        space=space,
        planner=planner,
        observations=known.in_order,
        unread=known.unread_in_order,
        seed=3,
    )
    empty = question.model_copy(update={"observations": (), "unread": ()})
    assert fill_in(empty, known.lists()) == question.model_dump_json()
