"""`lab-agents benchmark survival`: what a laboratory survives, measured with real processes on this machine."""

import asyncio
import math
import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from lab_agents.benchmarks.big_replay import write_campaign
from lab_agents.benchmarks.blows import GUARD, Blow, plan_blows
from lab_agents.benchmarks.epochs import DatedAct, count_old_epochs, in_window, read_acts
from lab_agents.benchmarks.figures import Figure, not_run, verdict
from lab_agents.benchmarks.kills import BadNight, Night, Recovery, freeze
from lab_agents.benchmarks.processes import percentile
from lab_agents.benchmarks.standing_watch import StandingWatch
from lab_agents.bus.relay import Relay
from lab_agents.chaos.arms import make_arms
from lab_agents.chaos.scorecard import Tally, tally
from lab_agents.records.laboratory import Laboratory
from lab_agents.state_folder import StateFolder, read_json, write_json

EACH, TOGETHER = 8, 3
"""Of one night: kills of each kind of process (13 kinds: 104), and how many at one instant."""
FILMS, RELEASE, RELEASE_FILMS = 60, 5, 220
"""Of one night: films that outlast its blows; and from so many seeds on films of more than 2,000 actuations, so that a
release is judged by more than 10,000."""
NOTICED, KILLED = 3.0, 6.0
"""Wall seconds after which a frozen process must be called lost, and gone."""
SAFE = 3.0
"""Wall seconds after which nothing may start any more without a permit, and what is declared so must be safe."""
AWAY = 60.0
"""Wall seconds that a machine is cut off."""

Progress = Callable[[int, int], None]


def benchmark_survival(seeds: int, table: Path | None, progress: Progress) -> Sequence[Figure]:
    """The rows of kills and freezes, of a machine that was cut off, and of a permit that is lost.

    Args:
        seeds: Nights of about 100 kills each; 5 are the release's 500 kills over more than 10,000 actuations.
        table: Not used.
        progress: Told blows given and planned, night by night.
    """
    del table
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="lab-agents-survival-") as name:
        folder = Path(name)
        films = RELEASE_FILMS if seeds >= RELEASE else FILMS
        nights = [asyncio.run(_kill_night(folder / f"night{seed}", films, seed, progress)) for seed in range(seeds)]
        figures += kill_figures(nights)
        figures += asyncio.run(_cut_off(folder / "cut"))
        figures += asyncio.run(_without_permit(folder / "permit"))
    return figures


# Kills and freezes.


async def _kill_night(folder: Path, films: int, seed: int, progress: Progress) -> tuple[Night, Tally, int]:
    """One night: what was given, what came of it, how often an old epoch moved something."""
    campaign, laboratory = await asyncio.to_thread(write_campaign, folder, films, seed)
    blows = plan_night(laboratory, seed)
    night = await BadNight(campaign, folder / "state", blows, seed, together=TOGETHER, patience=3600.0).run(progress)
    counted = await asyncio.to_thread(tally, folder / "state")
    return night, counted, await asyncio.to_thread(count_old_epochs, folder / "state")


def plan_night(laboratory: Laboratory, seed: int) -> list[Blow]:
    """Kills of every kind of process, and a freeze of one agent of each role that drives instruments."""
    blows = plan_blows(laboratory, seed, EACH, freezes=False)
    frozen = [laboratory.agents_of(role) for role in ("synthesis", "service", "characterization")]
    spots = [(i + 1) * len(blows) // (len(frozen) + 1) + i for i in range(len(frozen))]
    for spot, names in zip(spots, frozen, strict=True):
        # Nobody thaws it before its guard must have killed it.
        blows.insert(spot, Blow("freeze", names[seed % len(names)], 4 * KILLED))
    return blows


def kill_figures(nights: Sequence[tuple[Night, Tally, int]]) -> list[Figure]:
    """The rows of the nights."""
    recoveries = [r for night, _, _ in nights for r in night.recoveries]
    kills = [r for r in recoveries if r.blow.how == "kill"]
    guards, others = ([r for r in kills if (r.blow.name == GUARD) is of_guard] for of_guard in (True, False))
    tallies = [counted for _, counted, _ in nights]
    n_acts, n_kills = sum(one.n_moved for one in tallies), len(kills)
    ended = [night.code == 0 and not night.left for night, _, _ in nights]
    made = f"{n_kills} kills over {n_acts} actuations"
    unknown = sum(one.unknown for one in tallies)
    return [
        _none("lost under random kills", sum(one.lost for one in tallies), made),
        _none("actuations repeated under random kills", sum(one.repeated for one in tallies), made),
        Figure(
            figure="audits in which all that is uncertain is said to be so",
            target="all",
            measured=sum(one.agrees for one in tallies) / max(1, len(tallies)),
            verdict=verdict(all(one.agrees for one in tallies)),
            note=f"{unknown} actuations said to be unknown",
        ),
        Figure(
            figure="campaigns under kills that finished without a person and left no process",
            target="all",
            measured=sum(ended) / max(1, len(ended)),
            verdict=verdict(all(ended)),
            note=made,
        ),
        _slowest("recovery of a killed process, p95", others, 10.0),
        _slowest("recovery of a killed guard with its whole tree, p95", guards, 20.0),
        _none("actuations under an older epoch after a newer one was born", sum(old for _, _, old in nights), made),
        *freeze_figures([r for r in recoveries if r.blow.how == "freeze"]),
    ]


def freeze_figures(frozen: Sequence[Recovery]) -> list[Figure]:
    """The rows of agents that are stopped (SIGSTOP).

    One whose guard is killed at the same instant dies with it: nobody has to call it lost any more.
    """
    noticed = [r.gone if r.noticed is None else r.noticed for r in frozen]
    gone = [r.gone for r in frozen]
    return [
        _longest("seconds until a frozen agent is called lost, or is gone, longest", noticed, NOTICED),
        _longest("seconds until a frozen agent is killed, longest", gone, KILLED),
    ]


# A machine that is cut off.


async def _cut_off(folder: Path) -> list[Figure]:
    campaign, laboratory = await asyncio.to_thread(write_campaign, folder, 36, 1)
    agent = laboratory.agents_of("synthesis")[0]
    state = folder / "state"
    night = await _behind_relay(campaign, laboratory, state, [Blow("partition", agent, AWAY)])
    cuts = [r for r in night.recoveries if r.at is not None]
    if not cuts:
        return [not_run(f"an agent that is cut off for {AWAY:.0f} s", "0", "the laboratory did not start")]
    acts = await asyncio.to_thread(read_acts, state)
    owned = laboratory.agents[agent].instruments
    away = sum(in_window(acts, owned, cut.at, SAFE, AWAY) for cut in cuts if cut.at is not None)
    counted = await asyncio.to_thread(tally, state)
    note = f"exit code {night.code}; {counted.lost} lost, {counted.repeated} repeated"
    return [
        _none(f"actuations begun by an agent cut off for {AWAY:.0f} s, from {SAFE:.0f} s on", away, note),
        _none("actuations with its old epoch on return", await asyncio.to_thread(count_old_epochs, state), note),
        Figure(
            figure="seconds from the end of the cut to working again",
            target="< 10",
            measured=cuts[0].seconds,
            verdict=verdict(cuts[0].seconds is not None and cuts[0].seconds < 10 and counted.agrees),
            note=note,
        ),
    ]


async def _behind_relay(campaign: Path, laboratory: Laboratory, state: Path, blows: Sequence[Blow]) -> Night:
    file = (campaign.parent / "lab.yaml").read_bytes()
    runtime = StateFolder.create(state, laboratory.name, file).runtime
    relay = Relay(lambda: str(read_json(runtime)["listens"]), 0)
    address = await relay.start()
    write_json(runtime, {"broker": address, "relay": address})
    try:
        return await BadNight(campaign, state, blows, 0, arms=make_arms(relay), patience=1800.0).run()
    finally:
        await relay.close()


# A permit that is lost.


async def _without_permit(folder: Path) -> list[Figure]:
    """Broker and supervisor are stopped while a film soaks; what may start and what must be made safe is declared."""
    campaign, laboratory = await asyncio.to_thread(write_campaign, folder, 12, 1, speed=300.0, safe=("tester",))
    supervisor = laboratory.agents_of("supervision")[0]
    blows = [Blow("freeze in soak", "broker", 12.0), Blow("freeze in soak", supervisor, 24.0)]
    arms = {"freeze in soak": _freeze_in_soak}
    night = await BadNight(campaign, folder / "state", blows, 0, arms=arms, patience=1800.0).run()
    acts = await asyncio.to_thread(read_acts, folder / "state")
    return [row for r in night.recoveries for row in permit_figures(r, acts, tuple(laboratory.instruments))]


async def _freeze_in_soak(night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """Freeze once the tester has begun another soak, which takes twelve seconds: there is something to make safe."""

    async def n_soaks() -> int:
        return sum(act.action == "soak" for act in await asyncio.to_thread(read_acts, night.state))

    before = await n_soaks()
    while await n_soaks() == before and not night.has_ended:  # noqa: ASYNC110 - another process writes
        await asyncio.sleep(0.1)
    return await freeze(night, watch, blow)


def permit_figures(recovery: Recovery, acts: Sequence[DatedAct], instruments: Collection[str]) -> list[Figure]:
    """The rows of one loss: what began too late, and when what must be safe at once was halted."""
    at = recovery.at
    if at is None:
        return [not_run(f"without {recovery.blow.name}", "safe as declared", "it did not run")]
    what = "broker" if recovery.blow.name == "broker" else "supervisor"
    # Nobody gives a permit until the frozen one is killed (its successor takes longer), or goes on.
    until = recovery.gone if recovery.gone is not None else recovery.blow.seconds
    halted = [(act.wall - at).total_seconds() for act in acts if act.action == "halt" and act.wall > at]
    safe = min((seconds for seconds in halted if seconds < until), default=None)
    begun = [act for act in acts if act.action != "halt"]
    late = in_window(begun, instruments, at, SAFE, until)
    return [
        _none(f"programs begun later than {SAFE:.0f} s after the {what} was gone", late, "until it was back"),
        _longest(f"seconds from the {what} gone to a soak halted whose tester must be safe", [safe], SAFE),
    ]


# Rows.


def _none(figure: str, count: int, note: str) -> Figure:
    return Figure(figure=figure, target="0", measured=float(count), verdict=verdict(count == 0), note=note)


def _longest(figure: str, seconds: Sequence[float | None], limit: float) -> Figure:
    known = [s for s in seconds if s is not None]
    passed = bool(known) and len(known) == len(seconds) and max(known) <= limit
    note = f"n {len(seconds)}" + (f", never seen {len(seconds) - len(known)}" if len(known) < len(seconds) else "")
    return Figure(
        figure=figure,
        target=f"<= {limit:.0f}",
        measured=max(known, default=None),
        verdict=verdict(passed),
        note=note,
    )


def _slowest(figure: str, recoveries: Sequence[Recovery], limit: float) -> Figure:
    known = [r.seconds for r in recoveries if r.seconds is not None]
    p95 = percentile(known, 95) if known else math.inf
    never = len(recoveries) - len(known)
    return Figure(
        figure=f"seconds to {figure}",
        target=f"< {limit:.0f}",
        measured=p95 if known else None,
        verdict=verdict(not never and p95 < limit),
        note=f"p50 {percentile(known, 50):.1f}, worst {max(known):.1f}, n {len(known)}, never {never}" if known else "",
    )
