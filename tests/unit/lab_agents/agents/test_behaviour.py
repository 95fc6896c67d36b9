"""What every agent's state can say of itself, also the emptiest."""

from lab_agents.agents.behaviour import AgentState


def test_a_state_that_says_nothing_wants_nothing():
    state = AgentState()
    assert (state.jobs(), state.timers(), state.owed(), state.waits()) == ((), (), (), {})
