"""When each instrument did what, in laboratory time."""

from lab_agents.report.account import Account, Span
from lab_agents.report.drawing import BAD, PAPER, SERIES, plot
from lab_agents.report.figures import Figure

_MOST_COLUMNS = 7
"""Names of acts side by side in the legend; more would be wider than the page."""


def timeline(account: Account) -> Figure | None:
    """A bar for each act on each instrument, in laboratory hours since the campaign began."""
    spans = [s for s in account.spans if s.ended_at is not None]
    if not spans or account.started_at is None:
        return None
    instruments = _rows(account, spans)
    plans = sorted({s.plan for s in spans})
    # The palette has six colours: the acts that take longest in all have one each, the others have them again, paler.
    ranked = sorted(
        plans, key=lambda plan: -sum(b - a for a, b in (_hours(account, s) for s in spans if s.plan == plan))
    )
    colours = {plan: SERIES[i % len(SERIES)] for i, plan in enumerate(ranked)}
    strength = {plan: 1.0 if i < len(SERIES) else 0.55 for i, plan in enumerate(ranked)}
    last = max(_hours(account, s)[1] for s in spans)
    # Many instruments get thinner bars, so that the figure still fits a screen.
    with plot(9.4, 0.9 + (0.42 if len(instruments) <= 10 else 0.29) * len(instruments)) as drawn:
        axes = drawn.panels[0]
        for plan in plans:
            for row, instrument in enumerate(instruments):
                bars = _bars(
                    account, [s for s in spans if (s.plan, s.instrument, s.ok) == (plan, instrument, True)], last
                )
                if bars:
                    axes.broken_barh(
                        bars, (row - 0.36, 0.72), facecolor=colours[plan], edgecolor=PAPER, lw=_edge(bars, last),
                        alpha=strength[plan],
                    )  # fmt: skip
            axes.barh(0, 0, color=colours[plan], alpha=strength[plan], label=plan.replace("_", " "))
        failed = [s for s in spans if not s.ok]
        if failed:
            at = [(_hours(account, s)[0], instruments.index(s.instrument)) for s in failed]
            axes.plot(*zip(*at, strict=True), ls="none", marker="x", color=BAD, ms=7, mew=1.8, label="failed", zorder=4)
        axes.set_yticks(range(len(instruments)), instruments)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlim(0, last * 1.005)
        axes.set_xlabel("laboratory hours since the campaign began")
        columns = min(_MOST_COLUMNS, len(plans) + bool(failed))
        axes.legend(ncols=columns, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=9)
        svg = drawn.to_svg("timeline", "Timeline of every instrument")
    busy = _busiest(account, spans, last)
    caption = f"Each bar is one act. {busy[0]} was the busiest: {100 * busy[1]:.0f} % of the time."
    return Figure("timeline", "Who did what, when", caption, svg)


def _rows(account: Account, spans: list[Span]) -> list[str]:
    """Instruments in the order of the lab file."""
    declared = list(account.laboratory.instruments) if account.laboratory is not None else []
    seen = {s.instrument for s in spans}
    return [i for i in declared if i in seen] + sorted(seen - set(declared))


def _hours(account: Account, span: Span) -> tuple[float, float]:
    start = account.started_at
    if start is None or span.ended_at is None:
        return 0.0, 0.0
    return (span.started_at - start).total_seconds() / 3600, (span.ended_at - start).total_seconds() / 3600


def _bars(account: Account, spans: list[Span], last: float) -> list[tuple[float, float]]:
    """Start and length in hours; what is shorter than a pixel is drawn one pixel wide."""
    return [(a, max(b - a, last / 1500)) for a, b in (_hours(account, s) for s in spans)]


def _edge(bars: list[tuple[float, float]], last: float) -> float:
    """Points of the edge between bars; on narrow bars it would hide them."""
    return 0.4 if min(length for _, length in bars) > last / 300 else 0.0


def _busiest(account: Account, spans: list[Span], last: float) -> tuple[str, float]:
    totals: dict[str, float] = {}
    for span in spans:
        a, b = _hours(account, span)
        totals[span.instrument] = totals.get(span.instrument, 0.0) + b - a
    name = max(totals, key=lambda n: totals[n])
    return name, totals[name] / last if last else 0.0
