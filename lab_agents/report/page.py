"""The report page: an account of a campaign, told to somebody who was not there."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab_agents.report.account import Account
from lab_agents.report.composition import composition
from lab_agents.report.figures import Figure, coverage, held_out, parity, progress, regret
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.timeline import timeline
from lab_agents.report.truth import Truth, regrets
from lab_agents.report.wording import composition_text, count, duration, short, with_deviation

if TYPE_CHECKING:
    from jinja2 import Environment

N_BEST = 5


@dataclass(frozen=True)
class Fact:
    """One number that matters, with what it is."""

    value: str
    what: str


@dataclass(frozen=True)
class Part:
    """One share of a mixture, for the bar that shows it."""

    name: str
    percent: float
    series: int


def render_page(account: Account, truth: Truth | None, written_at: str) -> str:
    """The whole page, self-contained.

    Args:
        account: The campaign.
        truth: The recorded table behind a replayed laboratory, or None.
        written_at: When the page was written, for its foot.
    """
    if account.plan is None:
        raise ValueError("there is no campaign to report on")
    figures = _figures(account, truth)
    return (
        _environment()
        .get_template("page.html")
        .render(
            account=account,
            plan=account.plan,
            truth=truth,
            verdict=verdict(account, truth),
            facts=facts(account, truth),
            best=account.best(N_BEST),
            figures=figures,
            samples=list(account.samples.values()),
            makers=makers(account),
            bidding={s.id: bidding(s) for s in account.samples.values()},
            versions=sorted((what, ", ".join(sorted(v))) for what, v in account.versions.items()),
            trouble_causes=Counter(t.trouble.what.split(":")[0][:120] for _, _, t in account.troubles).most_common(),
            restarts={a: n - 1 for a, n in sorted(account.births.items()) if n > 1},
            written_at=written_at,
        )
    )


def _figures(account: Account, truth: Truth | None) -> dict[str, Figure]:
    drawn = [
        progress(account, truth),
        regret(account, truth),
        parity(account),
        held_out(account),
        *composition(account),
        timeline(account),
    ]
    return {f.name: f for f in drawn if f is not None}


def verdict(account: Account, truth: Truth | None) -> str:
    """The outcome in two or three sentences."""
    plan = account.plan
    if plan is None:
        return ""
    best = account.best(1)
    n_made = sum(s.sample is not None for s in account.samples.values())
    n_observed = len(account.observed_samples())
    how = f"{count(n_made, 'sample')} of a budget of {plan.budget.samples} were made and {n_observed} measured"
    spent = f"in {duration(account.lab_time)} of laboratory time ({duration(account.wall_time)} on the clock)"
    state = "" if account.is_complete else "The campaign is still running: "
    text = f"{state}{how} {spent}."
    if not best or best[0].objective is None:
        return f"{text} No property could be concluded yet."
    made = composition_text(best[0].made_values or {}, plan.space)
    text += f" The best material is {made}, with a {plan.target.property} of {best[0].objective.text}."
    if truth is not None:
        text += _against_truth(account, truth)
    return text


def _against_truth(account: Account, truth: Truth) -> str:
    observed = account.observed_samples()
    left = regrets(observed, truth)[-1]
    span = abs(truth.best - truth.worst) or 1.0
    n_table = len(truth.table.materials)
    if left <= 0:
        return f" It is the best of all {n_table:,} recorded materials."
    return (
        f" The best of all {n_table:,} recorded materials is {truth.best:.4g}: what was made lies {left:.2g} from it, "
        f"{100 * left / span:.1f} % of the table's range."
    )


def facts(account: Account, truth: Truth | None) -> list[Fact]:
    """The numbers at the top."""
    observed = account.observed_samples()
    result = []
    best = account.best(1)
    if best and best[0].objective is not None and account.plan is not None:
        seen = best[0].objective
        result.append(Fact(with_deviation(seen.value, seen.deviation), f"best {account.plan.target.property}"))
    if truth is not None and observed:
        result.append(Fact(f"{regrets(observed, truth)[-1]:.2g}", "regret against the table's best"))
        found, of = truth.share_of_top(observed)
        result.append(Fact(f"{found} of {of}", "of the table's best 5\u00a0% were made"))
    result.append(Fact(f"{len(observed)}", "samples made, measured and concluded"))
    failed = sum(bool(s.failure) for s in account.samples.values())
    result.append(Fact(f"{failed}", "samples failed"))
    covered = coverage(account)
    if covered is not None:
        result.append(Fact(f"{100 * covered[1] / covered[2]:.0f} %", "of predictions within two deviations"))
    result.append(Fact(duration(account.lab_time), "laboratory time"))
    result.append(Fact(duration(account.wall_time), "wall time"))
    return result


def makers(account: Account) -> list[tuple[str, int, int, int]]:
    """For each line: samples made, failed, and bids refused."""
    made: Counter[str] = Counter(s.sample.made_by for s in account.samples.values() if s.sample is not None)
    failed: Counter[str] = Counter(f.owner for _, f in account.failures)
    refused: Counter[str] = Counter(r.bidder for s in account.samples.values() for r in s.refusals)
    names = sorted(set(made) | set(failed) | set(refused))
    return [(n, made[n], failed[n], refused[n]) for n in names]


def bidding(sample: SampleAccount) -> str:
    """Who bid what for making a sample, and why it was awarded as it was."""
    work = f"make-{sample.id}"
    words = [
        f"{b.bid.bidder} offered {duration(b.bid.end_at - b.bid.start_at)}, {100 * b.bid.chance:.0f} % sure"
        for b in sample.bids
        if b.bid.work == work
    ]
    words += [f"{r.bidder} refused: {r.reason}" for r in sample.refusals if r.work == work]
    awards = [a for a in sample.awards if a.work == work]
    words += [f"awarded to {a.bidder}: {a.reason}" for a in awards[-1:]]
    return "; ".join(words)


def parts(sample: SampleAccount) -> list[Part]:
    """The shares of a mixture as made."""
    values = sample.made_values or dict(sample.proposed.candidate.values)
    return [Part(name, 100 * v, i % 6 + 1) for i, (name, v) in enumerate(values.items())]


def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("lab_agents.report", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "duration": duration,
        "short": short,
        "with_deviation": with_deviation,
        "composition": composition_text,
        "parts": parts,
    }
    return environment
