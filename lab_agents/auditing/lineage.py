"""Does every observation stand once, and lead back to raw data, run, sample, recipe, model and software?"""

from collections import Counter
from collections.abc import Iterator

from lab_agents.auditing.evidence import Evidence
from lab_agents.auditing.report import Check, Finding, check_all
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Observation
from lab_agents.records.sample import Sample


def check_observations(evidence: Evidence) -> Check:
    """Each measurement was taken once and observed once, or the log says why not."""
    findings = [*_find_repeats(evidence), *_find_unobserved(evidence)]
    question = "each measurement stands once and was observed once, or the log says why not"
    waiting = sum(not _is_judged(evidence, name) for name in evidence.measurements) - len(
        [one for one in findings if one.what.startswith("was never")]
    )
    note = f"{waiting} still to be analysed" if waiting else ""
    return check_all("observations", question, len(evidence.measurements), findings, note)


def _find_repeats(evidence: Evidence) -> Iterator[Finding]:
    for name, taken in evidence.measurements.items():
        if len(taken) > 1:
            yield Finding(name, f"was taken {len(taken)} times", taken[-1][0])
    standing = [(p, o) for p, o in evidence.observations if (o.sample, o.measurement) not in evidence.retracted]
    counts = Counter((seen.measurement, seen.property) for _, seen in standing)
    for position, seen in standing:
        if counts[seen.measurement, seen.property] > 1:
            yield Finding(seen.measurement, f"was observed {counts[seen.measurement, seen.property]} times", position)
    for name, made in evidence.samples.items():
        if len(made) > 1:
            yield Finding(name, f"was made {len(made)} times", made[-1][0])


def _find_unobserved(evidence: Evidence) -> Iterator[Finding]:
    for name, taken in evidence.measurements.items():
        position, _, campaign = taken[0]
        if not _is_judged(evidence, name) and campaign not in evidence.open_campaigns:
            yield Finding(name, "was never observed, and no analysis says why", position)


def _is_judged(evidence: Evidence, measurement: str) -> bool:
    """Whether analysis answered: with an observation, a request to measure again, or trouble, caused by it."""
    position, taken, _ = evidence.measurements[measurement][0]
    if any(seen.measurement == taken.id for _, seen in evidence.observations):
        return True
    lab = evidence.laboratory
    roles = {name: one.role for name, one in lab.laboratory.agents.items()} if lab is not None else {}
    return any(roles.get(source) == "analysis" or source == "analysis" for source in evidence.causes[position])


def check_lineage(evidence: Evidence) -> Check:
    """Each observation leads back to everything that it rests on."""
    question = "each observation leads back to raw data, run, sample as made, recipe, proposal, model, software"
    findings = (
        Finding(f"{seen.sample} ({seen.measurement})", what, position)
        for position, seen in evidence.observations
        for what in _trace(evidence, seen)
    )
    return check_all("lineage", question, len(evidence.observations), findings)


def _trace(evidence: Evidence, seen: Observation) -> Iterator[str]:
    if not seen.version or not evidence.versions:
        yield "no software version is recorded"
    taken = evidence.measurements.get(seen.measurement)
    if not taken:
        yield f"measurement {seen.measurement} is not in the log"
    else:
        yield from _trace_measurement(evidence, seen, taken[0][1])
    made = evidence.samples.get(seen.sample)
    if not made:
        yield f"sample {seen.sample} was never made"
    else:
        yield from _trace_sample(evidence, seen, made[0][1])


def _trace_measurement(evidence: Evidence, seen: Observation, taken: Measurement) -> Iterator[str]:
    if taken.sample != seen.sample:
        yield f"its measurement is of sample {taken.sample}"
    if taken.raw != seen.raw:
        yield f"its raw data {seen.raw[:12]}… are not those of its measurement, {taken.raw[:12]}…"
    run = [result for _, result in evidence.results.values() if result.run == taken.run]
    if not run:
        yield f"run {taken.run} of its measurement is in no task's results"
    elif run[0].blobs.get("documents") != taken.documents or run[0].blobs.get("raw") != taken.raw:
        yield f"run {taken.run} brought other raw data or documents than its measurement names"


def _trace_sample(evidence: Evidence, seen: Observation, sample: Sample) -> Iterator[str]:
    if sample.made != seen.made:
        yield "its composition is not that of the sample as made"
    if sample.work not in evidence.accepted:
        yield f"work {sample.work} was never accepted"
    award = evidence.awards.get((sample.work, evidence.accepted.get(sample.work, 0)))
    if award is None or award[1].bid not in evidence.bids:
        yield f"no awarded bid holds the recipe of work {sample.work}"
    elif evidence.bids[award[1].bid].bid.bidder != sample.made_by:
        yield f"the recipe is from {evidence.bids[award[1].bid].bid.bidder}, the sample from {sample.made_by}"
    if sample.kind == "candidate":
        yield from _trace_proposal(evidence, sample)


def _trace_proposal(evidence: Evidence, sample: Sample) -> Iterator[str]:
    found = evidence.proposals.get(sample.id)
    if found is None:
        yield f"no proposal names sample {sample.id}"
        return
    position, proposal = found
    candidate = next(one.candidate for one in proposal.candidates if one.sample == sample.id)
    if candidate != sample.asked:
        yield "the sample was asked for otherwise than proposed"
    if proposal.model is not None and evidence.models.get(proposal.model, position) >= position:
        yield f"model {proposal.model[:12]}… of its proposal was not trained before"
