"""Does every observation stand once, and lead back to raw data, run, sample, recipe, model and software?"""

from collections import Counter
from collections.abc import Iterator

from lab_agents.auditing.evidence import Evidence, Taken
from lab_agents.auditing.report import Check, Finding, check_all
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Observation
from lab_agents.records.sample import Sample


def check_observations(evidence: Evidence) -> Check:
    """Each measurement was taken once and observed once, or the log says why not."""
    question = "each measurement stands once and was observed once, or the log says why not"
    open_ones = [one for one in _unjudged(evidence) if one.campaign in evidence.open_campaigns]
    findings = [*_find_repeats(evidence), *_find_unobserved(evidence)]
    note = f"{len(open_ones)} still to be analysed" if open_ones else ""
    return check_all("observations", question, len(evidence.measurements), findings, note)


def _find_repeats(evidence: Evidence) -> Iterator[Finding]:
    for name, taken in evidence.measurements.items():
        if len(taken) > 1:
            yield Finding(name, f"was taken {len(taken)} times", taken[-1].position)
    standing = [(p, o) for p, o in evidence.observations if (o.sample, o.measurement) not in evidence.retracted]
    counts = Counter((seen.measurement, seen.property) for _, seen in standing)
    for position, seen in standing:
        if counts[seen.measurement, seen.property] > 1:
            yield Finding(seen.measurement, f"was observed {counts[seen.measurement, seen.property]} times", position)
    for name, made in evidence.samples.items():
        if len(made) > 1:
            yield Finding(name, f"was made {len(made)} times", made[-1][0])


def _find_unobserved(evidence: Evidence) -> Iterator[Finding]:
    # A standard is looked at so that others can be understood: nothing is concluded of it.
    standards = {s.name for s in evidence.laboratory.laboratory.standards} if evidence.laboratory is not None else set()
    for one in _unjudged(evidence):
        if one.campaign not in evidence.open_campaigns and one.measurement.sample not in standards:
            yield Finding(one.measurement.id, "was never observed, and no analysis says why", one.position)


def _unjudged(evidence: Evidence) -> Iterator[Taken]:
    """Measurements that analysis has not answered: no observation, no request to measure again, no trouble."""
    observed = {seen.measurement for _, seen in evidence.observations}
    lab = evidence.laboratory
    judges = {"analysis", *(lab.laboratory.agents_of("analysis") if lab is not None else ())}
    for name, taken in evidence.measurements.items():
        if name not in observed and not judges & evidence.causes[taken[0].position]:
            yield taken[0]


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
        yield from _trace_measurement(evidence, seen, taken[0].measurement)
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
