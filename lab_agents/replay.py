"""Taking every decision in a log again, and comparing.

Each agent's rules run over the log from its first entry; what they decide must be what the agent recorded, and every
computation is made again from its recorded arguments. Motions are not: what happened, happened once.
"""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from lab_agents import __version__
from lab_agents.agents.behaviour import AnyBehaviour
from lab_agents.blob_place import blobs_of
from lab_agents.blobs import Blobs
from lab_agents.messages.commands import EntryVoided
from lab_agents.messages.life import LabChanged, LabOpened, TroubleMet
from lab_agents.records.laboratory import Laboratory
from lab_agents.replaying.computing import ComputeHere, RunJob, ScratchBlobs
from lab_agents.replaying.report import ReplayReport, Stretch
from lab_agents.replaying.retaking import Retaking
from lab_agents.store.reader import StoreReader

BehaviourOf = Callable[[str, Laboratory], AnyBehaviour]
"""The rules of a laboratory's agent; `lab_agents.assembly.behaviour_of` is one."""


def replay(
    state: Path, behaviour_of: BehaviourOf, run_job: RunJob | None = None, blobs: Blobs | None = None
) -> ReplayReport:
    """Replay the log of a state folder; nothing in it is changed.

    Args:
        state: The state folder.
        behaviour_of: Which rules belong to which agent.
        run_job: Computes jobs again; None compares decisions only, and says so in the report.
        blobs: Where raw data are; where its lab file says by default.

    Returns:
        The report; `agrees` is False where this version's own stretches differ.

    Raises:
        StoreError: If there is no store, or it cannot be read.
    """
    scratch = ScratchBlobs(blobs or blobs_of(state))
    compute = None if run_job is None else ComputeHere(run_job, scratch)
    agents: dict[str, Retaking] = {}
    head = 0
    with StoreReader(state / "store.sqlite") as reader:
        passed_over = _find_passed_over(reader)
        for name, laboratory in _declared(reader).items():
            agents[name] = Retaking(name, behaviour_of(name, laboratory), compute, passed_over[name])
        for logged in reader.entries():
            head = logged.position
            for agent in agents.values():
                agent.take(logged)
    return _report(state, head, [agent.finish() for agent in agents.values()])


def replay_state(state: Path) -> ReplayReport:
    """Replay with this version's own agents and jobs.

    Raises:
        StoreError: If there is no store, or it cannot be read.
    """
    from lab_agents.assembly import behaviour_of  # imported here: the composition root loads every package
    from lab_agents.jobs import run_job

    return replay(state, behaviour_of, run_job)


def _declared(reader: StoreReader) -> dict[str, Laboratory]:
    """Every agent that the laboratory ever declared, with the last declaration that names it."""
    declared: dict[str, Laboratory] = {}
    for logged in reader.entries(("LabOpened", "LabChanged")):
        record = logged.entry.record
        if isinstance(record, LabOpened | LabChanged):
            declared |= dict.fromkeys(record.laboratory.agents, record.laboratory)
    return declared


def _find_passed_over(reader: StoreReader) -> dict[str, set[int]]:
    """By agent, the positions that it could not handle and a person voided; all others handled those entries."""
    voided, stuck = set(), defaultdict(set)
    for logged in reader.entries(("EntryVoided", "TroubleMet")):
        record = logged.entry.record
        if isinstance(record, EntryVoided):
            voided.add(record.position)
        elif isinstance(record, TroubleMet) and logged.entry.id.startswith(f"{logged.seal.source}/stuck/"):
            stuck[logged.seal.source].add(record.position)
    passed_over: dict[str, set[int]] = defaultdict(set)
    for source, positions in stuck.items():
        passed_over[source] = {position for position in positions if position in voided}
    return passed_over


def _report(state: Path, head: int, finished: list[tuple[tuple[Stretch, ...], tuple[str, ...]]]) -> ReplayReport:
    stretches = tuple(stretch for of_agent, _ in finished for stretch in of_agent)
    return ReplayReport(
        state=str(state),
        head=head,
        software=__version__,
        stretches=stretches,
        in_flight=tuple(entry_id for _, ids in finished for entry_id in ids),
        other_versions=any(stretch.version != __version__ for stretch in stretches),
        agrees=not any(stretch.differences for stretch in stretches if stretch.version == __version__),
    )
