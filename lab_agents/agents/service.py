"""A service: it lends the places of the laboratory, carries samples between them, does what all lines share.

Requests are granted in log order, whole or not at all (`places`). The grant is booked when the request is applied, so
that the next request sees it before the first answer has left. A place that no later step of the work names is free
again when the step before is done. Own steps, transfers or acts, run one at a time for each instrument, in log order.
Where a sample may be after a failed transfer or an unknown coating, the places stay blocked until a person answers the
ticket of that sample (`clearing`). Where every buffer place is full, a person is asked to empty it.
"""

from collections.abc import Container

from pydantic import Field

from lab_agents.agents.behaviour import AgentState, Draft, Job, JobOutcome, OnlyTold
from lab_agents.agents.causes import cause_of
from lab_agents.agents.clearing import clear_course, clearing_request, say_cleared
from lab_agents.agents.courses import (
    COURSE_KINDS,
    Course,
    Courses,
    begin_due,
    collect_timers,
    follow_courses,
    is_held,
)
from lab_agents.agents.pauses import PAUSE_KINDS, Pauses, follow_pauses
from lab_agents.agents.places import (
    Places,
    Request,
    block,
    doubtful,
    empty,
    find_flaw,
    find_full,
    grant_waiting,
    mark_observed,
    move,
    release,
    resolve,
    stand,
)
from lab_agents.agents.supplies import (
    SUPPLY_KINDS,
    Supply,
    conclude_count,
    counting_jobs,
    follow_supplies,
    held_instruments,
    say_low,
    waits_for_loads,
)
from lab_agents.agents.tasks import conclude_motion, fail_refused, say_begun
from lab_agents.agents.withholding import find_wait, find_withheld
from lab_agents.messages.course import CampaignClosing, CampaignFinished, ObservationMade, TicketClosed
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused, LabChanged, LabOpened, Timer, TroubleMet
from lab_agents.messages.work import (
    WORK_KINDS,
    ReservationMade,
    ReservationRefused,
    ReservationReleased,
    ReservationRequested,
    SampleMoved,
    SampleQuarantined,
    TaskDone,
    TaskFailed,
)
from lab_agents.records.base import FrozenMap, Name
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.ticket import Trouble


class ServiceState(AgentState):
    """Everything a service knows; `closing` are campaigns that only finish what they began."""

    lab: Laboratory | None = None
    places: Places = Places()
    courses: FrozenMap[str, Course] = Field(default_factory=dict)
    closing: frozenset[str] = frozenset()
    pauses: Pauses = Field(default_factory=dict)
    supplies: FrozenMap[Name, Supply] = Field(default_factory=dict)

    def jobs(self) -> tuple[Job, ...]:
        """The motions of own steps that have begun, and counts of what was loaded."""
        moving = tuple(c.job for c in self.courses.values() if c.job is not None)
        return (*moving, *counting_jobs(self.supplies))

    def withheld(self, job: Job, act: int) -> str:
        """Why a pause keeps an own motion from an act."""
        return find_withheld(self.courses, self.pauses, self.lab, job, act)

    def timers(self) -> tuple[Timer, ...]:
        """Own steps that come too late, or are tried again."""
        return collect_timers(self.courses)

    def works(self) -> Container[str]:
        """Work of which it follows the course."""
        return self.courses

    def waits(self) -> dict[str, str]:
        """Why requests are not granted, and transfers not begun."""
        reasons = {}
        for work, request in self.places.waiting.items():
            wanted = [n.place or f"any {n.kind}" for n in request.needs]
            reasons[work] = f"waiting for free places: {', '.join(wanted)}"
            full = find_full(self.places, request)
            if full is not None:
                reasons[work] = (
                    f"waiting for a person: no place of kind {full} is free, and nothing under way frees one"
                )
        for work, course in self.courses.items():
            if course.is_mine and course.phase == "due" and not is_held(course, self.pauses):
                what = "transfer" if course.present.transfer is not None else course.present.name
                reasons[work] = f"waiting for the {what} before it"
            elif course.is_mine and (reason := find_wait(course, self.pauses)) is not None:
                reasons[work] = reason
        for place, sample in self.places.blocked.items():
            reasons[place] = f"blocked: {sample} may stand there"
        return reasons | waits_for_loads(self.supplies)


class Service:
    """One service, such as the sample robot with its places."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that concern a service."""
        return (
            COURSE_KINDS
            | SUPPLY_KINDS
            | PAUSE_KINDS
            | {
                "LabOpened",
                "LabChanged",
                "SampleMoved",
                "SampleQuarantined",
                "TicketClosed",
                "ObservationMade",
                "CampaignClosing",
                "CampaignFinished",
            }
        )

    @property
    def only_told(self) -> OnlyTold:
        """The courses of others; and that a sample was seen, which counts when it is carried away."""
        return OnlyTold(frozenset({"ObservationMade"}), WORK_KINDS)

    def start(self) -> ServiceState:
        """A service that knows nothing."""
        return ServiceState()

    def apply(self, state: ServiceState, logged: Logged) -> ServiceState:
        """The state after an entry: what it says, then who gets what is free, then the next transfer."""
        body = logged.entry.record
        lab, closing = state.lab, state.closing
        if isinstance(body, LabOpened | LabChanged):
            lab = body.laboratory
        if isinstance(body, CampaignClosing):
            closing |= {logged.entry.campaign or ""}
        if isinstance(body, CampaignFinished):
            closing -= {logged.entry.campaign or ""}
        places = self._follow_places(state.places, logged)
        places = clear_course(places, _course(state, body), logged, self.name)
        places = self._without_hopeless(places, closing)
        courses = follow_courses(state.courses, logged, self.name)
        places = _give_back(places, state.courses, courses)
        supplies = follow_supplies(state.supplies, logged, self.name, courses, lab)
        pauses, held = follow_pauses(state.pauses, logged), held_instruments(supplies)
        update = {
            "lab": lab,
            "places": grant_waiting(places, logged.position),
            "courses": begin_due(courses, lab, logged.position, logged.entry.at, held, pauses),
            "supplies": supplies,
            "closing": closing,
            "pauses": pauses,
        }
        return state.model_copy(update=update)

    def _follow_places(self, places: Places, logged: Logged) -> Places:
        body = logged.entry.record
        match body:
            case LabOpened() | LabChanged():
                mine = tuple(p for p in body.laboratory.all_places if p.service == self.name)
                return stand(places.model_copy(update={"declared": mine}), body.laboratory.standards)
            case ReservationRequested():
                return self._take_request(places, body, logged)
            case ReservationReleased():
                return release(places, body.work, body.places)
            case SampleMoved():
                return move(places, body.sample, body.source, body.target)
            case SampleQuarantined():
                return mark_observed(block(places, body.sample, body.places), body.sample)
            case ObservationMade():
                return mark_observed(places, body.observation.sample)
            case TicketClosed():
                subject = logged.entry.subject
                return empty(places, subject) if body.answer == "emptied" else resolve(places, subject, body.answer)
            case EntryRefused():
                return _give_up(places, body) if body.source == self.name else places
            case _:
                return places

    def _take_request(self, places: Places, body: ReservationRequested, logged: Logged) -> Places:
        if body.service != self.name or find_flaw(places, body.needs) is not None:
            return places
        request = Request(
            work=body.work,
            sample=body.sample,
            holder=logged.seal.source,
            campaign=logged.entry.campaign,
            needs=body.needs,
            position=logged.position,
        )
        return places.model_copy(update={"waiting": {**places.waiting, body.work: request}})

    def _without_hopeless(self, places: Places, closing: frozenset[str]) -> Places:
        """Without requests that must not be granted, or never end.

        Work on a lost sample may not begin: the next measurement is asked for while the sample is on its way back from
        the one before. Nor is there any hope for a closing campaign's request that nothing under way can satisfy.
        """
        waiting = {
            work: request
            for work, request in places.waiting.items()
            if (request.holder == self.name or not doubtful(places, request.sample))
            and (request.campaign not in closing or find_full(places, request) is None)
        }
        return places.model_copy(update={"waiting": waiting})

    def decide(self, before: ServiceState, after: ServiceState, logged: Logged) -> tuple[Draft, ...]:
        """Clearing, refusals, grants, a full rack, the next transfer."""
        ended = _course(before, logged.entry.record)
        return (
            *say_cleared(ended, logged, self.name),
            *clearing_request(after.places, ended, logged, self.name),
            *self._refusals(before, after, logged),
            *_grants(after, logged.position),
            *_full(before, after),
            *self._failures(before, after, logged),
            *say_begun(after.courses, after.lab, logged.position),
            *say_low(after.supplies, logged.position),
        )

    def _refusals(self, before: ServiceState, after: ServiceState, logged: Logged) -> tuple[Draft, ...]:
        body = logged.entry.record
        drafts = []
        if isinstance(body, ReservationRequested) and body.service == self.name:
            flaw = find_flaw(after.places, body.needs)
            if flaw is None and body.work not in {**after.places.waiting, **after.places.grants}:
                flaw = _hopeless_because(after.places, body.sample)
            if flaw is not None:
                refused = ReservationRefused(work=body.work, reason=flaw)
                drafts.append(Draft(body=refused, subject=body.sample, campaign=logged.entry.campaign))
        for work, request in sorted(before.places.waiting.items()):
            if work not in after.places.waiting and work not in after.places.grants:
                refused = ReservationRefused(work=work, reason=_hopeless_because(after.places, request.sample))
                drafts.append(Draft(body=refused, subject=request.sample, campaign=request.campaign))
        return tuple(drafts)

    def _failures(self, before: ServiceState, after: ServiceState, logged: Logged) -> tuple[Draft, ...]:
        """What a refusal of the recorder ends: grants that nobody heard of, and own transfers."""
        body = logged.entry.record
        if not isinstance(body, EntryRefused) or body.source != self.name:
            return ()
        lost = [g for w, g in sorted(before.places.grants.items()) if w not in after.places.grants]
        why = f"the recorder refused the grant: {body.reason}"
        refused = (
            Draft(body=ReservationRefused(work=g.work, reason=why), subject=g.sample, campaign=g.campaign) for g in lost
        )
        return (*refused, *fail_refused(after.courses, body, after.lab))

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        """A transfer's end, and where the sample stands; or what a count means."""
        return conclude_count(job, outcome) if job.kind == "count" else conclude_motion(job, outcome)


def _course(state: ServiceState, body: Body) -> Course | None:
    return state.courses.get(body.work) if isinstance(body, TaskDone | TaskFailed | ReservationRefused) else None


def _give_back(places: Places, before: Courses, after: Courses) -> Places:
    """Release what no later step of a course needs; what is left at its end its holder gives back."""
    for work, course in after.items():
        if work in before and before[work].step != course.step and not course.has_ended:
            places = release(places, work, [course.places[role] for role in course.recipe.done_with(course.step)])
    return places


def _hopeless_because(places: Places, sample: str) -> str:
    """Why a request that could be granted was given up."""
    way = doubtful(places, sample)
    if way:
        return f"{sample} is lost: it may stand in {' or '.join(way)}"
    return "the buffer places are full and the campaign is closing"


def _grants(after: ServiceState, position: int) -> tuple[Draft, ...]:
    grants = [g for g in after.places.grants.values() if g.since == position]
    return tuple(
        Draft(
            body=ReservationMade(work=g.work, sample=g.sample, holder=g.holder, places=g.places),
            subject=g.sample,
            campaign=g.campaign,
        )
        for g in sorted(grants, key=lambda g: g.work)
    )


def _full(before: ServiceState, after: ServiceState) -> tuple[Draft, ...]:
    """One trouble for each kind of place that has become full while work waits for it."""
    were = {find_full(before.places, r) for r in before.places.waiting.values()}
    now = {find_full(after.places, r) for r in after.places.waiting.values()}
    return tuple(
        Draft(
            body=TroubleMet(
                trouble=Trouble(
                    what=f"Every place of kind {kind} is full, and work waits for one",
                    evidence={"waiting": ", ".join(sorted(after.places.waiting))[:2000]},
                    remedies=("emptied", "close the campaign"),
                    default="close the campaign",
                )
            ),
            subject=kind,
        )
        for kind in sorted(k for k in now - were if k is not None)
    )


def _give_up(places: Places, refused: EntryRefused) -> Places:
    """Release the grants that the recorder refused; the id of the entry names its cause."""
    cause = cause_of(refused.refused_id)
    return places.model_copy(update={"grants": {w: g for w, g in places.grants.items() if g.since != cause}})
