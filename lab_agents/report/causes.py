"""Why samples, tasks and readings failed, counted by cause."""

import re
from collections import Counter
from dataclasses import dataclass

from lab_agents.report.account import Account
from lab_agents.report.target_words import plain_name

_NAMES = re.compile(r"\b[\w-]+-\d{4}\b|\b(?:rack|plate\w*|stage\w*|lamp|vial\w*)_\w+\b")
_NUMBERS = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_LONGEST = 140


@dataclass(frozen=True)
class Cause:
    """What went wrong, what it struck, how often, and one case in full."""

    what: str
    struck: str
    n: int
    example: str


def causes(account: Account) -> list[Cause]:
    """Failed tasks, samples that were lost, wanted properties unread and retractions, the most frequent first.

    Causes that differ only in numbers and names of samples and places are one.
    """
    cases: list[tuple[str, str, str]] = [("task", f.cause, f.cause) for _, f in account.failures]
    told = {f.cause for _, f in account.failures}
    for sample in account.samples.values():
        if sample.failure and sample.failure not in told:
            cases.append(("sample", sample.failure, f"{sample.id}: {sample.failure}"))
        wanted = {n: why for n, why in sample.missing.items() if n in sample.target.properties}
        cases += [("reading", f"{plain_name(n)}: {why}", f"{sample.id}: {why}") for n, why in wanted.items()]
        reasons = dict.fromkeys(sample.retracted.values())
        cases += [("retraction", why, f"{sample.id}: {why}") for why in reasons]
    counted: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for struck, why, example in cases:
        key = struck, generalized(why)
        counted[key] += 1
        examples.setdefault(key, example)
    return [Cause(what, struck, n, examples[struck, what]) for (struck, what), n in counted.most_common()]


def generalized(why: str) -> str:
    """A cause without the sample, place and numbers of its case."""
    text = _NUMBERS.sub("#", _NAMES.sub("…", why))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
