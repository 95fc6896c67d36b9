from lab_agents.replaying.report import Difference, ReplayReport, Stretch


def report(version) -> ReplayReport:
    """One agent's stretch with one difference."""
    difference = Difference("planning", version, "planning/3/0", 4, "record.reason was 'a', is 'b'")
    stretch = Stretch("planning", version, 5, 2, 0, 0, 1, (difference,))
    return ReplayReport("state", 9, "2.0", (stretch,), ("planning/9/0",), version != "2.0", version != "2.0")


def test_a_difference_is_told_with_its_id_position_and_software():
    """And what is in flight is told apart."""
    text = report("2.0").to_text()
    assert "planning/3/0 (position 4, software 2.0):" in text
    assert "in flight when the log was read: planning/9/0" in text
    assert text.endswith("There are differences.")


def test_differences_of_other_software_are_marked():
    """They are shown and do not count."""
    text = report("1.0").to_text()
    assert "1 differ (other software)" in text
    assert text.endswith("Every decision is the same.")


def test_differences_are_gathered_from_all_stretches():
    """In their order."""
    assert [one.id for one in report("2.0").differences] == ["planning/3/0"]
