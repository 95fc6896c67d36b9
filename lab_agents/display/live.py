"""The live display: budget, best so far, a row for each agent and instrument, why it waits, times, tickets."""

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lab_agents.display.scene import Scene
from lab_agents.messages.frames import AgentStatus
from lab_agents.records.motion import Motion
from lab_agents.report.wording import composition_text, duration, with_deviation

_ORDER = ("planning", "synthesis", "characterization", "service", "analysis", "training", "supervision", "person")
_MOST_TICKETS = 4
"""More tickets than these would push the agents off a small terminal; how many more is said."""


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
    state = " · paused" if scene.paused is not None else ""
    state = state or (" · finished" if scene.account.is_complete else " · closing" if scene.account.closing else "")
    return f"[bold]{plan.name}[/]: {plan.target.direction} {plan.target.property}{state}"


def _head(scene: Scene) -> list[RenderableType]:
    plan = scene.account.plan
    if plan is None:
        return [Text("the laboratory is starting", style="dim")]
    counts, total = scene.counts, plan.budget.samples
    bar = Table.grid(padding=(0, 2))
    bar.add_column(width=9)
    bar.add_column(width=36)
    bar.add_column()
    numbers = f"{counts['observed']} of {total} concluded, {counts['made']} made, {counts['proposed']} proposed"
    failed = f", [red]{counts['failed']} failed[/]" if counts["failed"] else ""
    bar.add_row("samples", ProgressBar(total=total, completed=counts["observed"], width=36), numbers + failed)
    best = scene.best
    if best is not None and best.observation is not None:
        seen = best.observation
        unit = "" if seen.unit == "1" else f" {seen.unit}"
        value = f"[bold green]{with_deviation(seen.value, seen.deviation)}[/]{unit}"
        bar.add_row("best", value, f"{best.id}: {composition_text(best.made_values or {}, plan.space)}")
    if scene.regret is not None:
        bar.add_row("regret", f"{scene.regret:.3g}", "against the best recorded material")
    held = f"  [dim]clock held by {scene.tick.held_by}[/]" if scene.tick is not None and scene.tick.held_by else ""
    bar.add_row(
        "time", f"{duration(scene.lab_elapsed)} in the laboratory", f"{duration(scene.wall_elapsed)} on the clock{held}"
    )
    return [bar]


def _agents(scene: Scene) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("agent", no_wrap=True, min_width=14)
    table.add_column("does", ratio=3, no_wrap=True)
    table.add_column("waits for", ratio=3, no_wrap=True, style="yellow")
    for name in _ordered(scene):
        status = scene.agents.get(name)
        table.add_row(name, _activity(status), _waits(status))
        for instrument in _instruments(scene, name):
            motion = next((m for m in status.motions if m.instrument == instrument), None) if status else None
            table.add_row(f"  [dim]{instrument}[/]", _motion(motion), "")
    return table


def _ordered(scene: Scene) -> list[str]:
    laboratory = scene.account.laboratory
    declared = list(laboratory.agents) if laboratory is not None else []
    if laboratory is not None:
        declared.sort(key=lambda a: _ORDER.index(laboratory.agents[a].role))
    return declared + sorted(set(scene.agents) - set(declared))


def _instruments(scene: Scene, agent: str) -> tuple[str, ...]:
    laboratory = scene.account.laboratory
    if laboratory is None or agent not in laboratory.agents:
        return ()
    return laboratory.agents[agent].instruments


def _activity(status: AgentStatus | None) -> str:
    if status is None:
        return "[dim]not heard yet[/]"
    if not status.alive:
        return "[red]gone[/]"
    if status.stuck:
        return f"[red]{status.stuck}[/]"
    return status.activity or (f"owes {', '.join(status.owed)}" if status.owed else "[dim]idle[/]")


def _waits(status: AgentStatus | None) -> str:
    if status is None or not status.waits:
        return ""
    subject, reason = next(iter(status.waits.items()))
    more = f" (+{len(status.waits) - 1})" if len(status.waits) > 1 else ""
    return f"{subject}: {reason}{more}"


def _motion(motion: Motion | None) -> str:
    if motion is None:
        return "[dim]-[/]"
    until = f" until {motion.until:%H:%M:%S}" if motion.until is not None else ""
    return f"{motion.plan}{until}"


def _foot(scene: Scene) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(alarm, style="bold red") for alarm in scene.alarms]
    tickets = scene.open_tickets
    lines += [Text(f"ticket {line}", style="magenta") for line in tickets[:_MOST_TICKETS]]
    if len(tickets) > _MOST_TICKETS:
        lines.append(Text(f"and {len(tickets) - _MOST_TICKETS} more tickets: lab-agents status", style="magenta"))
    if scene.notice:
        lines.append(Text(scene.notice, style="bold"))
    return lines
