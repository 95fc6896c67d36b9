"""Which journal may go on with which log."""

import pytest

from lab_agents.agents.birth import check_log, is_lost
from lab_agents.errors import ForeignLogError
from lab_agents.journal import Saved
from lab_agents.messages.frames import Answer

BORN = Answer(answer="birth", number=1, log="here", head=9, sequence=4, last_epoch=3)
SAVED = Saved(log="here", position=9, sequence=4, epochs=(2, 3))


def test_the_journal_of_the_last_process_goes_on():
    check_log("line_a", SAVED, BORN)
    assert not is_lost(SAVED, BORN)


@pytest.mark.parametrize("answer", [BORN.model_copy(update={"log": "there"}), BORN.model_copy(update={"head": 8})])
def test_another_log_or_one_that_ends_before_is_refused_with_a_way_on(answer):
    with pytest.raises(ForeignLogError, match="lab-agents log adopt line_a"):
        check_log("line_a", SAVED, answer)


@pytest.mark.parametrize("change", [{"sequence": 5}, {"last_epoch": 4}])
def test_a_journal_behind_its_own_sequence_or_of_another_epoch_is_lost(change):
    assert is_lost(SAVED, BORN.model_copy(update=change))


def test_a_source_that_was_never_born_has_lost_nothing():
    never = Answer(answer="birth", number=1, log="here", head=9)
    assert not is_lost(Saved(), never)
    check_log("line_a", Saved(), never)
