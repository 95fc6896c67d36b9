"""What an audit found, for people and for programs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit: `subject` is a token, sample, blob or run; `position` the entry that names it."""

    subject: str
    what: str
    position: int | None = None


@dataclass(frozen=True)
class Check:
    """One question of the audit, how many things it was put to, and what did not fit.

    `note` says why it was not put at all, or what it could not judge yet.
    """

    name: str
    question: str
    n_checked: int
    findings: tuple[Finding, ...] = ()
    note: str = ""


def check_all(name: str, question: str, n_checked: int, findings: Iterable[Finding], note: str = "") -> Check:
    """A check from findings as they come up."""
    return Check(name, question, n_checked, tuple(findings), note)


@dataclass(frozen=True)
class AuditReport:
    """The whole audit. `agrees` is False where anything was found.

    `n_ordered` counts planned actuations, `n_moved` lines of the ledger that stand for one (None without a ledger),
    `n_unknown` those that the log calls unknown; `unknown_share` is their part of all that have ended.
    """

    state: str
    log: str
    lab: str
    head: int
    chain: str
    software: tuple[str, ...]
    n_ordered: int
    n_done: int
    n_failed: int
    n_unknown: int
    n_in_flight: int
    n_moved: int | None
    n_observations: int
    unknown_share: float
    checks: tuple[Check, ...]
    agrees: bool

    def rows(self) -> Iterator[tuple[str, str, str, str]]:
        """One row for each check: name, question, how many, verdict."""
        for check in self.checks:
            verdict = f"{len(check.findings)} found" if check.findings else check.note or "clean"
            yield check.name, check.question, str(check.n_checked), verdict

    def to_text(self) -> str:
        """A table for people, then every finding."""
        moved = "no ledger" if self.n_moved is None else f"{self.n_moved} moved"
        lines = [
            f"log {self.log} of laboratory {self.lab}, {self.head} entries, written by {', '.join(self.software)}",
            f"actuations: {self.n_ordered} ordered, {moved}; {self.n_done} done, {self.n_failed} failed or not begun, "
            f"{self.n_unknown} unknown ({self.unknown_share:.2%}), {self.n_in_flight} in flight",
            "",
            *align([("check", "question", "checked", "verdict"), *self.rows()]),
        ]
        for check in self.checks:
            lines += ["", f"{check.name}:"] if check.findings else []
            lines += [f"  {_sentence(finding)}" for finding in check.findings]
        lines += ["", "Everything agrees." if self.agrees else "There are findings: see docs/audit.md for what to do."]
        return "\n".join(lines)


def _sentence(finding: Finding) -> str:
    where = f" (position {finding.position})" if finding.position is not None else ""
    return f"{finding.subject}: {finding.what}{where}"


def align(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows as lines with columns under one another."""
    cells = list(rows)
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
