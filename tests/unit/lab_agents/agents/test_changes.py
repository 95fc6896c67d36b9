"""One change wakes every listener once."""

from lab_agents.agents.changes import Changes


async def test_every_listener_hears_and_clears_for_itself() -> None:
    """Executor and status must not swallow each other's news."""
    changes = Changes()
    executor, status = changes.listen(), changes.listen()
    changes.set()
    executor.clear()
    assert not executor.is_set()
    assert status.is_set()


async def test_what_changed_before_is_not_news_to_a_new_listener() -> None:
    """It looks for itself first."""
    changes = Changes()
    changes.set()
    assert not changes.listen().is_set()
