"""Controls and drift: what blanks, standards and control films said of the instruments, over laboratory time.

Where supervision judged a property of the control films, the figure shows what it judged by; else the controls' own
mean and deviations.
"""

from collections import Counter
from dataclasses import dataclass, field

from lab_agents.messages.course import ControlJudged
from lab_agents.records.observation import Observation
from lab_agents.report.account import Account
from lab_agents.report.drawing import BAD, ONE, PAPER, QUIET, plot
from lab_agents.report.figures import Figure
from lab_agents.report.target_words import plain_name
from lab_agents.report.wording import count

WARNING = 2.0
"""Standard deviations from the mean of the controls that are worth a look: Westgard's warning limit (Westgard et al.,
Clin. Chem. 27, 493 (1981))."""


@dataclass(frozen=True)
class Series:
    """One property of the controls: laboratory hours since the start, and what was observed."""

    name: str
    unit: str
    hours: list[float]
    seen: list[Observation]
    verdicts: dict[str, ControlJudged] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """What the last control was judged by; without verdicts the mean, weighted by 1/deviation²."""
        if self.verdicts:
            return list(self.verdicts.values())[-1].mean
        weights = [o.deviation**-2 for o in self.seen]
        return sum(w * o.value for w, o in zip(weights, self.seen, strict=True)) / sum(weights)

    @property
    def deviation(self) -> float:
        """Of one control: what the last one was judged by; without verdicts the mean of their own deviations."""
        if self.verdicts:
            return list(self.verdicts.values())[-1].deviation
        return sum(o.deviation for o in self.seen) / len(self.seen)

    @property
    def beyond(self) -> list[bool]:
        """Which controls broke a rule; without verdicts those further than `WARNING` deviations from the mean."""
        if self.verdicts:
            return [o.measurement in self.verdicts and bool(self.verdicts[o.measurement].rule) for o in self.seen]
        return [abs(o.value - self.mean) > WARNING * o.deviation for o in self.seen]


def tally(account: Account) -> list[tuple[str, int, int]]:
    """For each kind of check: how many there were, and how many measurements of them."""
    kinds = Counter(c.kind for c in account.checks.values())
    taken: Counter[str] = Counter()
    for check in account.checks.values():
        taken[check.kind] += len(check.measurements)
    return [(kind, n, taken[kind]) for kind, n in sorted(kinds.items())]


def series_of(account: Account) -> list[Series]:
    """Every property that was observed of a check at least twice, the target's first."""
    if account.started_at is None or account.plan is None:
        return []
    found: dict[str, Series] = {}
    for check in account.checks.values():
        for at, seen in check.observations:
            one = found.setdefault(seen.property, Series(seen.property, seen.unit, [], []))
            one.hours.append((at - account.started_at).total_seconds() / 3600)
            one.seen.append(seen)
    for _, verdict in account.verdicts:
        if verdict.property in found:
            found[verdict.property].verdicts[verdict.measurement] = verdict
    names = dict.fromkeys((*account.plan.target.properties, *(v.property for _, v in account.verdicts)))
    wanted = [found[n] for n in names if n in found]
    return [s for s in wanted if len(s.seen) > 1]


@dataclass(frozen=True)
class Judged:
    """One verdict in words for the page."""

    control: str
    hours: float
    name: str
    value: str
    expected: str
    verdict: str
    is_broken: bool


def judged(account: Account) -> list[Judged]:
    """Every verdict on a control film or a standard, in the order of the log."""
    return [_judged(v, (at - (account.started_at or at)).total_seconds() / 3600) for at, v in account.verdicts]


def _judged(verdict: ControlJudged, hours: float) -> Judged:
    unit = "" if verdict.unit == "1" else f" {verdict.unit}"
    apart = ", ".join(f"{z:+.1f}" for z in verdict.z)
    said = "in control"
    if verdict.rule:
        since = f"since {verdict.last_good}" if verdict.last_good else "since the start or calibration"
        said = (
            f"rule {verdict.rule} is broken ({apart} deviations): {verdict.n_retracted} measurements {since} retracted"
        )
    return Judged(
        control=verdict.sample,
        hours=hours,
        name=plain_name(verdict.property),
        value="not read" if verdict.value is None else f"{verdict.value:.4g}{unit}",
        expected=f"{verdict.mean:.4g} ± {verdict.deviation:.2g}{unit}",
        verdict=said,
        is_broken=bool(verdict.rule),
    )


def checks(account: Account) -> Figure | None:
    """A panel for each property of the controls; None where they say nothing twice."""
    found = series_of(account)
    if not found:
        return None
    with plot(9.4, 1.9 * len(found) + 0.2, len(found), 1) as drawn:
        for axes, one in zip(drawn.panels, found, strict=True):
            spread = one.deviation
            axes.axhline(one.mean, color=QUIET, lw=0.9)
            axes.axhspan(one.mean - WARNING * spread, one.mean + WARNING * spread, color=QUIET, alpha=0.12, lw=0)
            for beyond, colour in ((False, ONE), (True, BAD)):
                chosen = [(h, o) for h, o, b in zip(one.hours, one.seen, one.beyond, strict=True) if b == beyond]
                if chosen:
                    axes.errorbar(
                        [h for h, _ in chosen], [o.value for _, o in chosen], yerr=[o.deviation for _, o in chosen],
                        fmt="o", ms=4.5, color=colour, mec=PAPER, mew=0.5, elinewidth=0.9,
                    )  # fmt: skip
            axes.set_ylabel(plain_name(one.name) if one.unit == "1" else f"{plain_name(one.name)} ({one.unit})")
            axes.tick_params(labelbottom=one is found[-1])
        drawn.panels[-1].set_xlabel("laboratory hours since the campaign began")
        svg = drawn.to_svg("checks", "Controls over laboratory time")
    n = sum(any_beyond for one in found for any_beyond in one.beyond)
    outside = f"{count(n, 'observation')} {'is' if n == 1 else 'are'} out of control (red)." if n else "None is out."
    caption = (
        "Control films of one fixed recipe, made and measured again and again: without drift nearly all lie in the "
        f"grey band, two standard deviations about what is expected. {outside}"
    )
    return Figure("checks", "Did the instruments drift?", caption, svg)
