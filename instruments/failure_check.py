"""Whether what a lab file says of failed tasks can be meant."""

from collections.abc import Mapping

from lab_agents.declarations import Declaration
from lab_agents.records.failure import TASK_KINDS
from lab_agents.records.laboratory import Laboratory

FIELD = "on_failure"


def check_kinds(document: Declaration) -> None:
    """Refuse kinds of tasks that there are not.

    Raises:
        DeclarationError: For the first one.
    """
    declared = document.data.get(FIELD)
    for kind in declared if isinstance(declared, Mapping) else ():
        if kind not in TASK_KINDS:
            remedy = f"There are {', '.join(TASK_KINDS)}; what is none of these is other"
            raise document.error(f"there is no kind of task {kind!r}", FIELD, kind, remedy=remedy)


def check_failures(document: Declaration, laboratory: Laboratory) -> None:
    """Refuse policies that contradict themselves, and other instruments that could never help.

    Raises:
        DeclarationError: For the first thing that cannot be meant.
    """
    for kind, policy in laboratory.on_failure.items():
        if policy.flaw:
            remedy = "Give retries from 1 to 10 with shorter waits, or another action"
            raise document.error(f"cannot be meant: {policy.flaw}", FIELD, kind, remedy=remedy)
        if kind == "transfer" and policy.action == "skip":
            what = "a transfer cannot be skipped: what follows would look for the sample where it is not"
            raise document.error(what, FIELD, kind, "action", remedy="Write quarantine, ask or abort")
        for i, instrument in enumerate(policy.instead):
            where = (FIELD, kind, "instead", i)
            if instrument not in laboratory.instruments:
                remedy = f"Declared are {', '.join(laboratory.instruments)}"
                raise document.error(f"there is no instrument {instrument!r}", *where, remedy=remedy)
            if kind == "transfer" or not _stands_in(laboratory, instrument):
                what = f"{instrument} can do nothing instead of another one"
                remedy = "It needs an instrument of the same driver and the same agent; a transfer has its own carrier"
                raise document.error(what, *where, remedy=remedy)


def _stands_in(laboratory: Laboratory, instrument: str) -> bool:
    """Whether its agent drives another instrument of its driver."""
    driver = laboratory.instruments[instrument].driver
    others = laboratory.agents[laboratory.owner(instrument)].instruments
    return any(o != instrument and laboratory.instruments[o].driver == driver for o in others)
