"""The live display: budget, best so far, a row for each agent and instrument, why it waits, times, tickets."""

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lab_agents.display.scene import Scene
from lab_agents.messages.frames import AgentStatus
from lab_agents.records.motion import Motion
from lab_agents.report.outlook import Outlook
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.target_words import plain_name
from lab_agents.report.wording import composition_text, count, duration, percent

_ORDER = ("planning", "synthesis", "characterization", "service", "analysis", "training", "supervision", "person")
_MOST_TICKETS = 4
"""More tickets or approvals than these would push the agents off a small terminal; how many more is said."""


class Picture:
    """Draws a scene; rich asks it anew at each refresh."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        """The parts from top to bottom."""
        yield Panel(Group(*_head(self._scene)), title=_title(self._scene), title_align="left", border_style="cyan")
        yield _agents(self._scene)
        yield from _foot(self._scene)


def _title(scene: Scene) -> str:
    plan = scene.account.plan
    if plan is None:
        return "waiting for the campaign to start"
    state = " · paused" if scene.pause is not None else ""
    state = state or (" · finished" if scene.account.is_complete else " · closing" if scene.account.closing else "")
    return f"[bold]{escape(plan.name)}[/]: {plan.target.direction} {escape(plan.target.property)}{state}"


def _head(scene: Scene) -> list[RenderableType]:
    plan = scene.account.plan
    if plan is None:
        return [Text("the laboratory is starting", style="dim")]
    counts, total = scene.counts, plan.budget.samples
    bar = Table.grid(padding=(0, 2))
    bar.add_column(width=9)
    bar.add_column(width=40)
    bar.add_column()
    numbers = f"{counts['observed']} of {total} concluded, {counts['made']} made, {counts['proposed']} proposed"
    failed = f", [red]{counts['failed']} failed[/]" if counts["failed"] else ""
    bar.add_row("samples", ProgressBar(total=total, completed=counts["observed"], width=36), numbers + failed)
    if plan.target.constraints:
        bar.add_row("hits", *_hits(scene))
    if scene.nearest is not None and scene.nearest.objective is not None:
        for cells in _best(scene.nearest, scene):
            bar.add_row(*cells)
    if scene.regret is not None:
        bar.add_row("regret", f"{scene.regret:.3g}", "against the best recorded material")
    if scene.pause is not None:
        bar.add_row("pause", *_pause(scene.pause))
    held_by = scene.tick.held_by if scene.tick is not None else ""
    held = f"  [dim]clock held by {escape(held_by)}[/]" if held_by else ""
    bar.add_row("time", _lab_time(scene), f"{duration(scene.wall_elapsed)} on the clock{held}")
    return [bar]


def _pause(pause: Outlook) -> tuple[str, str]:
    """When it is still, and each who keeps it from that."""
    style, why = ("yellow", "\n".join(h.text for h in pause.holders)) if pause.holders else ("green", pause.reason)
    return f"[{style}]{escape(pause.when)}[/]", escape(why)


def _lab_time(scene: Scene) -> str:
    hours = scene.account.plan.budget.hours if scene.account.plan is not None else None
    of = "" if hours is None else f" of {hours:g} h"
    return f"{duration(scene.lab_elapsed)}{of} in the laboratory"


def _hits(scene: Scene) -> tuple[str, str]:
    plan = scene.account.plan
    sure = percent(plan.target.confidence) if plan is not None else ""
    n, of = scene.counts["hits"], scene.counts["measured"]
    style = "bold green" if n else "dim"
    return f"[{style}]{n}[/] of {count(of, 'sample')} measured", f"every constraint holds with at least {sure}"


def _best(sample: SampleAccount, scene: Scene) -> list[tuple[str, str, str]]:
    """The best sample with its objective; with constraints, how they are met. Before the first hit, the nearest one."""
    plan, value = scene.account.plan, sample.objective
    if plan is None or value is None:
        return []
    made = escape(f"{sample.id}: {composition_text(sample.made_values or {}, plan.space)}")
    if not plan.target.constraints:
        return [("best", f"[bold green]{escape(value.text)}[/]", made)]
    word, style = ("best", "bold green") if sample.is_hit else ("nearest", "yellow")
    named = f"[{style}]{escape(f'{plain_name(plan.target.property)} {value.text}')}[/]"
    read = [(c.property, sample.quantity(c.property)) for c in plan.target.constraints]
    met = ", ".join(f"{plain_name(name)} {seen.text if seen is not None else 'not read'}" for name, seen in read)
    return [(word, named, made), ("", f"chance {percent(sample.chance)}", escape(met))]


def _agents(scene: Scene) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("agent", no_wrap=True, min_width=14)
    table.add_column("does", ratio=3, no_wrap=True)
    table.add_column("waits for", ratio=3, no_wrap=True, style="yellow")
    for name in _ordered(scene):
        status = scene.agents.get(name)
        table.add_row(Text(name), _activity(status), Text(_waits(status)))
        for instrument in _instruments(scene, name):
            motion = next((m for m in status.motions if m.instrument == instrument), None) if status else None
            gauges = scene.gauges.of(instrument)
            shows = Text("" if gauges.age is None else gauges.text, style="dim")
            table.add_row(Text(f"  {instrument}", style="dim"), _motion(motion), shows)
    return table


def _ordered(scene: Scene) -> list[str]:
    laboratory = scene.account.laboratory
    declared = list(laboratory.agents) if laboratory is not None else []
    if laboratory is not None:
        declared.sort(key=lambda a: _ORDER.index(laboratory.agents[a].role))
    return declared or sorted(scene.agents)


def _instruments(scene: Scene, agent: str) -> tuple[str, ...]:
    laboratory = scene.account.laboratory
    if laboratory is None or agent not in laboratory.agents:
        return ()
    return laboratory.agents[agent].instruments


def _activity(status: AgentStatus | None) -> Text:
    # Never as markup: what agents say may hold brackets, as errors do.
    if status is None:
        return Text("not heard yet", style="dim")
    if not status.alive:
        return Text("gone", style="red")
    if status.stuck:
        return Text(status.stuck, style="red")
    said = status.activity or (f"owes {', '.join(status.owed)}" if status.owed else "")
    return Text(said) if said else Text("idle", style="dim")


def _waits(status: AgentStatus | None) -> str:
    if status is None or not status.waits:
        return ""
    subject, reason = next(iter(status.waits.items()))
    more = f" (+{len(status.waits) - 1})" if len(status.waits) > 1 else ""
    return f"{subject}: {reason}{more}"


def _motion(motion: Motion | None) -> Text:
    if motion is None:
        return Text("-", style="dim")
    until = f" until {motion.until:%H:%M:%S}" if motion.until is not None else ""
    return Text(f"{motion.plan}{until}")


def _foot(scene: Scene) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(alarm, style="bold red") for alarm in scene.alarms]
    lines += _asked([f"ticket {line}" for line in scene.open_tickets], "tickets")
    lines += _asked(scene.awaited_approvals, "approvals")
    if scene.notice:
        lines.append(Text(scene.notice, style="bold"))
    return lines


def _asked(lines: list[str], what: str) -> list[RenderableType]:
    """What people are asked, and how many more there are than are shown."""
    more = len(lines) - _MOST_TICKETS
    shown = lines[:_MOST_TICKETS] + ([f"and {more} more {what}: lab-agents status"] if more > 0 else [])
    return [Text(line, style="magenta") for line in shown]
