"""The outcome of a campaign in a few sentences and a few numbers."""

from dataclasses import dataclass

from lab_agents.report.account import Account
from lab_agents.report.figures import coverage
from lab_agents.report.predictions import covered, pairs_of
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.target_words import plain_name
from lab_agents.report.truth import Truth, regrets
from lab_agents.report.wording import composition_text, count, duration, percent


@dataclass(frozen=True)
class Fact:
    """One number that matters, with what it is."""

    value: str
    what: str


def verdict(account: Account, truth: Truth | None) -> str:
    """The outcome in two to five sentences."""
    plan = account.plan
    if plan is None:
        return ""
    n_made = sum(s.sample is not None for s in account.samples.values())
    n_observed = len(account.observed_samples())
    how = f"{count(n_made, 'sample')} of a budget of {plan.budget.samples} were made and {n_observed} measured"
    spent = f"in {duration(account.lab_time)} of laboratory time ({duration(account.wall_time)} on the clock)"
    state = "" if account.is_complete else "The campaign is still running: "
    text = f"{state}{how} {spent}."
    nearest = next(iter(account.leading(1)), None)
    if nearest is None or nearest.objective is None:
        return f"{text} No property could be concluded yet."
    if plan.target.constraints:
        return f"{text} {_judged(account, nearest)}"
    made = composition_text(nearest.made_values or {}, plan.space)
    text += f" The best material is {made}, with a {plan.target.property} of {nearest.objective.text}."
    return text if truth is None else text + _against_truth(account, truth)


def _judged(account: Account, nearest: SampleAccount) -> str:
    """How many hits, what the best is, or how near the nearest came."""
    plan, value, n = account.plan, nearest.objective, len(account.hits())
    if plan is None or value is None:
        return ""
    read = [(plain_name(c.property), nearest.quantity(c.property)) for c in plan.target.constraints]
    met = ", ".join(f"{name} {seen.text if seen is not None else 'not read'}" for name, seen in read)
    made = composition_text(nearest.made_values or {}, plan.space)
    objective = f"{plain_name(plan.target.property)} {value.text}"
    sure = percent(plan.target.confidence)
    if not n:
        return (
            f"No sample meets every constraint with a chance of {sure}. The nearest is {nearest.id}, with a chance of "
            f"{percent(nearest.chance)}: {objective}, {met}. It is {made}."
        )
    found = f"{count(n, 'sample')} {'meets' if n == 1 else 'meet'} every constraint with a chance of at least {sure}"
    return (
        f"{found}. The best of them, {nearest.id}, has {objective} at {met}; all of it holds with a chance of "
        f"{percent(nearest.chance)}. It is {made}."
    )


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
    result = _of_best(account)
    if truth is not None and observed:
        result.append(Fact(f"{regrets(observed, truth)[-1]:.2g}", "regret against the table's best"))
        found, of = truth.share_of_top(observed)
        result.append(Fact(f"{found} of {of}", "of the table's best 5\u00a0% were made"))
    result.append(Fact(f"{len(observed)}", "samples made, measured and concluded"))
    failed = sum(bool(s.failure) for s in account.samples.values())
    result.append(Fact(f"{failed}", "samples failed"))
    within = _within_two(account)
    if within is not None:
        result.append(Fact(f"{100 * within:.0f} %", "of predictions within two deviations"))
    result.append(Fact(duration(account.lab_time), "laboratory time"))
    result.append(Fact(duration(account.wall_time), "wall time"))
    return result


def _of_best(account: Account) -> list[Fact]:
    best, plan, hits = next(iter(account.best(1)), None), account.plan, account.hits()
    if plan is None:
        return []
    result = []
    if best is not None and best.objective is not None:
        result.append(Fact(best.objective.text, f"best {plain_name(plan.target.property)}"))
    if plan.target.constraints:
        result.append(Fact(f"{len(hits)}", "hits: every constraint met"))
        order = [s.id for s in account.observed_samples()]
        if hits:
            result.append(Fact(f"sample {order.index(hits[0].id) + 1}", "was the first hit"))
        elif nearest := account.leading(1):
            result.append(Fact(percent(nearest[0].chance), "chance of the nearest to be one"))
    return result


def _within_two(account: Account) -> float | None:
    """The share of predictions within two deviations, of all properties that were predicted."""
    every = [pair for pairs in pairs_of(account).values() for pair in pairs]
    if every:
        return covered(every, 2)
    counted = coverage(account)
    return counted[1] / counted[2] if counted is not None else None
