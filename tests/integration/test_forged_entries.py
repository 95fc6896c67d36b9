"""Entries that a taken-over agent, planner or person would like to see in the log, offered to a real recorder."""

import asyncio

from lab_agents.messages import course, work
from lab_agents.messages.commands import GiveApproval
from lab_agents.messages.life import EntryRefused
from lab_agents.records.recipe import Act, Task
from tests.small_log import make_entry, small_log

AWARD = course.WorkAwarded(work="w", round=1, bidder="line", bid=1, score=1.0, reason="because")
STARTED = work.TaskStarted(
    task=Task(
        id="t", work="w", sample="s", step=0, name="dose", owner="line", acts=(Act(instrument="toy", plan="dose"),)
    )
)
FORGED = (
    ("line", "line/1/0", AWARD, "line may not publish WorkAwarded"),
    ("once-1", "once-1/1", AWARD, "once-1 may not publish WorkAwarded"),
    ("planning", "planning/1/0", STARTED, "planning may not publish TaskStarted"),
    ("planning", "planning/1/1", course.BudgetGranted(samples=1000), "planning may not publish BudgetGranted"),
    ("planning", "planning/1/2", GiveApproval(work="w", round=1, person="ada"), "planning may not publish GiveAppr"),
    ("planning", "line/1/0", AWARD, "planning may not give an entry the id line/1/0"),
    ("stranger", "stranger/1/0", AWARD, "stranger may not publish WorkAwarded"),
)


async def test_what_belongs_to_another_role_or_name_is_refused_and_kept(tmp_path):
    """Each with its reason and the bytes as received; none of it stands in the log."""
    async with small_log(tmp_path) as log:
        bus, sequences = await log.join("attacker"), dict.fromkeys((one[0] for one in FORGED), 0)
        for source in sequences:
            await log.listen(bus, source)
            await log.give_birth(bus, source, epoch=1)
        for source, entry_id, body, _ in FORGED:
            sequences[source] += 1
            await log.send(bus, source, sequences[source], make_entry(entry_id, body).to_bytes())
        entries = await log.entries(1 + len(FORGED))
        refused = [entry.record for entry in entries if isinstance(entry.record, EntryRefused)]
        assert [entry.kind for entry in entries] == ["LabOpened"] + ["EntryRefused"] * len(FORGED)
        for (source, entry_id, body, reason), one in zip(FORGED, refused, strict=True):
            assert (one.source, one.refused_id) == (source, entry_id)
            assert reason in one.reason
            assert await asyncio.to_thread(log.blobs.get, one.raw) == make_entry(entry_id, body).to_bytes()
