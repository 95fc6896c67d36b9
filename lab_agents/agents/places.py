"""Who may have which place: granted whole or not at all, in log order.

A request waits until every place it needs is free. Requests that wait hold nothing, but a later request never takes a
place that an earlier one waits for, so none is passed by for ever. Work that makes a sample asks for the buffer place
where it will stand together with its stage: whatever is begun can be put away, so nothing waits in a circle.
"""

from collections.abc import Iterable, Mapping

from pydantic import Field

from lab_agents.records.base import FrozenMap, Identifier, Name, Record
from lab_agents.records.place import Place
from lab_agents.records.recipe import Need
from lab_agents.records.stock import Standard


class Request(Record):
    """Places asked for; `position` is that of the request in the log."""

    work: Identifier
    sample: Identifier
    holder: Name
    campaign: str | None
    needs: tuple[Need, ...]
    position: int


class Grant(Record):
    """Places held for a piece of work, by role; `since` is the entry that led to it."""

    work: Identifier
    sample: Identifier
    holder: Name
    campaign: str | None
    places: FrozenMap[Name, Name]
    since: int


class Places(Record):
    """Every place of one service: what stands there, who holds it, and where a lost sample may be."""

    declared: tuple[Place, ...] = ()
    occupied: FrozenMap[Name, Identifier] = Field(default_factory=dict)
    blocked: FrozenMap[Name, Identifier] = Field(default_factory=dict)
    waiting: FrozenMap[Identifier, Request] = Field(default_factory=dict)
    grants: FrozenMap[Identifier, Grant] = Field(default_factory=dict)
    observed: frozenset[Identifier] = frozenset()

    @property
    def held(self) -> frozenset[str]:
        """Places that a grant holds."""
        return frozenset(place for grant in self.grants.values() for place in grant.places.values())

    def is_free_for(self, place: str, sample: str) -> bool:
        """Whether a sample may have a place: nobody holds it and nothing else stands or may stand there."""
        here = self.occupied.get(place, self.blocked.get(place, sample))
        return place not in self.held and here == sample and self.blocked.get(place, sample) == sample

    def standing(self, sample: str) -> str | None:
        """Where a sample stands, as far as is known."""
        return next((place for place, other in self.occupied.items() if other == sample), None)


def stand(places: Places, standards: Iterable[Standard]) -> Places:
    """The places with the laboratory's standards in theirs, except those that stand elsewhere already."""
    declared = {p.name for p in places.declared}
    new = {s.place: s.name for s in standards if s.place in declared and places.standing(s.name) is None}
    return places.model_copy(update={"occupied": {**new, **places.occupied}})


def find_flaw(places: Places, needs: Iterable[Need]) -> str | None:
    """Why a request can never be granted, or None."""
    names, kinds = {p.name for p in places.declared}, {p.kind for p in places.declared}
    for need in needs:
        if need.place is not None and need.place not in names:
            return f"there is no place {need.place}"
        if need.kind is not None and need.kind not in kinds:
            return f"there is no place of kind {need.kind}"
    return None


def grant_waiting(places: Places, position: int) -> Places:
    """Grant every request whose places are free and not awaited by an earlier one."""
    awaited: set[str] = set()
    for request in sorted(places.waiting.values(), key=lambda r: r.position):
        chosen = _choose(places, request, awaited)
        if chosen is None:
            awaited |= _wanted(places, request, awaited)
            continue
        grant = Grant(
            work=request.work,
            sample=request.sample,
            holder=request.holder,
            campaign=request.campaign,
            places=chosen,
            since=position,
        )
        waiting = {w: r for w, r in places.waiting.items() if w != request.work}
        places = places.model_copy(update={"waiting": waiting, "grants": {**places.grants, request.work: grant}})
    return places


def _choose(places: Places, request: Request, awaited: set[str]) -> Mapping[str, str] | None:
    chosen: dict[str, str] = {}
    for need in request.needs:
        place = _find_place(places, need, request.sample, awaited | set(chosen.values()))
        if place is None:
            return None
        chosen[need.role] = place
    return chosen


def _find_place(places: Places, need: Need, sample: str, taken: set[str]) -> str | None:
    """The named place, or the first free one of a kind; of a kind only empty ones, because a new thing goes there."""
    if need.place is not None:
        return need.place if need.place not in taken and places.is_free_for(need.place, sample) else None
    return next(
        (
            p.name
            for p in places.declared
            if p.kind == need.kind
            and p.name not in taken
            and p.name not in places.occupied
            and p.name not in places.blocked
            and places.is_free_for(p.name, sample)
        ),
        None,
    )


def _wanted(places: Places, request: Request, awaited: set[str]) -> set[str]:
    """The places that a waiting request keeps from later ones: those it names, and a free one for each kind.

    Not where another sample stands or may stand: only work for that sample can free such a place.
    """
    wanted: set[str] = set()
    for need in request.needs:
        place = need.place or _find_place(places, need, request.sample, awaited | wanted)
        if place is not None and {places.occupied.get(place), places.blocked.get(place)} <= {None, request.sample}:
            wanted.add(place)
    return wanted


def release(places: Places, work: str, given_back: Iterable[str]) -> Places:
    """The places after a holder gave some back; what stands there stays."""
    grant = places.grants.get(work)
    if grant is None:
        return places
    gone = set(given_back)
    kept = {role: place for role, place in grant.places.items() if place not in gone}
    others = {w: g for w, g in places.grants.items() if w != work}
    if kept:
        others[work] = grant.model_copy(update={"places": kept})
    return places.model_copy(update={"grants": others})


def move(places: Places, sample: str, source: str | None, target: str | None) -> Places:
    """The places after a sample was carried."""
    occupied = {p: s for p, s in places.occupied.items() if s != sample and p != source}
    if target is not None:
        occupied[target] = sample
    return places.model_copy(update={"occupied": occupied})


def find_buffer(places: Places) -> str | None:
    """The kind of place where a sample may wait as long as it likes."""
    return next((p.kind for p in places.declared if p.is_buffer), None)


def stranded(places: Places, sample: str) -> str | None:
    """The place, no buffer, where a sample stands or may stand although no work holds it there."""
    buffers = {p.name for p in places.declared if p.is_buffer}
    candidates = (*doubtful(places, sample), *((here,) if (here := places.standing(sample)) else ()))
    return next((p for p in candidates if p not in buffers and p not in places.held), None)


def block(places: Places, sample: str, doubtful: Iterable[str]) -> Places:
    """Keep everything away from the places where a lost sample may be."""
    return places.model_copy(update={"blocked": {**places.blocked, **dict.fromkeys(doubtful, sample)}})


def doubtful(places: Places, sample: str) -> tuple[str, ...]:
    """Where a lost sample may be, in the order of its way."""
    return tuple(place for place, other in places.blocked.items() if other == sample)


def unblock(places: Places, sample: str) -> Places:
    """The places after it is known where a lost sample is."""
    return places.model_copy(update={"blocked": {p: other for p, other in places.blocked.items() if other != sample}})


def resolve(places: Places, sample: str, answer: str) -> Places:
    """The places after a person said where a lost sample is.

    `done` and `not done` are the end and the start of its way, `discard` is nowhere; any other answer changes nothing.
    """
    way = doubtful(places, sample)
    if not way or answer not in ("done", "not done", "discard"):
        return places
    was_never_there = answer == "not done" and len(way) == 1
    target = None if answer == "discard" or was_never_there else way[-1] if answer == "done" else way[0]
    return move(unblock(places, sample), sample, None, target)


def not_found(places: Places, sample: str, place: str) -> Places:
    """The places after a lost sample was certainly not at `place`: it stands at the last other one, or nowhere."""
    others = [p for p in doubtful(places, sample) if p != place]
    return move(unblock(places, sample), sample, None, others[-1] if others else None)


def mark_observed(places: Places, sample: str) -> Places:
    """The places after a sample was observed: a person may take it out of its rack."""
    if places.standing(sample) is None:
        return places
    return places.model_copy(update={"observed": places.observed | {sample}})


def empty(places: Places, kind: str) -> Places:
    """The places after a person took the observed samples, which nobody holds, out of those of a kind."""
    of_kind = {p.name for p in places.declared if p.kind == kind} - places.held
    gone = {s for p, s in places.occupied.items() if p in of_kind and s in places.observed}
    left = {p: s for p, s in places.occupied.items() if s not in gone}
    return places.model_copy(update={"occupied": left, "observed": places.observed - gone})


def find_full(places: Places, request: Request) -> str | None:
    """The kind of buffer place that a waiting request lacks and that nothing under way will free, or None."""
    for need in request.needs:
        if need.kind is None:
            continue
        row = [p for p in places.declared if p.kind == need.kind]
        if all(p.is_buffer for p in row) and not any(places.is_free_for(p.name, request.sample) for p in row):
            return need.kind
    return None
