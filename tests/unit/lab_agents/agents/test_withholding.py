"""What a pause withholds of tasks under way."""

from datetime import timedelta

from lab_agents.agents.courses import begin_due, follow_courses
from lab_agents.agents.pauses import UNPAUSED, Pause, follow_pauses
from lab_agents.agents.tasks import say_begun
from lab_agents.agents.withholding import PAUSED, chain_of, find_wait, find_withheld
from lab_agents.messages.course import CampaignPaused, CampaignResumed
from lab_agents.messages.entry import Body
from lab_agents.messages.work import ReservationMade, ReservationRequested, TaskDone
from lab_agents.records.laboratory import AgentDeclaration
from lab_agents.records.recipe import Act, Need, Recipe, Step
from tests.model_lab import START, laboratory
from tests.story import logged

LAB = laboratory().model_copy(update={"agents": {"line": AgentDeclaration(role="synthesis", instruments=("pump",))}})
PUMP, OVEN = Act(instrument="pump", plan="dose"), Act(instrument="oven", plan="soak")
DOSES = Step(name="dose", owner="line", acts=(PUMP, PUMP))
WET = Step(name="rinse", owner="line", acts=(PUMP,), max_wait=60.0)
STOP = CampaignPaused(reason="ada")


class Line:
    """A line that follows its courses and pauses, as it stands after some entries."""

    def __init__(self) -> None:
        self.courses, self.pauses, self.position = {}, UNPAUSED, 0

    def tell(self, body: Body) -> None:
        """One more entry; what it begins is said after it."""
        self.position += 1
        entry = logged(self.position, "line", body)
        self.pauses = follow_pauses(self.pauses, entry)
        self.courses = begin_due(
            follow_courses(self.courses, entry, "line"), LAB, self.position, entry.entry.at, frozenset(), self.pauses
        )

    def begin(self, work: str, *steps: Step) -> None:
        """Reserve a place for a work of these steps, which is granted."""
        needs = (Need(role="stage", place="stage_a"),)
        recipe = Recipe(steps=steps, needs=needs)
        self.tell(ReservationRequested(work=work, sample=work, service="robot", needs=needs, recipe=recipe))
        self.tell(ReservationMade(work=work, sample=work, holder="line", places={"stage": "stage_a"}))

    def start(self) -> None:
        """The starts that were promised stand in the log."""
        for draft in say_begun(self.courses, LAB, self.position):
            self.tell(draft.body)

    def end(self, work: str, step: int) -> None:
        """A step's good end."""
        self.tell(TaskDone(task=f"{work}/{step}", work=work, sample=work, step=step, owner="line", results=()))

    def withheld(self, work: str, act: int) -> str:
        """Why an act of the present task does not begin."""
        job = self.courses[work].job
        assert job is not None
        return find_withheld(self.courses, self.pauses, LAB, job, act)


def test_a_task_begun_before_a_pause_stops_after_the_act_that_it_is_at():
    line = Line()
    line.begin("w", DOSES)
    line.start()
    assert line.withheld("w", 1) == ""
    line.tell(STOP)
    assert (line.withheld("w", 0), line.withheld("w", 1)) == ("", PAUSED)
    line.tell(CampaignResumed())
    assert line.withheld("w", 1) == ""


def test_a_start_that_comes_after_the_pause_begins_nothing():
    line = Line()
    line.begin("w", DOSES)
    promised = say_begun(line.courses, LAB, line.position)
    line.tell(STOP)
    line.tell(promised[0].body)
    assert line.withheld("w", 0) == PAUSED


def test_a_due_step_waits_and_says_so_and_goes_on_after_the_pause():
    line = Line()
    line.begin("w", DOSES, Step(name="soak", owner="line", acts=(OVEN,)))
    line.start()
    line.tell(STOP)
    line.end("w", 0)
    assert line.courses["w"].phase == "due"
    assert find_wait(line.courses["w"], line.pauses) == "waiting to soak: the campaign is paused"
    line.tell(CampaignResumed())
    assert (line.courses["w"].phase, line.courses["w"].step) == ("started", 1)


def test_a_chain_under_way_runs_to_its_last_step_unless_the_pause_says_at_once():
    line = Line()
    line.begin("w", Step(name="coat", owner="line", acts=(PUMP,)), WET, Step(name="store", owner="line", acts=(OVEN,)))
    line.start()
    line.tell(STOP)
    assert [c.present.name for c in chain_of(line.courses["w"], line.pauses)] == ["rinse"]
    line.end("w", 0)
    assert line.courses["w"].phase == "started"
    line.start()
    assert line.withheld("w", 0) == ""
    line.tell(STOP.model_copy(update={"at_once": True}))
    assert not list(chain_of(line.courses["w"], line.pauses))
    assert line.withheld("w", 0) == PAUSED


def test_a_chain_that_comes_to_rest_before_its_next_step_is_none():
    line = Line()
    line.begin("w", DOSES, WET)
    line.start()
    line.tell(STOP)
    assert not list(chain_of(line.courses["w"], line.pauses))


def test_a_task_that_stands_in_the_way_of_a_chain_goes_on():
    """The pump that is half through its doses is needed to rinse what another work has coated."""
    line = Line()
    line.begin("a", Step(name="coat", owner="line", acts=(OVEN,)), WET)
    line.start()
    line.begin("b", DOSES)
    line.start()
    line.tell(STOP)
    assert line.withheld("b", 1) == ""
    line.end("a", 0)
    assert (line.courses["a"].phase, line.withheld("b", 1)) == ("due", "")
    line.end("b", 0)
    assert line.courses["a"].phase == "started"


def test_what_a_pause_holds_takes_no_instrument_from_a_chain():
    line = Line()
    line.begin("a", Step(name="coat", owner="line", acts=(OVEN,)), WET)
    line.start()
    line.tell(STOP)
    line.begin("b", DOSES)
    line.end("a", 0)
    assert (line.courses["a"].phase, line.courses["b"].phase) == ("started", "due")


def test_nothing_is_withheld_of_a_campaign_that_goes_on():
    line = Line()
    line.begin("w", DOSES)
    line.start()
    elsewhere = {"other": Pause(since=1, at=START + timedelta(seconds=1))}
    job = line.courses["w"].job
    assert job is not None
    assert find_withheld(line.courses, elsewhere, LAB, job, 1) == ""
