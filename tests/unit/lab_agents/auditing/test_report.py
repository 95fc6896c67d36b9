from lab_agents.audit import audit
from lab_agents.auditing.report import Finding, align, check_all


def test_columns_stand_under_one_another():
    """As wide as their widest cell, without blanks at the end."""
    assert align([("a", "bb", "c"), ("aaa", "b", "")]) == ["a    bb  c", "aaa  b"]


def test_a_check_takes_findings_as_they_come_up():
    """From a generator too."""
    check = check_all("name", "question", 2, (Finding(str(n), "odd") for n in range(2)))
    assert len(check.findings) == 2


def test_a_report_has_one_row_for_each_check(written):
    """Name, question, how many, verdict."""
    report = audit(written)
    rows = list(report.rows())
    assert [row[0] for row in rows] == [check.name for check in report.checks]
    assert {row[-1] for row in rows} == {"clean"}
    assert "8 ordered, 8 moved; 8 done" in report.to_text()
