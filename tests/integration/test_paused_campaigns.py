"""Campaigns that people pause at any instant, while agents lose their journals: still is still, and nothing is lost."""

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given, settings

from lab_agents.messages.commands import PauseCampaign, ResumeCampaign, StartCampaign
from lab_agents.messages.course import CampaignFinished, CampaignPaused, CampaignResumed, TicketOpened
from lab_agents.messages.work import TaskFailed, TaskStarted
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Task
from tests.film_lab import ask_films, film_laboratory, film_plan
from tests.integration.test_model_films import QUICK as USUAL
from tests.integration.test_model_films import SEEDS, ended
from tests.model_lab import ModelLab, laboratory, plan

QUICK = settings(USUAL, max_examples=2)
RATE = 0.01
LONGEST = timedelta(hours=30)
"""Longer than anything that a film or a bid may wait for."""


class PausedLab(ModelLab):
    """Does one act at a time; a person pauses now and then, waits until all is still, and lets it go on much later."""

    def __init__(self, lab: Laboratory, seed: int, *, at_once: bool = False) -> None:
        super().__init__(lab, seed=seed)
        self.at_once, self.n_pauses, self.stills = at_once, 0, []
        self.begun: list[tuple[int, Task, int]] = []
        self.before_step = PausedLab.meddle

    def part_to_do(self, task: Task) -> Task:
        """The acts that were done, and the next one."""
        number = self.world.n_done(task)
        if number < len(task.acts):
            self.begun.append((len(self.log), task, number))
        return task.model_copy(update={"acts": task.acts[: number + 1]})

    def meddle(self) -> None:
        """What a person and bad luck do before the next step."""
        if self.n_pauses < 3 and not self.is_paused and self.bodies(TaskStarted) and self.rng.random() < RATE:
            self.n_pauses += 1
            self.say(f"once-{len(self.log)}", PauseCampaign(person="ada", at_once=self.at_once), "pause")
        if self.rng.random() < RATE / 10:
            self.crash(self.rng.choice(sorted(self.runs)))

    @property
    def is_paused(self) -> bool:
        """Whether a person has said so last."""
        said = self.bodies(PauseCampaign, ResumeCampaign)
        return bool(said) and isinstance(said[-1], PauseCampaign)

    def run(self, n: int = 200_000) -> None:
        """Until nobody owes anything, also after each pause."""
        super().run(n)
        while self.is_paused:
            self._check_still()
            self.now += LONGEST
            for name in self.rng.sample(sorted(self.runs), 3):
                self.crash(name)
            super().run(n)
            self._check_still()
            self.say(f"once-{len(self.log)}", ResumeCampaign(person="ada"), "pause")
            super().run(n)

    def _check_still(self) -> None:
        assert not any(run.moving for run in self.runs.values())
        self.stills.append((self.now, len(self.world.executed)))


def check_pauses(model: PausedLab) -> None:
    """While it was still nothing began, each act was done once, and paused time made no ticket."""
    for (_, before), (_, after) in zip(model.stills[::2], model.stills[1::2], strict=True):
        assert before == after
    assert len(model.bodies(CampaignPaused)) == len(model.bodies(CampaignResumed)) == model.n_pauses
    tasks = [body.task for body in model.bodies(TaskStarted)]
    assert max(Counter((task.id, task.attempt) for task in tasks).values()) == 1
    assert not [r for r in model.world.executed.values() if began_within_a_pause(r.started_at, model)]
    assert not [b.ticket.trouble.what for b in model.bodies(TicketOpened)]


def check_begun(model: PausedLab) -> None:
    """Behind a pause began only first acts of tasks that stand in the log before it, where no chain needs another."""
    started = {b.task.id: n for n, b in enumerate((e.entry.record for e in model.log), 1) if isinstance(b, TaskStarted)}
    pauses = [e.position for e in model.log if isinstance(e.entry.record, CampaignPaused)]
    ends = [e.position for e in model.log if isinstance(e.entry.record, CampaignResumed)]
    for since, end in zip(pauses, ends, strict=True):
        for position, task, number in model.begun:
            if since <= position < end:
                assert (number, started[task.id] < since) == (0, True), task


def began_within_a_pause(at: datetime, model: PausedLab) -> bool:
    """Whether an instant lies within the hours for which the laboratory stood still."""
    return any(still < at < again for (still, _), (again, _) in zip(model.stills[::2], model.stills[1::2], strict=True))


@QUICK
@given(seed=SEEDS)
def test_paused_films_are_finished_before_all_is_still_and_none_is_lost(seed):
    """No film waits longer for its plate than it may, however long the pause."""
    model = PausedLab(film_laboratory(), seed)
    model.compute["ask"] = ask_films
    model.say("once-1", StartCampaign(plan=film_plan(n=4, batch=2, seed=seed), person="ada"), "films")
    finished = ended(model)
    assert isinstance(finished, CampaignFinished)
    assert (finished.n_made, finished.n_observed, finished.n_failed) == (4, 4, 0)
    check_pauses(model)


@QUICK
@given(seed=SEEDS)
def test_a_pause_falls_between_the_doses_of_a_blend(seed):
    """Its dispensing goes on with the next dose; none is given twice."""
    model = PausedLab(laboratory(), seed)
    model.say("once-1", StartCampaign(plan=plan(n=4, batch=2, seed=seed), person="ada"), "opv")
    finished = ended(model)
    assert (finished.n_made, finished.n_observed, finished.n_failed) == (4, 4, 0)
    check_pauses(model)
    check_begun(model)


@QUICK
@given(seed=SEEDS)
def test_a_pause_at_once_spoils_wet_films_alone_and_says_so(seed):
    """What may wait only for a short time fails as it would without a pause; the rest is made."""
    model = PausedLab(film_laboratory(), seed, at_once=True)
    model.compute["ask"] = ask_films
    model.say("once-1", StartCampaign(plan=film_plan(n=4, batch=2, seed=seed), person="ada"), "films")
    finished = ended(model)
    late = {b.sample for b in model.bodies(TaskFailed) if "could not begin within" in b.cause}
    assert late == {b.sample for b in model.bodies(TaskFailed)}
    assert finished.n_failed == len(late)
    assert finished.n_observed == finished.n_made == 4 - len(late)
    assert all(before == after for (_, before), (_, after) in zip(model.stills[::2], model.stills[1::2], strict=True))
