"""The scorecard as one page that needs nothing beside itself, and as lines for a terminal."""

from collections.abc import Iterator

from jinja2 import Environment, PackageLoader, StrictUndefined

from lab_agents.auditing.report import align
from lab_agents.chaos.scorecard import Scorecard


def render_scorecard(card: Scorecard) -> str:
    """The page as HTML."""
    loader = PackageLoader("lab_agents.chaos", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    return environment.get_template("scorecard.html").render(card=card, figures=list(figures_of(card)))


def figures_of(card: Scorecard) -> Iterator[tuple[str, str]]:
    """The figures that people look at first: name and value."""
    yield "lost", str(card.lost)
    yield "repeated", str(card.repeated)
    yield "said to be unknown", str(card.unknown)
    yield "quarantined", str(card.quarantined)
    yield "tickets", str(card.tickets)
    yield "samples completed", f"{card.n_completed} of {card.n_samples}"
    yield "interventions per 100 samples", f"{card.interventions_per_100_samples:g}"
    yield "blows", str(sum(fault.given or 0 for fault in card.faults if fault.planned is not None))
    yield "faulty messages and answers", str(sum(fault.given or 0 for fault in card.faults if fault.planned is None))


def to_text(card: Scorecard) -> str:
    """The scorecard for a terminal."""
    lines = [f"{card.name}: {card.campaign} in {card.lab}, seed {card.seed}, {card.seconds:.0f} s"]
    lines += [f"on {card.machine}, load {card.load:g}", ""]
    lines += align(list(figures_of(card)))
    rows = [(f.fault, "drawn" if f.planned is None else str(f.planned), _count(f.given), f.note) for f in card.faults]
    lines += ["", *align([("fault", "planned", "given", ""), *rows])]
    times = [(r.fault, r.target, str(r.n), *map(_seconds, (r.p50, r.p95, r.worst))) for r in card.recoveries]
    if times:
        lines += ["", *align([("recovery from", "of", "n", "p50", "p95", "worst"), *times])]
    if card.told:
        lines += ["", *align([("tickets", "")]), *align([(str(t.n), t.what) for t in card.told])]
    lines += ["", *align([("kept" if p.is_kept else "BROKEN", p.promise, p.found) for p in card.promises])]
    return "\n".join(lines)


def _count(given: int | None) -> str:
    return "not counted" if given is None else str(given)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
