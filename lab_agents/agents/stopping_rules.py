"""Whether a campaign has done enough: its target met often enough, or too little to be expected of going on.

The expected gain of a candidate is the chance that it meets every constraint times the expected improvement of the
objective over the best that is known [Jones1998], by the predictions that stand in the proposal. The best is that of
the samples that meet the constraints with the target's confidence; where there are none, going on is worth everything.

[Jones1998] Jones, Schonlau, Welch, J. Global Optim. 13, 455.
"""

import math
from collections.abc import Mapping
from datetime import datetime

from lab_agents.agents.knowledge import Knowledge, follow_knowledge
from lab_agents.agents.spending import Spending, follow_spending, money_spent
from lab_agents.hits import chance, joint_chance
from lab_agents.messages.course import MeasurementConcluded, ProposalMade
from lab_agents.messages.frames import Logged
from lab_agents.records.base import Record
from lab_agents.records.observation import Observation
from lab_agents.records.prices import Prices
from lab_agents.records.proposal import ProposedCandidate
from lab_agents.records.stopping import GainTooSmall, TargetMet
from lab_agents.records.target import Constraint, Target


class Progress(Record):
    """What a campaign knows and has spent on `n_proposed` samples.

    `n_small` proposals in a row promised too little, the last one `gain`.
    """

    known: Knowledge = Knowledge()
    spending: Spending = Spending()
    n_proposed: int = 0
    n_small: int = 0
    gain: float | None = None


def follow_progress(
    progress: Progress, logged: Logged, target: Target, rule: GainTooSmall | None, prices: tuple[Prices, datetime]
) -> Progress:
    """The progress after an entry of its campaign.

    Args:
        progress: Before it.
        logged: The entry.
        target: Of the campaign.
        rule: What gain is too small, if any is.
        prices: Of the laboratory, and when the campaign started.
    """
    body = logged.entry.record
    known = follow_knowledge(progress.known, body)
    spending = follow_spending(progress.spending, logged)
    update: dict[str, object] = {"known": known, "spending": spending}
    if isinstance(body, ProposalMade):
        best = find_best(known, target)
        gain = max(expected_gain(c, target, best) for c in body.proposal.candidates)
        is_small = rule is not None and gain < _least_gain(rule, progress, prices, logged.entry.at)
        update |= {"gain": None if math.isinf(gain) else gain, "n_small": progress.n_small + 1 if is_small else 0}
        update["n_proposed"] = progress.n_proposed + len(body.proposal.candidates)
    return progress.model_copy(update=update)


def _least_gain(rule: GainTooSmall, progress: Progress, prices: tuple[Prices, datetime], now: datetime) -> float:
    """The gain that is worth a sample, in the target's unit; 0 as long as no cost is known."""
    if rule.below is not None:
        return rule.below
    hours = max(0.0, (now - prices[1]).total_seconds() / 3600)
    cost = money_spent(progress.spending, prices[0], hours) / max(1, progress.n_proposed)
    return 0.0 if rule.worth is None else cost / rule.worth


def find_enough(progress: Progress, target: Target, met: TargetMet | None, gain: GainTooSmall | None) -> str:
    """Why the campaign has done enough, or an empty text."""
    if met is not None:
        confidence = met.confidence or target.confidence
        n = sum(c >= confidence for c in _chances(progress.known, target, met.objective).values())
        if n >= met.samples:
            said = f"{n} sample meets" if n == 1 else f"{n} samples meet"
            return f"the target is met: {said} it with a confidence of at least {100 * confidence:g} %"
    if gain is not None and progress.n_small >= gain.proposals:
        wanted = f"{gain.below:g} {target.unit}" if gain.below is not None else "what a sample costs"
        return (
            f"the expected gain is too small: no candidate of the last {progress.n_small} proposals promised "
            f"{wanted.removesuffix(' 1')}; the last best one {progress.gain or 0.0:.3g}"
        )
    return ""


def says_enough(logged: Logged) -> bool:
    """Whether an entry can be the one that makes it enough: looking at every sample at every entry would cost."""
    return isinstance(logged.entry.record, MeasurementConcluded | ProposalMade)


def find_best(known: Knowledge, target: Target) -> float | None:
    """The best objective among samples that meet the constraints, in the target's unit, or None."""
    met = [s for s, c in _chances(known, target, None).items() if not target.constraints or c >= target.confidence]
    samples = _by_sample(known)
    values = [objective[0] for s in met if (objective := _objective(samples[s], target)) is not None]
    return max(values, key=lambda value: target.sign * value, default=None)


def expected_gain(candidate: ProposedCandidate, target: Target, best: float | None) -> float:
    """What a candidate is expected to gain on `best`, in the target's unit; infinite where nobody can say.

    Args:
        candidate: With what the planner expects of it.
        target: Of the campaign.
        best: The best objective so far, or None.
    """
    objective = _expected_objective(candidate, target)
    seen = {c.property: candidate.predictions.get(c.property) for c in target.constraints}
    if best is None or objective is None or any(prediction is None for prediction in seen.values()):
        return math.inf
    chances = (
        _chance(constraint, prediction.mean, prediction.deviation)
        for constraint in target.constraints
        if (prediction := seen[constraint.property]) is not None
    )
    return math.prod(chances) * _improvement(target.sign * (objective[0] - best), objective[1])


def _chance(constraint: Constraint, mean: float, deviation: float) -> float:
    return chance(constraint, mean, deviation) if deviation > 0 else float(constraint.is_met_by(mean))


def _expected_objective(candidate: ProposedCandidate, target: Target) -> tuple[float, float] | None:
    if target.parameter is not None:
        return candidate.candidate.values[target.parameter], 0.0
    prediction = candidate.predictions.get(target.property)
    if prediction is not None:
        return prediction.mean, prediction.deviation
    return None if candidate.mean is None or candidate.deviation is None else (candidate.mean, candidate.deviation)


def _improvement(ahead: float, deviation: float) -> float:
    """The expected improvement of a normal value whose mean is `ahead` of the best."""
    if deviation <= 0:
        return max(0.0, ahead)
    z = ahead / deviation
    density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return max(0.0, ahead * 0.5 * math.erfc(-z / math.sqrt(2)) + deviation * density)


def _by_sample(known: Knowledge) -> dict[str, dict[str, Observation]]:
    samples: dict[str, dict[str, Observation]] = {}
    for seen in known.in_order:
        samples.setdefault(seen.sample, {})[seen.property] = seen
    return samples


def _chances(known: Knowledge, target: Target, objective: float | None) -> dict[str, float]:
    """For each sample the chance that it meets every constraint, and `objective` or better where it is given."""
    chances = {}
    for sample, seen in _by_sample(known).items():
        value = _objective(seen, target)
        if value is None:
            continue
        joint = joint_chance(target, {name: (o.value, o.deviation) for name, o in seen.items()})
        chances[sample] = joint if objective is None else joint * _reaches(value, target, objective)
    return chances


def _reaches(value: tuple[float, float], target: Target, wanted: float) -> float:
    lower, upper = (wanted, None) if target.sign > 0 else (None, wanted)
    return _chance(Constraint(property=target.property, lower=lower, upper=upper), *value)


def _objective(seen: Mapping[str, Observation], target: Target) -> tuple[float, float] | None:
    """The objective of a sample with one standard deviation, or None while it is not known."""
    if target.parameter is None:
        own = seen.get(target.property)
        return None if own is None else (own.value, own.deviation)
    made = next((o.made for o in seen.values()), None)
    if made is None or target.parameter not in made.values:
        return None
    return made.values[target.parameter], made.deviations.get(target.parameter, 0.0)
