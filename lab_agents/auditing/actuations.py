"""Was each actuation that was ordered carried out once, was it the one that was ordered, and did nothing else move?"""

import math
from collections.abc import Iterator

from lab_agents.auditing.evidence import Evidence, Ordered
from lab_agents.auditing.ledger import Ledger, Moved
from lab_agents.auditing.report import Check, Finding, check_all

ARGUMENT_OF = {("dose", "asked"): "volume", ("anneal", "asked"): "temperature"}
"""Details of a ledger line, by the act's plan, that have another name in the act's arguments."""
EXECUTED = frozenset({("spin", "speed"), ("spin", "delay"), ("anneal", "temperature"), ("illuminate", "suns")})
"""Details that say what really happened, with the instrument's scatter: never equal to what was ordered."""
FAILED_AS = frozenset({("transfer", "drop")})
"""What a failed act is in the ledger, by the act's plan: the robot lost the film on its way."""

_TOLERANCE = 1e-5
"""Set-points travel as 32-bit floats on some wires, which keep seven digits."""


def check_actuations(evidence: Evidence, ledger: Ledger | None) -> Check:
    """Each planned actuation: exactly one line where the log says done, at most one where it does not."""
    question = "each ordered actuation moved once, or at most once where the log says unknown or failed"
    if ledger is None:
        return _without_ledger("actuations", question, evidence)
    return check_all("actuations", question, len(evidence.ordered), _compare_counts(evidence, ledger))


def _compare_counts(evidence: Evidence, ledger: Ledger) -> Iterator[Finding]:
    for fault in ledger.faults:
        yield Finding("ledger.jsonl", fault)
    for position, token in evidence.clashes:
        yield Finding(token, "two different acts were ordered with this token", position)
    for token, (position, _) in evidence.results.items():
        if token not in evidence.ordered:
            yield Finding(token, "the log has a result of an act that no task planned", position)
    for one in evidence.ordered.values():
        count = len(ledger.by_token.get(one.token, ()))
        if count > 1:
            yield _finding(one, f"moved {count} times; the log says {one.fate}")
        elif count == 0 and one.fate == "done":
            yield _finding(one, "never moved, but the log says done")


def check_orders(evidence: Evidence, ledger: Ledger | None) -> Check:
    """What moved is what was ordered: the instrument, the action, every argument that the ledger also names."""
    question = "what moved is what was ordered: instrument, action, set-points"
    if ledger is None:
        return _without_ledger("orders", question, evidence)
    moved = [line for line in ledger.acts if line.token in evidence.ordered]
    findings = (finding for line in moved for finding in _compare_order(evidence.ordered[line.token], line))
    return check_all("orders", question, len(moved), findings)


def _compare_order(one: Ordered, line: Moved) -> Iterator[Finding]:
    if line.instrument != one.act.instrument:
        yield _finding(one, f"{line.instrument} moved in ledger line {line.number}")
    is_failure = (one.act.plan, line.action) in FAILED_AS and one.fate != "done"
    if line.action != one.act.plan and not is_failure:
        yield _finding(one, f"the action was {line.action} in ledger line {line.number}")
    for name, value in line.details.items():
        # By the plan that was ordered: the ledger may name another action, which is a finding of its own.
        argument = ARGUMENT_OF.get((one.act.plan, name), name)
        asked = None if (one.act.plan, name) in EXECUTED else one.act.arguments.get(argument)
        if asked is not None and not _equal(asked, value):
            yield _finding(one, f"{argument} was ordered as {asked!r} and moved as {value!r} in line {line.number}")


def check_foreign(evidence: Evidence, ledger: Ledger | None) -> Check:
    """No line with a token that nobody planned."""
    question = "nothing moved that no task had planned"
    if ledger is None:
        return _without_ledger("foreign", question, evidence)
    findings = (
        Finding(line.token or "no token", f"{line.instrument} did {line.action} in ledger line {line.number}")
        for line in ledger.acts
        if line.token not in evidence.ordered
    )
    return check_all("foreign", question, len(ledger.acts), findings)


def check_endings(evidence: Evidence) -> Check:
    """No act still in flight once every campaign is over."""
    flying = [one for one in evidence.ordered.values() if one.fate == "in flight"]
    question = "every task that was started has ended"
    if evidence.open_campaigns:
        note = f"{len(flying)} in flight, {', '.join(sorted(evidence.open_campaigns))} still open"
        return check_all("endings", question, len(evidence.ordered), (), note)
    findings = (_finding(one, "was started and has no outcome, although no campaign is open") for one in flying)
    return check_all("endings", question, len(evidence.ordered), findings)


def _without_ledger(name: str, question: str, evidence: Evidence) -> Check:
    lab = evidence.laboratory
    if lab is not None and lab.laboratory.simulation is not None and evidence.ordered:
        missing = Finding("simulator/ledger.jsonl", "is missing, although this laboratory is simulated")
        return check_all(name, question, 0, (missing,))
    return check_all(name, question, 0, (), "not compared: no ledger")


def _finding(one: Ordered, what: str) -> Finding:
    return Finding(f"{one.token} ({one.task.id}, act {one.number}: {one.act.plan})", what, one.position)


def _equal(asked: float | int | str, moved: object) -> bool:
    if isinstance(asked, str) or isinstance(moved, str) or not isinstance(moved, int | float):
        return asked == moved
    return math.isclose(asked, moved, rel_tol=_TOLERANCE, abs_tol=1e-9)
