"""When a paused campaign is still."""

from datetime import timedelta

from lab_agents.messages.course import CampaignPaused, CampaignResumed
from lab_agents.messages.frames import AgentStatus
from lab_agents.messages.life import LabOpened
from lab_agents.messages.work import ReservationMade, ReservationRequested, TaskDone, TaskStarted
from lab_agents.records.motion import Motion
from lab_agents.records.recipe import Act, Need, Recipe, Step, Task
from lab_agents.report.outlook import PauseTeller
from tests.model_lab import START, laboratory
from tests.story import logged

LAB = laboratory()
PUMP = LAB.agents["line_a"].instruments[0]
DOSE, SOAK = Act(instrument=PUMP, plan="dose"), Act(instrument=PUMP, plan="soak")
NEEDS = (Need(role="stage", place="stage_a"),)
STEPS = (
    Step(name="dose", owner="line_a", acts=(DOSE, DOSE)),
    Step(name="soak", owner="line_a", acts=(SOAK,)),
    Step(name="rinse", owner="line_a", acts=(DOSE,), max_wait=60.0),
)
PAUSE = CampaignPaused(reason="ada: visitors")


def task(step: int) -> Task:
    """A step of the work as a task."""
    acts = STEPS[step].acts
    return Task(id=f"w/{step}", work="w", sample="s-1", step=step, name=STEPS[step].name, owner="line_a", acts=acts)


def end(step: int) -> TaskDone:
    """The good end of a step."""
    return TaskDone(task=f"w/{step}", work="w", sample="s-1", step=step, owner="line_a", results=())


def told(*bodies) -> PauseTeller:
    """The log so far: a work whose first task has begun at second 4, then one more entry each second."""
    request = ReservationRequested(
        work="w", sample="s-1", service="robot", needs=NEEDS, recipe=Recipe(steps=STEPS, needs=NEEDS)
    )
    made = ReservationMade(work="w", sample="s-1", holder="line_a", places={"stage": "stage_a"})
    teller = PauseTeller()
    opened = LabOpened(laboratory=LAB, file="0" * 64, version="0")
    for position, body in enumerate((opened, request, made, TaskStarted(task=task(0)), *bodies), start=1):
        teller.take(logged(position, "line_a", body))
    return teller


def at(seconds: float):
    """An instant of the log's laboratory time."""
    return START + timedelta(seconds=seconds)


def heard(position: int = 99, **line) -> dict[str, AgentStatus]:
    """What the agents say."""
    robot = AgentStatus(agent="robot", epoch=1, position=position)
    return {"robot": robot, "line_a": AgentStatus(agent="line_a", epoch=1, position=position, **line)}


def test_nothing_is_told_of_a_campaign_that_is_not_paused():
    assert PauseTeller().outlook({}) is None
    assert told().outlook(heard()) is None
    assert told(PAUSE, CampaignResumed()).outlook(heard()) is None


def test_it_is_still_when_the_act_under_way_ends_as_expected():
    """A dose is expected to take 20 s: the second of them ends after 40 s."""
    moving = (Motion(instrument=PUMP, token=task(0).token(1), plan="dose", waits=True),)
    outlook = told(PAUSE).outlook(heard(motions=moving))
    assert (outlook.still_since, outlook.still_at) == (None, at(4 + 40))
    assert outlook.when == "still at about 2026-01-01 00:00"
    assert outlook.holders[0].text == "line_a has dose of s-1 under way until about 2026-01-01 00:00"
    assert told(PAUSE).outlook(heard()).still_at == at(4 + 20)


def test_it_is_still_since_the_last_act_ended_before_one_that_is_withheld():
    outlook = told(PAUSE).outlook(heard(withheld={"w/0": at(30)}))
    assert (outlook.holders, outlook.still_since) == ((), at(30))
    assert (outlook.when, outlook.reason) == ("still since 2026-01-01 00:00", "ada: visitors")
    assert told(end(0), PAUSE).outlook(heard()).still_since == at(6)


def test_a_chain_under_way_is_counted_to_its_end():
    """The soak ends by itself, and then the sample is rinsed, because it may wait only for a minute."""
    soaking = told(end(0), TaskStarted(task=task(1)), PAUSE)
    (holder,) = soaking.outlook(heard()).holders
    assert (holder.what, holder.until) == ("has soak of s-1 under way, then rinse", at(6 + 3600 + 20))
    between = told(end(0), TaskStarted(task=task(1)), PAUSE, end(1))
    (holder,) = between.outlook(heard(), at(4000)).holders
    assert (holder.what, holder.until) == ("is next with rinse of s-1", at(4020))
    at_once = told(end(0), TaskStarted(task=task(1)), PAUSE.model_copy(update={"at_once": True}), end(1))
    assert at_once.outlook(heard()).still_since == at(8)


def test_whoever_does_not_answer_or_has_not_read_of_the_pause_may_still_move():
    outlook = told(PAUSE).outlook({})
    assert [holder.what for holder in outlook.holders] == ["has dose of s-1 under way (it does not answer)"]
    late = told(end(0), PAUSE).outlook(heard(position=5))
    assert (late.still_since, late.still_at) == (None, None)
    assert late.when == "not still yet"
    assert [holder.text for holder in late.holders[:1]] == ["line_a has not read of the pause yet"]
