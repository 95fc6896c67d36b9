"""The report page: an account of a campaign, told to somebody who was not there."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab_agents.blobs import Blobs
from lab_agents.report.account import Account
from lab_agents.report.bids import bidding, makers
from lab_agents.report.causes import causes
from lab_agents.report.checks import checks, judged, tally
from lab_agents.report.composition import composition
from lab_agents.report.figures import Figure, held_out, parity, progress, regret
from lab_agents.report.predictions import predictions
from lab_agents.report.properties import properties
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.sites import sites
from lab_agents.report.stops import NO_STOPS, StopsTold, alarms, stop_rows
from lab_agents.report.target_words import band_text, plain_name, target_text
from lab_agents.report.timeline import timeline
from lab_agents.report.truth import Truth
from lab_agents.report.verdicts import facts, verdict
from lab_agents.report.wording import composition_text, duration, percent, short, with_deviation

if TYPE_CHECKING:
    from jinja2 import Environment

N_BEST = 5


@dataclass(frozen=True)
class Part:
    """One share of a mixture, for the bar that shows it."""

    name: str
    percent: float
    series: int


def render_page(
    account: Account,
    truth: Truth | None,
    written_at: str,
    blobs: Blobs | None = None,
    stops: StopsTold = NO_STOPS,
) -> str:
    """The whole page, self-contained.

    Args:
        account: The campaign.
        truth: The recorded table behind a replayed laboratory, or None.
        written_at: When the page was written, for its foot.
        blobs: Where the raw records are; without, they are not drawn.
        stops: Emergency stops and drills in the campaign's time.
    """
    if account.plan is None:
        raise ValueError("there is no campaign to report on")
    return (
        _environment()
        .get_template("page.html")
        .render(
            account=account,
            plan=account.plan,
            truth=truth,
            verdict=verdict(account, truth),
            facts=facts(account, truth),
            best=account.leading(N_BEST) if account.plan.target.constraints else account.best(N_BEST),
            figures=_figures(account, truth, blobs),
            samples=list(account.samples.values()),
            makers=makers(account),
            bidding={s.id: bidding(s) for s in account.samples.values()},
            causes=causes(account),
            checked=tally(account),
            judged=judged(account),
            versions=sorted((what, ", ".join(sorted(v))) for what, v in account.versions.items()),
            trouble_causes=Counter(t.trouble.what.split(":")[0][:120] for _, _, t in account.troubles).most_common(),
            restarts={a: n - 1 for a, n in sorted(account.births.items()) if n > 1},
            alarms=alarms(account.stops),
            stops=stop_rows(stops),
            stop_trouble=stops.trouble,
            written_at=written_at,
        )
    )


def _figures(account: Account, truth: Truth | None, blobs: Blobs | None) -> dict[str, Figure]:
    constrained = account.plan is not None and bool(account.plan.target.constraints)
    drawn = [
        properties(account) if constrained else progress(account, truth),
        regret(account, truth),
        *_of_raw_data(account, blobs),
        predictions(account) or parity(account),
        held_out(account),
        *(sites(account) or composition(account)),
        timeline(account),
        checks(account),
    ]
    return {f.name: f for f in drawn if f is not None}


def _of_raw_data(account: Account, blobs: Blobs | None) -> list[Figure | None]:
    if blobs is None or account.plan is None:
        return []
    # imported here, because they import the analysis, which neither other reports nor `status` need
    from lab_agents.report.patterns import patterns
    from lab_agents.report.references import references
    from lab_agents.report.spectra import spectra

    return [patterns(account, blobs), spectra(account, blobs), references(account, blobs)]


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
        "band": band_text,
        "duration": duration,
        "short": short,
        "with_deviation": with_deviation,
        "composition": composition_text,
        "parts": parts,
        "percent": percent,
        "plain": plain_name,
        "target": target_text,
    }
    return environment
