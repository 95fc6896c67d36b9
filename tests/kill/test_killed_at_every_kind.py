"""Every kind of entry and job of every agent's real behaviour is a moment to die: before it is sent, after, in between.

The model laboratory runs campaigns in which everything happens that agents say. The first time that an agent is about
to send a kind, has sent it, has handled it, or has a kind of job open, it dies with its journal. It comes back from
the log as it was and decides nothing else (`ModelLab.crash` compares); nothing is lost and nothing is done twice.
A kind of entry that nothing here brings about fails these tests, so they grow with the protocol.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import pytest

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.decisions import concerns
from lab_agents.agents.drift_troubles import CALIBRATED
from lab_agents.messages.commands import (
    AmendWork,
    AnswerTicket,
    DenyApproval,
    GiveApproval,
    PauseCampaign,
    ResumeCampaign,
    StartCampaign,
)
from lab_agents.messages.course import (
    AgentDeclaredIn,
    AgentDeclaredOut,
    CampaignFinished,
    CampaignPaused,
    ControlJudged,
    DrillPassed,
    Rearmed,
    StopRecorded,
    TicketOpened,
    WorkAwarded,
)
from lab_agents.messages.entry import KINDS, Body, Entry
from lab_agents.messages.life import LabChanged
from lab_agents.messages.work import BidMade, SampleMade, TaskStarted
from lab_agents.records.amendment import RepeatStep
from lab_agents.records.autonomy import Autonomy
from lab_agents.records.campaign import Budget
from lab_agents.records.questions import (
    AnalyseArguments,
    AskArguments,
    Exhausted,
    ReadStandardArguments,
    Remeasure,
    StandardReading,
)
from lab_agents.records.recipe import Act, Task
from tests.film_lab import ask_films, film_laboratory, film_plan, with_trays
from tests.kill.campaigning import check_once
from tests.model_lab import START, ModelLab, Run, analyse, ask, laboratory, plan, read_standard

PERSON = {kind for kind, known in KINDS.items() if known.publisher in ("person", "recorder")}
ELSEWHERE = {"AgentStarted"}
"""Said by the loop around a behaviour at its birth; the toy's process dies there at every point."""
JOBS = {"ask", "analyse", "train", "read_standard", "motion", "count", "load"}

Struck = Counter[tuple[str, str, str]]
Due = Callable[[ModelLab], object]


class Reaper:
    """Kills each agent of a laboratory at each of its moments, once in all campaigns that share `struck`."""

    def __init__(self, struck: Struck) -> None:
        self.struck, self._seen = struck, 0
        self._handled: dict[str, int] = {}

    def visit(self, lab: ModelLab) -> None:
        """Kill whoever has come to a moment that nobody of its role has died at yet."""
        new = lab.log[self._seen :]
        self._seen = len(lab.log)
        senders = [(one.seal.source, one.entry.kind) for one in new]
        for name, run in list(lab.runs.items()):
            moments = [(kind, "sent") for source, kind in senders if source == name]
            moments += [*self._unsent(run), *self._handled_by(lab, run), *_open_jobs(run)]
            fresh = [(lab.lab.agents[name].role, *moment) for moment in moments]
            fresh = [moment for moment in dict.fromkeys(fresh) if not self.struck[moment]]
            if fresh:
                self.struck.update(fresh)
                lab.crash(name)

    def _unsent(self, run: Run) -> Iterator[tuple[str, str]]:
        if run.outbox:
            yield run.outbox[0].kind, "unsent"

    def _handled_by(self, lab: ModelLab, run: Run) -> Iterator[tuple[str, str]]:
        before, self._handled[run.name] = self._handled.get(run.name, 0), run.position
        for logged in lab.log[before : run.position]:
            if concerns(run.name, run.behaviour, logged):
                yield logged.entry.kind, "handled"


def _open_jobs(run: Run) -> Iterator[tuple[str, str]]:
    for job in run.state.jobs():
        if job.id not in run.concluded:
            yield job.name if job.kind == "compute" else job.kind, "open"


@dataclass
class Events:
    """What people and the world do to a laboratory, each as soon as its time has come."""

    pending: list[tuple[Due, Callable[[ModelLab], None]]] = field(default_factory=list)
    senses: list[tuple[Due, Body, str]] = field(default_factory=list)
    answers: Collection[str] = ()
    answered: set[str] = field(default_factory=set)
    seen: int = 0

    def when(self, due: Due, act: Callable[[ModelLab], None]) -> None:
        """Do `act` once, as soon as `due` is true."""
        self.pending.append((due, act))

    def visit(self, lab: ModelLab) -> None:
        """Do what is due; answer tickets whose remedies name one of the `answers`."""
        for due, body, subject in self.senses:
            if due(lab):
                _sense(lab, body, subject)
        if self.seen == len(lab.log):
            return
        self.seen = len(lab.log)
        now = [one for one in self.pending if one[0](lab)]
        self.pending = [one for one in self.pending if one not in now]
        for _, act in now:
            act(lab)
        for ticket in (body.ticket for body in lab.bodies(TicketOpened)) if self.answers else ():
            said = next((a for a in self.answers if a in ticket.trouble.remedies), None)
            if said is not None and ticket.id not in self.answered:
                self.answered.add(ticket.id)
                person_says(AnswerTicket(ticket=ticket.id, answer=said, person="ada"), ticket.id)(lab)


def person_says(body: Body, subject: str, campaign: str | None = None) -> Callable[[ModelLab], None]:
    """What a person says."""
    return lambda lab: lab.say(f"once-{len(lab.log)}", body, subject, campaign)


def _sense(lab: ModelLab, body: Body, subject: str) -> None:
    """What supervision meets outside the log, as the loop around it enters it: again until it stands there."""
    run = lab.runs["supervision"]
    entry_id = f"supervision/{type(body).__name__}-{subject}/0"
    if entry_id not in lab.ids and all(entry.id != entry_id for entry in run.outbox):
        run.outbox.append(lab.make_entry(entry_id, None, Draft(body=body, subject=subject)))


def stands(kind: type[Body], n: int = 1) -> Due:
    """Whether the log holds so many of a kind."""
    seen, found = 0, 0

    def is_due(lab: ModelLab) -> bool:
        nonlocal seen, found
        found += sum(isinstance(logged.entry.record, kind) for logged in lab.log[seen:])
        seen = len(lab.log)
        return found >= n

    return is_due


def films() -> tuple[ModelLab, Events]:
    """Trays run low, a standard drifts, a step is refused, one is unknown, one lasts; people amend, pause, resume."""

    def fault(task: Task, act: int) -> str:
        is_first = (task.sample, task.attempt) == ("films-0001", 0)
        unknown = (task.sample, task.name) == ("films-0003", "anneal")
        return "refused" if is_first and task.name == "spin" else "unknown" if unknown else ""

    lab = ModelLab(with_trays(film_laboratory()), seed=1, fault=fault)
    usual, annealed = lab.world.seconds, Counter[str]()

    def seconds(act: Act) -> float:
        annealed[act.plan] += 1
        return usual(act) + (40_000.0 if (act.plan, annealed[act.plan]) == ("anneal", 5) else 0.0)

    def drifting(question: ReadStandardArguments) -> StandardReading:
        read = read_standard(question)
        is_late = question.measurement.sample == "blank_1" and len(lab.bodies(ControlJudged)) > 1
        return read.model_copy(update={"values": dict.fromkeys(read.values, 2.0)}) if is_late else read

    lab.world.seconds = seconds
    lab.compute |= {"ask": ask_films, "read_standard": drifting}
    lab.say("once-1", StartCampaign(plan=film_plan(n=8, batch=2, seed=1), person="ada"), "films")
    events = Events(answers=(CALIBRATED,))
    wish = AmendWork(work="make-films-0002", amendment=RepeatStep(step="anneal"), person="ada", reason="wet")
    events.when(lambda lab: begun(lab, "make-films-0002"), person_says(wish, wish.work))
    events.when(stands(SampleMade), person_says(PauseCampaign(person="ada"), "films"))
    events.when(stands(CampaignPaused), person_says(ResumeCampaign(person="ada"), "films"))
    changed = LabChanged(laboratory=lab.lab, file="1" * 64, version="1")
    events.when(stands(SampleMade, 2), lambda lab: lab.say("recorder", changed, lab.lab.name))
    stop = {"stop": "stop-1", "person": "ada", "reason": "smoke", "machine": "m"}
    events.senses = [
        (stands(SampleMade, 3), AgentDeclaredOut(agent="line_b", reason="silent"), "line_b"),
        (stands(AgentDeclaredOut), AgentDeclaredIn(agent="line_b"), "line_b"),
        (stands(SampleMade, 4), StopRecorded(**stop), "m"),
        (stands(StopRecorded), Rearmed(**stop), "m"),
        (stands(Rearmed), DrillPassed(drill="drill-1", person="ada", machine="m", held_at=START), "m"),
    ]
    return lab, events


def begun(lab: ModelLab, work: str) -> bool:
    """Whether a work's first step has begun."""
    return any(body.task.work == work for body in lab.bodies(TaskStarted))


def spent() -> tuple[ModelLab, Events]:
    """Substrates for two films."""
    lab = ModelLab(film_laboratory(), seed=2)
    lab.compute["ask"] = ask_films
    limited = Budget(samples=8, consumables={"substrates_a": 2.0, "substrates_b": 1.0})
    lab.say("once-1", StartCampaign(plan=film_plan(n=8, batch=4, budget=limited), person="ada"), "films")
    return lab, Events()


def approved() -> tuple[ModelLab, Events]:
    """A person denies one award and approves others, one is forged, one film is measured again, the planner is done."""
    lab = ModelLab(laboratory(), seed=3)

    def again(question: AnalyseArguments) -> object:
        is_noisy = question.measurement.sample in ("opv-0001", "opv-0003") and question.attempt == 1
        return Remeasure(remeasure="too noisy") if is_noisy else analyse(question)

    def asked(question: AskArguments) -> object:
        return ask(question) if question.number < 4 else Exhausted(exhausted="the pool is empty")

    lab.compute |= {"analyse": again, "ask": asked}
    autonomy = Autonomy(level="bounded", first=3, by=("ada",))
    lab.say("once-1", StartCampaign(plan=plan(n=10, batch=2, seed=5, autonomy=autonomy), person="ada"), "opv")
    events = Events()
    forged = WorkAwarded(work="make-opv-0001", round=1, bidder="line_a", bid=1, score=1.0, reason="mine")
    events.when(stands(BidMade), lambda lab: lab.say("planning", forged, "opv-0001", "opv"))
    for n in range(1, 10):
        events.when(lambda lab, n=n: len(waiting(lab)) >= n, lambda lab, n=n: judge(lab, waiting(lab)[n - 1], n))
    return lab, events


def waiting(lab: ModelLab) -> list[WorkAwarded]:
    """Awards that wait, or waited, for a person."""
    return [body for body in lab.bodies(WorkAwarded) if body.needs_approval]


def judge(lab: ModelLab, award: WorkAwarded, number: int) -> None:
    """The second award is denied."""
    said: Body = GiveApproval(work=award.work, round=award.round, person="ada")
    if number == 2:
        said = DenyApproval(work=award.work, round=award.round, person="ada", reason="no")
    person_says(said, award.work)(lab)


def crowded() -> tuple[ModelLab, Events]:
    """Fewer places than films."""
    lab = ModelLab(laboratory(n_rack=2), seed=4)
    lab.say("once-1", StartCampaign(plan=plan(n=6, batch=3, seed=4), person="ada"), "opv")
    return lab, Events()


def refused() -> tuple[ModelLab, Events]:
    """The recorder refuses a first start of each line and station."""
    lab = ModelLab(laboratory(), seed=6)
    barred: set[str] = set()

    def refuses(source: str, entry: Entry) -> bool:
        is_first = entry.kind == "TaskStarted" and source not in barred
        barred.update({source} if is_first else ())
        return is_first

    lab.refuses = refuses
    lab.say("once-1", StartCampaign(plan=plan(n=4, batch=2, seed=6), person="ada"), "opv")
    return lab, Events()


SCENES = (films, spent, approved, crowded, refused)


@pytest.fixture(scope="module")
def struck() -> Struck:
    """Who died when, in all campaigns."""
    counted: Struck = Counter()
    for scene in SCENES:
        lab, events = scene()
        reaper = Reaper(counted)

        def visit(lab: ModelLab, events: Events = events, reaper: Reaper = reaper) -> None:
            events.visit(lab)
            reaper.visit(lab)

        lab.before_step = visit
        lab.run()
        check_kept(lab)
    return counted


def check_kept(lab: ModelLab) -> None:
    """The campaign has ended once; nothing was begun twice, and nobody owes anything."""
    assert len(lab.bodies(CampaignFinished)) == 1, lab.waits()
    check_once(lab.log)
    assert not any(run.state.jobs() or run.outbox for run in lab.runs.values())


@pytest.mark.parametrize("moment", ["unsent", "sent", "handled"])
def test_every_kind_that_agents_publish_was_a_moment_to_die(struck, moment):
    """Of every role that publishes it."""
    died = {kind for _, kind, when in struck if when == moment}
    assert set(KINDS) - PERSON - ELSEWHERE - died == set()


def test_every_kind_of_job_was_open_when_its_agent_died(struck):
    assert {job for _, job, when in struck if when == "open"} == JOBS


def test_what_people_and_the_recorder_say_was_handled_by_somebody_who_died(struck):
    """All that an agent follows at all."""
    followed = {"LabOpened", "LabChanged", "EntryRefused", "StartCampaign", "PauseCampaign", "ResumeCampaign"}
    followed |= {"AmendWork", "AnswerTicket", "GiveApproval", "DenyApproval"}
    assert followed <= {kind for _, kind, when in struck if when == "handled"}
