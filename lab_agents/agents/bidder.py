"""What synthesis lines and characterization stations share: they bid, take work, run it step by step, and report.

A bidder answers every entry that opens a round of work that it is able to do, with `BidMade` or `BidRefused`. When an
award binds (at once, or with `GiveApproval` where it needs one) it books stock and a place in its queue and accepts, or
declines; an award beyond what supervision granted the campaign, or beyond what the rest of its budget pays for, is
declined, whoever says it. Accepted work asks for its
places when its turn comes, at most `in_flight` (a setting of the agent, 1 if it is not declared) at a time, and runs to
its outcome. It always ends by one entry that everybody understands: its product, or `SampleQuarantined`. What its steps
bring the bidder reports, whoever owns them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from lab_agents.agents.amendments import admit, say_admitted, say_late, settle
from lab_agents.agents.behaviour import Draft, Job, JobOutcome, OnlyTold
from lab_agents.agents.bidder_state import (
    BidderState,
    Prepared,
    Refusal,
    declare,
    draw_elsewhere,
    find_unpaid_work,
    take_load,
)
from lab_agents.agents.bids import acts_of, durations_of, in_flight_of, load_of, make_bid, place_in
from lab_agents.agents.bookings import Booking, accept, delay, held_back, release_lapsed, take_next
from lab_agents.agents.courses import COURSE_KINDS, Course, Courses, begin_due, follow_courses
from lab_agents.agents.failures import EndedBy, give_up, reason_in, say_asked, say_given_up, spoil
from lab_agents.agents.grants import Beyond, find_beyond, follow_grants
from lab_agents.agents.learning import learn_durations, learn_outcome
from lab_agents.agents.means import follow_means
from lab_agents.agents.offers import OFFER_KINDS, Offer, follow_offers
from lab_agents.agents.pauses import PAUSE_KINDS, follow_pauses
from lab_agents.agents.pledges import PLEDGE_KINDS, follow_pledges, pledged
from lab_agents.agents.policies import with_policies
from lab_agents.agents.supplies import SUPPLY_KINDS, conclude_count, follow_supplies, held_instruments, say_low
from lab_agents.agents.tasks import conclude_motion, fail_refused, say_begun
from lab_agents.messages.commands import GiveApproval
from lab_agents.messages.course import AmendmentAdmitted, WorkAwarded
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused, LabChanged, LabOpened
from lab_agents.messages.work import (
    WORK_KINDS,
    AwardAccepted,
    AwardDeclined,
    BidMade,
    BidRefused,
    ConsumableLoaded,
    ConsumableUsed,
    DeclineCode,
    ReservationMade,
    ReservationRefused,
    ReservationReleased,
    ReservationRequested,
    TaskDone,
    TaskFailed,
    WorkAmended,
)
from lab_agents.records.autonomy import may_approve
from lab_agents.records.base import with_item, without_item


class Bidder(ABC):
    """The rules that lines and stations share; a subclass says what it can do and what it reports."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that concern a bidder."""
        return (
            OFFER_KINDS
            | COURSE_KINDS
            | PLEDGE_KINDS
            | SUPPLY_KINDS
            | PAUSE_KINDS
            | {"LabOpened", "LabChanged", "GiveApproval", "AmendmentAdmitted", "BudgetGranted"}
        )

    @property
    def only_told(self) -> OnlyTold:
        """Bids and their windows wait for an award, and the courses of others wait for nobody else."""
        return OnlyTold(frozenset({"BidMade", "WindowClosed"}), WORK_KINDS)

    def start(self) -> BidderState:
        """A bidder that knows nothing."""
        return BidderState()

    @abstractmethod
    def is_able(self, state: BidderState, offer: Offer) -> bool:
        """Whether this bidder is one of those asked for the work."""

    @abstractmethod
    def prepare(self, state: BidderState, offer: Offer) -> Prepared | Refusal:
        """How the work would be done, by own rules and limits; whether stock suffices is not asked here."""

    def drawn(self, state: BidderState, course: Course, body: TaskDone | TaskFailed) -> Mapping[str, float]:
        """What an own step drew from each of its consumables; a station draws nothing."""
        del state, course, body
        return {}

    def find_flaw(self, state: BidderState, course: Course, body: TaskDone) -> str:
        """What is reported of a good step that spoils the sample all the same, or an empty text."""
        del state, course, body
        return ""

    def report_step(self, state: BidderState, course: Course, body: TaskDone) -> tuple[Body, ...]:
        """What an own step brought besides its end."""
        del state, course, body
        return ()

    def report_end(self, state: BidderState, course: Course, booking: Booking, logged: Logged) -> tuple[Body, ...]:
        """What the work brought when every step is done."""
        del state, course, booking, logged
        return ()

    @abstractmethod
    def doubtful(self, course: Course) -> tuple[str, ...]:
        """Places where the sample may stand after the present step failed."""

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        """A motion's end, or what a count means."""
        return conclude_count(job, outcome) if job.kind == "count" else conclude_motion(job, outcome)

    # Following the log.

    def apply(self, state: BidderState, logged: Logged) -> BidderState:
        """The state after an entry: what it says, then whose turn it is."""
        body = logged.entry.record
        if isinstance(body, LabOpened | LabChanged):
            state = declare(state, body.laboratory, self.name)
        if isinstance(body, ConsumableUsed) and logged.seal.source != self.name:
            state = draw_elsewhere(state, body, logged.entry.cause or 0)
        if isinstance(body, ConsumableLoaded):
            state = take_load(state, body, logged.entry.cause or 0)
        state = self._bind(state, logged)
        if state.stock:
            state = state.but(pledges=follow_pledges(state.pledges, logged, self.name, state.stock))
        bookings = state.bookings
        if isinstance(body, AwardAccepted) and body.bidder == self.name and body.work in state.offers.open:
            bookings = accept(bookings, body.work, body.round, logged.position)
        grants, offers = follow_grants(state.grants, state.offers, logged), follow_offers(state.offers, logged)
        means = follow_means(state.means, logged)
        state = state.but(grants=grants, means=means, offers=offers, bookings=release_lapsed(bookings, offers))
        state = self._run(state, logged)
        if isinstance(body, EntryRefused) and body.source == self.name:
            state = give_up(state, body)
        state = _pause(state, logged)
        bookings = take_next(
            state.bookings, logged.position, logged.entry.at, in_flight_of(self.name, state), state.pauses
        )
        supplies = follow_supplies(state.supplies, logged, self.name, state.courses, state.lab)
        held = held_instruments(supplies)
        courses = begin_due(state.courses, state.lab, logged.position, logged.entry.at, held, state.pauses)
        return state.but(bookings=bookings, courses=courses, supplies=supplies)

    def _bound(self, state: BidderState, body: Body) -> Offer | None:
        """The offer that this award or approval binds this bidder to, unless it is taken already."""
        if not isinstance(body, WorkAwarded | GiveApproval):
            return None
        offer = state.offers.open.get(body.work)
        if offer is None or offer.round != body.round or body.work in state.bookings:
            return None
        if isinstance(body, WorkAwarded):
            is_due = not body.needs_approval or self._beyond(state, body) is not None
            return offer if body.bidder == self.name and is_due else None
        # Who may approve is the campaign's word; an award can only name fewer.
        approvers = (offer.approvers, state.offers.plans[offer.campaign].autonomy.by)
        is_mine = offer.awarded == self.name and all(may_approve(body.person, named) for named in approvers)
        return offer if is_mine else None

    def _beyond(self, state: BidderState, body: Body) -> Beyond | None:
        """Why this award to this bidder lies beyond what its campaign may do, or None."""
        if not isinstance(body, WorkAwarded) or body.bidder != self.name:
            return None
        return find_beyond(state.grants, state.offers, body)

    def _bind(self, state: BidderState, logged: Logged) -> BidderState:
        body = logged.entry.record
        offer = None if self._beyond(state, body) else self._bound(state, body)
        prepared = None if offer is None else self._prepare(state, offer)
        if offer is None or not isinstance(prepared, Prepared):
            return state
        if find_unpaid_work(state, offer, prepared, logged.entry.at):
            return state
        booking = Booking(
            work=offer.work,
            offer=offer,
            recipe=prepared.recipe,
            stock=prepared.stock,
            seconds=sum(durations_of(self.name, state, prepared.recipe)),
            load=load_of(self.name, state, prepared.recipe),
            since=logged.position,
        )
        return state.but(bookings=with_item(state.bookings, offer.work, booking))

    def _prepare(self, state: BidderState, offer: Offer) -> Prepared | Refusal:
        prepared = self.prepare(state, offer)
        if isinstance(prepared, Refusal) or state.lab is None:
            return prepared
        prepared = prepared.model_copy(update={"recipe": with_policies(prepared.recipe, state.lab)})
        for consumable, amount in prepared.stock.items():
            elsewhere = pledged(state.pledges, consumable)
            free = state.stock.get(consumable, 0.0) - held_back(state.bookings, consumable) - elsewhere
            if amount > free:
                others = f", {elsewhere:g} is promised to others" if elsewhere else ""
                reason = (
                    f"needs {amount:g} of {consumable}, of which {max(0.0, free):g} is free{others}; "
                    "refill it and declare the amount"
                )
                return Refusal(code="no_stock", reason=reason)
        return prepared

    def _run(self, state: BidderState, logged: Logged) -> BidderState:
        body = logged.entry.record
        courses = follow_courses(state.courses, logged, self.name)
        state = _amend(state, body)
        if isinstance(body, ReservationMade) and body.work in state.bookings:
            running = state.bookings[body.work].model_copy(update={"phase": "running", "since": logged.position})
            state = state.but(bookings=with_item(state.bookings, body.work, running))
        if isinstance(body, TaskDone | TaskFailed):
            state = self._take_results(state, body)
        state = state.but(courses=courses, bookings=_with_flaws(state, courses, body))
        for work in _ended_works(state, logged):
            is_good = isinstance(body, TaskDone) and not state.bookings[work].flaw
            at = place_in(state, state.bookings[work].offer)
            experience = learn_outcome(state.experience, good=is_good, at=at)
            state = state.but(bookings=without_item(state.bookings, work), experience=experience)
        return state

    def _take_results(self, state: BidderState, body: TaskDone | TaskFailed) -> BidderState:
        course, booking = state.courses.get(body.work), state.bookings.get(body.work)
        if course is None or booking is None or body.step != course.step:
            return state
        drawn = self._drawn(state, course, body)
        stock = state.stock
        for consumable, amount in drawn.items():
            stock = with_item(stock, consumable, max(0.0, stock.get(consumable, 0.0) - amount))
        update: dict[str, object] = {
            "results": with_item(booking.results, course.present.name, body.results),
            "stock": {k: v for k, v in booking.stock.items() if k not in drawn},
        }
        experience = state.experience
        if isinstance(body, TaskDone):
            update["flaw"] = booking.flaw or self.find_flaw(state, course, body)
            experience = learn_durations(experience, acts_of(course.present), body.results)
        bookings = with_item(state.bookings, body.work, booking.model_copy(update=update))
        return state.but(bookings=bookings, stock=stock, experience=experience)

    def _drawn(self, state: BidderState, course: Course, body: TaskDone | TaskFailed) -> Mapping[str, float]:
        return {} if isinstance(body, TaskFailed) and not body.moved else self.drawn(state, course, body)

    # Deciding.

    def decide(self, before: BidderState, after: BidderState, logged: Logged) -> tuple[Draft, ...]:
        """Bids, answers to awards, ends of work, requests for places, own tasks: in this order."""
        body = logged.entry.record
        drafts: tuple[Draft, ...] = (
            *(self._bid(after, o, logged) for o in after.offers.opened_at(logged.position) if self.is_able(after, o)),
            *self._answer(before, after, logged),
            *self._report(before, body),
            *self._end(before, after, logged),
            *self._amended(before, body),
            *say_asked(after.courses, after.bookings, body, logged.position),
            *self._requests(after, logged.position),
            *say_given_up(before, after, body),
            *say_low(after.supplies, logged.position),
        )
        if isinstance(body, EntryRefused) and body.source == self.name:
            drafts = (*drafts, *fail_refused(after.courses, body, after.lab))
        return (*drafts, *say_begun(after.courses, after.lab, logged.position))

    def _bid(self, state: BidderState, offer: Offer, logged: Logged) -> Draft:
        prepared = self._prepare(state, offer)
        body: Body
        if isinstance(prepared, Refusal):
            body = BidRefused(
                work=offer.work, round=offer.round, bidder=self.name, code=prepared.code, reason=prepared.reason
            )
            return Draft(body=body, subject=offer.sample, campaign=offer.campaign)
        bid = make_bid(self.name, state, offer, prepared, logged.entry.at)
        return Draft(body=BidMade(bid=bid), subject=offer.sample, campaign=offer.campaign)

    def _answer(self, before: BidderState, after: BidderState, logged: Logged) -> tuple[Draft, ...]:
        body = logged.entry.record
        if isinstance(body, WorkAwarded) and body.bidder == self.name and body.work not in before.offers.open:
            return ()
        offer = self._bound(before, body)
        if offer is None:
            return ()
        answer: Body = AwardAccepted(work=offer.work, round=offer.round, bidder=self.name)
        if offer.work not in after.bookings:
            code, reason = self._why_declined(before, offer, logged)
            answer = AwardDeclined(work=offer.work, round=offer.round, bidder=self.name, code=code, reason=reason)
        return (Draft(body=answer, subject=offer.sample, campaign=offer.campaign),)

    def _why_declined(self, before: BidderState, offer: Offer, logged: Logged) -> tuple[DeclineCode, str]:
        beyond = self._beyond(before, logged.entry.record)
        if beyond is not None:
            return beyond.code, beyond.reason
        found = self._prepare(before, offer)
        if isinstance(found, Prepared):
            unpaid = find_unpaid_work(before, offer, found, logged.entry.at)
            return ("not_paid_for", unpaid) if unpaid else ("not_able", "the work was lost")
        return "outside_limits" if found.code == "infeasible" else "not_able", found.reason

    def _report(self, before: BidderState, body: Body) -> tuple[Draft, ...]:
        if not isinstance(body, TaskDone | TaskFailed) or body.work not in before.bookings:
            return ()
        course = before.courses.get(body.work)
        if course is None or body.step != course.step:
            return ()
        used = self._drawn(before, course, body)
        bodies: list[Body] = [ConsumableUsed(consumable=c, amount=a, work=body.work) for c, a in sorted(used.items())]
        if isinstance(body, TaskDone):
            bodies.extend(self.report_step(before, course, body))
        return tuple(Draft(body=b, subject=course.sample, campaign=course.campaign) for b in bodies)

    def _amended(self, before: BidderState, body: Body) -> tuple[Draft, ...]:
        if not isinstance(body, AmendmentAdmitted | WorkAmended):
            return ()
        booking, course = before.bookings.get(body.work), before.courses.get(body.work)
        if booking is None or before.lab is None:
            return ()
        if isinstance(body, AmendmentAdmitted):
            return say_admitted(booking, course, body, before.lab)
        return () if course is None else say_late(booking, course, body)

    def _end(self, before: BidderState, after: BidderState, logged: Logged) -> tuple[Draft, ...]:
        body = logged.entry.record
        if not isinstance(body, EndedBy):
            return ()
        ended = _ended_works(after.but(bookings=before.bookings), logged)
        return tuple(
            draft for work in ended if work not in after.bookings for draft in self._end_one(before, work, logged)
        )

    def _end_one(self, before: BidderState, work: str, logged: Logged) -> tuple[Draft, ...]:
        body, booking, course = logged.entry.record, before.bookings[work], before.courses.get(work)
        if course is None or not isinstance(body, EndedBy):
            return ()
        places = tuple(course.places.values())
        bodies: tuple[Body, ...]
        if isinstance(body, TaskDone) and not booking.flaw:
            bodies = self.report_end(before, course, booking, logged)
        else:
            bodies = spoil(course, booking, body, self.doubtful(course))
        released = (ReservationReleased(work=work, places=places),) if places else ()
        return tuple(Draft(body=b, subject=course.sample, campaign=course.campaign) for b in (*bodies, *released))

    def _requests(self, after: BidderState, position: int) -> tuple[Draft, ...]:
        drafts = []
        for booking in after.bookings.values():
            if booking.phase == "reserving" and booking.since == position:
                service = str(after.settings(self.name).get("robot", "robot"))
                body = ReservationRequested(
                    work=booking.work,
                    sample=booking.offer.sample,
                    service=service,
                    needs=booking.recipe.needs,
                    recipe=booking.recipe,
                )
                drafts.append(Draft(body=body, subject=booking.offer.sample, campaign=booking.offer.campaign))
        return tuple(drafts)


def _pause(state: BidderState, logged: Logged) -> BidderState:
    """The state with the pauses after an entry; what stood still for one will end so much later."""
    pauses, bookings = follow_pauses(state.pauses, logged), state.bookings
    if pauses is state.pauses:
        return state
    for name in state.pauses.keys() - pauses.keys():
        bookings = delay(bookings, name, logged.entry.at - state.pauses[name].at)
    return state.but(pauses=pauses, bookings=bookings)


def _amend(state: BidderState, body: Body) -> BidderState:
    """The state with an admitted amendment booked, or settled as its course took it; courses are still as before."""
    if not isinstance(body, AmendmentAdmitted | WorkAmended):
        return state
    booking, course = state.bookings.get(body.work), state.courses.get(body.work)
    if booking is None or course is None or state.lab is None:
        return state
    found = settle(booking, course, body) if isinstance(body, WorkAmended) else admit(booking, course, body, state.lab)
    return state if isinstance(found, str) else state.but(bookings=with_item(state.bookings, body.work, found))


def _with_flaws(state: BidderState, courses: Courses, body: Body) -> Mapping[str, Booking]:
    """The bookings after an entry: a work that goes on although its step was not done has a flaw."""
    if isinstance(body, TaskDone):
        return state.bookings
    bookings = state.bookings
    for work, booking in state.bookings.items():
        before, after = state.courses.get(work), courses.get(work)
        if before is not None and after is not None and after.step > before.step:
            bookings = with_item(bookings, work, booking.model_copy(update={"flaw": reason_in(body)}))
    return bookings


def _ended_works(state: BidderState, logged: Logged) -> tuple[str, ...]:
    """The booked works that this entry ended."""
    body, courses = logged.entry.record, state.courses
    if isinstance(body, ReservationRefused):
        return (body.work,) if body.work in state.bookings else ()
    return tuple(w for w in state.bookings if w in courses and courses[w].has_ended_at(logged.position))
