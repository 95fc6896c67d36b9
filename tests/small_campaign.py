"""Two samples of one campaign from the command to the trained model, with what the simulated instruments moved."""

import json
from datetime import timedelta

from lab_agents.messages import commands, course, life, work
from lab_agents.records.bid import Bid
from lab_agents.records.campaign import Budget, CampaignPlan
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory
from lab_agents.records.measurement import Measurement
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation
from lab_agents.records.place import Place
from lab_agents.records.proposal import Proposal, ProposedCandidate
from lab_agents.records.recipe import Act, ActResult, Need, Recipe, Step, Task, Transfer
from lab_agents.records.sample import AsMade, Sample
from lab_agents.records.space import Candidate, DesignSpace, Parameter
from lab_agents.records.target import Target
from lab_agents.records.ticket import Ticket, Trouble
from tests.logbook import START, LogBook

SPACE = DesignSpace(parameters=(Parameter(name="x", lower=0.0, upper=1.0),))
TARGET = Target(property="loss", direction="minimize")
PLAN = CampaignPlan(
    name="first",
    target=TARGET,
    space=SPACE,
    budget=Budget(samples=2),
    batch=2,
    measurements=("tester",),
    content="c" * 64,
)
LABORATORY = Laboratory(
    name="toy",
    agents={
        "line": AgentDeclaration(role="synthesis", instruments=("dispenser",)),
        "robot": AgentDeclaration(role="service", instruments=("arm",)),
        "tester": AgentDeclaration(role="characterization", instruments=("lamp",)),
    },
    instruments={
        "dispenser": InstrumentDeclaration(driver="modbus_dispenser", address="modbus://127.0.0.1:0"),
        "arm": InstrumentDeclaration(driver="opcua_robot", address="opc.tcp://127.0.0.1:0"),
        "lamp": InstrumentDeclaration(driver="scpi_tester", address="scpi://127.0.0.1:0"),
    },
    places=(Place(name="rack_1", kind="rack", service="robot", is_buffer=True),),
)
MAKING = Recipe(
    steps=(
        Step(
            name="dispense",
            owner="line",
            acts=(
                Act(instrument="dispenser", plan="new_vial"),
                Act(instrument="dispenser", plan="dose", arguments={"channel": 1, "volume": 20.0}),
            ),
        ),
        Step(name="shelve", owner="robot", transfer=Transfer(source="stage", target="rack")),
    ),
    needs=(Need(role="rack", kind="rack"),),
)
MEASURING = Recipe(steps=(Step(name="soak", owner="tester", acts=(Act(instrument="lamp", plan="soak"),)),))


def write_campaign(book: LogBook, version: str = "0.1.0") -> LogBook:
    """Write the whole campaign and its ledger; nothing in it is wrong."""
    opened = life.LabOpened(laboratory=LABORATORY, file=book.blobs.put(b"name: toy\n"), version=version)
    book.add("recorder", opened, campaign=None)
    begin = book.add("once-1", commands.StartCampaign(plan=PLAN, person="ada"))
    book.add("supervision", course.CampaignStarted(plan=PLAN, person="ada"), cause=begin)
    granted = book.add("supervision", course.BudgetGranted(samples=2), cause=begin)
    proposed = tuple(
        ProposedCandidate(sample=f"first-000{n}", candidate=Candidate(values={"x": x}), mean=0.5, deviation=0.1)
        for n, x in ((1, 0.2), (2, 0.8))
    )
    inputs = book.blobs.put(b'{"n": 2}')
    proposal = Proposal(number=1, planner="space_filling", candidates=proposed, inputs=inputs, seed=0)
    offer = book.add("planning", course.ProposalMade(proposal=proposal), cause=granted)
    observations: list[Observation] = []
    for candidate in proposed:
        observations.append(_make_and_measure(book, candidate, offer))
        _train(book, observations)
    ticket = Ticket(id="t-1", subject="first-0002", raised_by="line", trouble=Trouble(what="the vial looked cloudy"))
    asked = book.add("supervision", course.TicketOpened(ticket=ticket), cause=offer)
    book.add("supervision", course.TicketClosed(ticket="t-1", answer="go on", person="ada"), cause=asked)
    closing = book.add("supervision", course.CampaignClosing(reason="the budget is spent"), cause=asked)
    finished = course.CampaignFinished(reason="the budget is spent", n_made=2, n_observed=2, n_failed=0)
    book.add("supervision", finished, cause=closing)
    return book


def _make_and_measure(book: LogBook, proposed: ProposedCandidate, offer: int) -> Observation:
    name, making = proposed.sample, f"make-{proposed.sample}"
    _award(book, making, "line", MAKING, offer)
    needs = work.ReservationRequested(work=making, sample=name, service="robot", needs=MAKING.needs, recipe=MAKING)
    asked = book.add("line", needs, cause=offer)
    places = work.ReservationMade(work=making, sample=name, holder="line", places={"rack": "rack_1"})
    cause = book.add("robot", places, cause=asked)
    dispense = Task(
        id=f"{making}/0", work=making, sample=name, step=0, name="dispense", owner="line", acts=MAKING.steps[0].acts
    )
    carry = Act(instrument="arm", plan="transfer", arguments={"source": "stage", "target": "rack_1"})
    shelve = Task(id=f"{making}/1", work=making, sample=name, step=1, name="shelve", owner="robot", acts=(carry,))
    cause, _ = do_task(book, dispense, cause)
    cause, _ = do_task(book, shelve, cause)
    moved = work.SampleMoved(sample=name, source="stage", target="rack_1")
    book.add("robot", moved, cause=cause)
    made = AsMade(values={"x": proposed.candidate.values["x"] + 0.01}, deviations={"x": 0.002})
    sample = Sample(
        id=name, campaign="first", work=making, asked=proposed.candidate, made=made, made_by="line",
        made_at=START, place="rack_1",
    )  # fmt: skip
    cause = book.add("line", work.SampleMade(sample=sample), cause=cause)
    measuring = f"measure-{name}-1"
    _award(book, measuring, "tester", MEASURING, cause)
    soak = Task(
        id=f"{measuring}/0",
        work=measuring,
        sample=name,
        step=0,
        name="soak",
        owner="tester",
        acts=MEASURING.steps[0].acts,
    )
    cause, results = do_task(book, soak, cause, raw=f"0,1\n1,{proposed.candidate.values['x']}\n".encode())
    blobs = results[0].blobs
    taken = Measurement(
        id=f"{measuring}/m", sample=name, work=measuring, instrument="lamp", kind="transmission_trace",
        raw=blobs["raw"], documents=blobs["documents"], run=results[0].run, taken_at=START,
    )  # fmt: skip
    cause = book.add("tester", work.MeasurementTaken(measurement=taken), cause=cause)
    seen = Observation(
        sample=name, measurement=taken.id, property="loss", value=made.values["x"] ** 2, deviation=0.01, unit="1",
        made=made, raw=taken.raw, analysis="transmission_trace", version="0.1.0",
    )  # fmt: skip
    book.add("tester", work.ReservationReleased(work=measuring, places=("stage_t",)), cause=cause)
    book.add("analysis", course.ObservationMade(observation=seen), cause=cause)
    return seen


def _award(book: LogBook, piece: str, bidder: str, recipe: Recipe, cause: int) -> None:
    bid = Bid(
        work=piece, round=1, bidder=bidder, recipe=recipe, start_at=START, end_at=START + timedelta(hours=1),
        chance=0.9, valid_until=START + timedelta(hours=9),
    )  # fmt: skip
    book.add("robot", work.BidRefused(work=piece, round=1, bidder="robot", code="not_mine", reason="no"), cause=cause)
    made = book.add(bidder, work.BidMade(bid=bid), cause=cause)
    book.add("planning", course.WindowClosed(work=piece, round=1, bidders=(bidder,), refused=("robot",)), cause=made)
    award = course.WorkAwarded(work=piece, round=1, bidder=bidder, bid=made, score=0.1, reason="the only bid")
    cause = book.add("planning", award, cause=made)
    book.add(bidder, work.AwardAccepted(work=piece, round=1, bidder=bidder), cause=cause)


def do_task(book: LogBook, task: Task, cause: int, raw: bytes | None = None) -> tuple[int, tuple[ActResult, ...]]:
    """Start and end a task, with a ledger line for each act; returns the end's position and the results."""
    started = book.add(task.owner, work.TaskStarted(task=task), cause=cause)
    results = []
    for number, act in enumerate(task.acts):
        token = task.token(number)
        write_ledger(book, act.instrument, token, act.plan)
        run = f"{token[:8]}-0000-4000-8000-{token[4:]}"
        blobs = {"documents": book.blobs.put(documents_of(run))}
        if raw is not None:
            blobs["raw"] = book.blobs.put(raw)
        began = START + timedelta(minutes=started + number)
        ended = began + timedelta(seconds=30)
        results.append(
            ActResult(act=number, token=token, run=run, readings={}, blobs=blobs, started_at=began, ended_at=ended)
        )
    end = work.TaskDone(
        task=task.id, work=task.work, sample=task.sample, step=task.step, owner=task.owner, results=tuple(results)
    )
    entry_id = f"{task.owner}/{started}/motion/0"
    return book.add(task.owner, end, cause=started, entry_id=entry_id), tuple(results)


def write_ledger(book: LogBook, instrument: str, token: str, action: str) -> None:
    """Append a line to the simulator's ledger."""
    path = book.state / "simulator" / "ledger.jsonl"
    path.parent.mkdir(exist_ok=True)
    number = len(path.read_text().splitlines()) + 1 if path.exists() else 1
    at = START.isoformat()
    line = {"number": number, "at": at, "wall": at, "instrument": instrument, "token": token, "epoch": 1}
    with path.open("a") as file:
        file.write(json.dumps(line | {"action": action, "details": {}}) + "\n")


def documents_of(run: str) -> bytes:
    """A whole Bluesky run without events, as instruments keep it."""
    start = {"name": "start", "doc": {"uid": run, "time": 1.0}}
    stop = {"uid": f"{run}-stop", "time": 2.0, "run_start": run, "exit_status": "success", "num_events": {}}
    return b"".join(json.dumps(line).encode() + b"\n" for line in (start, {"name": "stop", "doc": stop}))


def _train(book: LogBook, observations: list[Observation]) -> None:
    model = TrainedModel(
        planner="bayesian", checkpoint=book.blobs.put(b"%d" % len(observations)),
        fingerprint=f"{len(observations):064x}", n_observations=len(observations), held_out=None,
        seed=0, version="0.1.0",
    )  # fmt: skip
    book.add("training", course.ModelTrained(model=model), cause=book.writer.position)
