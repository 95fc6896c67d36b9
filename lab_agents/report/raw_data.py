"""The raw records behind a sample's conclusions, as its analysis was given them."""

from lab_agents.analysis.evidence import BEFORE, BLANK, SILICON, Evidence
from lab_agents.blobs import Blobs
from lab_agents.errors import BlobError
from lab_agents.records.measurement import Measurement
from lab_agents.report.account import Account
from lab_agents.report.sample_account import SampleAccount

N_SHOWN = 3
"""Samples whose raw data are drawn: a full-pattern fit takes seconds."""

_ROLES = {"blank": BLANK, "silicon": SILICON, "standard": SILICON}
"""Kind of a check → role of its record for the analysis of a sample."""


def evidence_of(account: Account, sample: SampleAccount, measurement: Measurement, blobs: Blobs) -> Evidence | None:
    """A measurement's record with what else its analysis leaned on; None where blobs are gone, or nothing was made."""
    if sample.sample is None:
        return None
    earlier = {role: m.raw for role, m in _references(account, measurement).items()}
    before = [m for m in sample.measurements if m.kind == measurement.kind and m.step < measurement.step]
    if before:
        earlier[BEFORE] = before[-1].raw
    try:
        raw = {role: blobs.get(at) for role, at in earlier.items()}
        return Evidence(blobs.get(measurement.raw), measurement.settings, sample.sample.made, raw)
    except BlobError:
        return None


def last_of_kind(sample: SampleAccount, kind: str, step: int | None = None) -> Measurement | None:
    """A sample's last measurement of a kind (at a place in the order, if one is given), or None."""
    found = [m for m in sample.measurements if m.kind == kind and step in (None, m.step)]
    return found[-1] if found else None


def _references(account: Account, measurement: Measurement) -> dict[str, Measurement]:
    """The last record of each standard, of the same kind, before a measurement."""
    taken = [(_ROLES.get(check.kind), m) for check in account.checks.values() for m in check.measurements]
    return {
        role: reference
        for role, reference in sorted(taken, key=lambda t: t[1].taken_at)
        if role is not None and reference.kind == measurement.kind and reference.taken_at <= measurement.taken_at
    }
