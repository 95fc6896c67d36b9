"""A whole campaign as a log, told without a laboratory: real recorded blends, drawn by a seed."""

import hashlib
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab_agents.campaign_file import CampaignFile, read_campaign
from lab_agents.messages import course, life, work
from lab_agents.messages.entry import Body, Entry
from lab_agents.messages.frames import GENESIS, Header, Logged, Seal
from lab_agents.records.bid import Bid
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory
from lab_agents.records.measurement import Measurement
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation
from lab_agents.records.proposal import Proposal, ProposedCandidate
from lab_agents.records.recipe import Act, ActResult, Recipe, Step, Task
from lab_agents.records.sample import AsMade, Sample
from lab_agents.records.space import Candidate
from lab_agents.records.ticket import Ticket, Trouble
from lab_agents.replayed_table import keep_table
from lab_agents.state_folder import StateFolder
from lab_agents.store.projections import project
from lab_agents.store.writer import LogWriter, Offered, SourceState

ROOT = Path(__file__).parents[1]
START = datetime(2026, 1, 1, tzinfo=UTC)
OWNERS = {
    "line_a": ("dispenser_a", "coater_a"),
    "line_b": ("dispenser_b", "coater_b"),
    "robot": ("robot",),
    "tester": ("tester",),
}


def address(text: str) -> str:
    """A content address made of a word."""
    return hashlib.sha256(text.encode()).hexdigest()


class Telling:
    """Builds a log, entry by entry, as agents would write it."""

    def __init__(self, campaign: CampaignFile, seed: int = 1) -> None:
        self.plan = campaign.plan
        self.data = campaign.data
        self.random = random.Random(seed)
        self.log: list[Logged] = []
        self.at = START

    def add(self, body: Body, source: str, subject: str = "x") -> int:
        """Append an entry; returns its position."""
        position = len(self.log) + 1
        entry = Entry(
            id=f"{source}/{position}", kind=type(body).__name__, schema_version=1, at=self.at,
            campaign=self.plan.name, subject=subject, record=body,
        )  # fmt: skip
        wall = START + timedelta(days=200, seconds=position * 0.1)
        seal = Seal(
            log="log", position=position, chain=GENESIS, source=source, epoch=1, sequence=position, recorded_at=wall
        )
        self.log.append(Logged(seal=seal, entry=entry))
        return position

    def open(self) -> None:
        """Open the laboratory and start the campaign."""
        instruments = {
            i: InstrumentDeclaration(driver="toy", address="toy://") for names in OWNERS.values() for i in names
        }
        agents = {
            a: AgentDeclaration(role="service" if a == "robot" else "synthesis", instruments=names)
            for a, names in OWNERS.items()
        }
        lab = Laboratory(name="opv_replay", agents=agents, instruments=instruments)
        self.add(life.LabOpened(laboratory=lab, file=address("lab"), version="0.1.0"), "recorder")
        for agent in (*OWNERS, "planning", "analysis", "training", "supervision"):
            self.add(life.AgentStarted(agent=agent, epoch=1, version="0.1.0"), agent)
        self.add(course.CampaignStarted(plan=self.plan, person="Ada"), "supervision")
        self.add(course.BudgetGranted(samples=self.plan.budget.samples), "supervision")

    def batch(self, number: int, samples: list[tuple[str, dict[str, float], float | None]]) -> None:
        """Propose a batch."""
        candidates = tuple(
            ProposedCandidate(sample=s, candidate=Candidate(values=v), mean=m, deviation=None if m is None else 0.02)
            for s, v, m in samples
        )
        model = None if number == 1 else address(f"model{number - 1}")
        proposal = Proposal(
            number=number, planner="bayesian", candidates=candidates, inputs=address(f"in{number}"), model=model, seed=1
        )
        self.add(course.ProposalMade(proposal=proposal), "planning")

    def act(self, owner: str, sample: str, step: int, plans: tuple[str, ...], minutes: float) -> None:
        """One task, from start to end."""
        instruments = OWNERS[owner]
        acts = tuple(Act(instrument=instruments[i % len(instruments)], plan=p) for i, p in enumerate(plans))
        task = Task(
            id=f"make-{sample}/{step}",
            work=f"make-{sample}",
            sample=sample,
            step=step,
            name=plans[0],
            owner=owner,
            acts=acts,
        )
        self.add(work.TaskStarted(task=task), owner)
        results = []
        for i in range(len(acts)):
            begin, self.at = self.at, self.at + timedelta(minutes=minutes / len(acts))
            results.append(
                ActResult(
                    act=i, token=task.token(i), run=f"run-{sample}-{step}-{i}", started_at=begin, ended_at=self.at
                )
            )
        done = work.TaskDone(
            task=task.id, work=task.work, sample=sample, step=step, owner=owner, results=tuple(results)
        )
        self.add(done, owner)

    def make(self, sample: str, values: dict[str, float], line: str) -> AsMade:
        """Bids, award and the tasks that make a sample."""
        work_id = f"make-{sample}"
        recipe = Recipe(steps=(Step(name="dispense", owner=line, acts=(Act(instrument="d", plan="dose"),)),))
        for bidder, minutes in (("line_a", 12), ("line_b", 21)):
            if bidder == "line_b" and any(0 < v < 0.05 for v in values.values()):
                refusal = work.BidRefused(
                    work=work_id,
                    round=1,
                    bidder=bidder,
                    code="infeasible",
                    reason="PCBM 2.0 µL is below its smallest volume 5 µL",
                )
                self.add(refusal, bidder)
                continue
            bid = Bid(
                work=work_id, round=1, bidder=bidder, recipe=recipe, start_at=self.at,
                end_at=self.at + timedelta(minutes=minutes), chance=0.97, valid_until=self.at + timedelta(hours=1),
            )  # fmt: skip
            self.add(work.BidMade(bid=bid), bidder)
        self.add(
            course.WorkAwarded(work=work_id, round=1, bidder=line, bid=1, score=3.2, reason="3.2 per hour against 1.9"),
            "planning",
        )
        self.act(line, sample, 0, ("dose", "coat"), 12)
        self.act("robot", sample, 2, ("transfer",), 2)
        noisy = {k: max(0.0, v + self.random.gauss(0, 0.004)) for k, v in values.items()}
        total = sum(noisy.values())
        made = AsMade(values={k: v / total for k, v in noisy.items()}, deviations=dict.fromkeys(values, 0.004))
        record = Sample(
            id=sample, campaign=self.plan.name, work=work_id, asked=Candidate(values=values), made=made, made_by=line,
            made_at=self.at, place="rack_1",
        )  # fmt: skip
        self.add(work.SampleMade(sample=record), line, sample)
        return made

    def observe(self, sample: str, made: AsMade, value: float) -> None:
        """Measure a sample and conclude."""
        self.act("tester", sample, 4, ("soak",), 60)
        measurement = Measurement(
            id=f"m-{sample}", sample=sample, work=f"measure-{sample}-1", instrument="tester", kind="transmission_trace",
            raw=address(sample), documents=address(sample + "d"), run=f"0f3c{sample}", taken_at=self.at,
        )  # fmt: skip
        self.add(work.MeasurementTaken(measurement=measurement), "tester", sample)
        observation = Observation(
            sample=sample, measurement=measurement.id, property=self.plan.target.property, value=value, deviation=0.006,
            unit="1", made=made, raw=measurement.raw, analysis="transmission_trace", version="0.1.0",
        )  # fmt: skip
        self.add(course.ObservationMade(observation=observation), "analysis", sample)

    def train(self, n: int) -> None:
        """Train on n observations."""
        model = TrainedModel(
            planner="bayesian", checkpoint=address(f"model{n}"), fingerprint=address(f"f{n}"), n_observations=n,
            held_out=None if n < 5 else 1.2 + 0.02 * n + self.random.gauss(0, 0.08), seed=1, version="0.1.0",
        )  # fmt: skip
        self.add(course.ModelTrained(model=model), "training")

    def fail(self, sample: str) -> None:
        """A dose that fails, with its ticket."""
        task = Task(
            id=f"make-{sample}/0", work=f"make-{sample}", sample=sample, step=0, name="dose", owner="line_b",
            acts=(Act(instrument="dispenser_b", plan="dose"),),
        )  # fmt: skip
        self.add(work.TaskStarted(task=task), "line_b")
        self.at += timedelta(minutes=3)
        failed = work.TaskFailed(
            task=task.id, work=task.work, sample=sample, step=0, owner="line_b",
            cause="dispenser_b: channel 3 is clogged", unknown=(task.token(0),),
        )  # fmt: skip
        self.add(failed, "line_b")
        reason = f"{task.work}, step dose: {failed.cause}"
        self.add(work.SampleQuarantined(sample=sample, work=task.work, reason=reason), "line_b")
        trouble = Trouble(what="dispenser_b: channel 3 is clogged", remedies=("done", "not done", "discard"))
        self.add(life.TroubleMet(trouble=trouble), "line_b")
        self.add(
            course.TicketOpened(ticket=Ticket(id="ticket-1", subject=sample, raised_by="line_b", trouble=trouble)),
            "supervision",
        )
        self.add(course.TicketClosed(ticket="ticket-1", answer="discard", person="Ada"), "supervision")

    def run(self, n: int, failing: int | None = 17) -> list[Logged]:
        """The whole campaign."""
        self.open()
        assert self.data is not None
        names, materials = self.data.inputs, list(self.data.materials)
        self.random.shuffle(materials)
        # Later batches draw from better and better materials, as a planner that learns would.
        ranked = sorted(materials, key=lambda m: m.mean)
        observed = 0
        for number in range(1, -(-n // 4) + 1):
            first = (number - 1) * 4
            chosen = []
            for i in range(first, min(first + 4, n)):
                source = materials if i < 8 else ranked[: max(12, 900 - 18 * i)]
                material = source.pop(self.random.randrange(len(source)))
                mean = None if i < 8 else material.mean + self.random.gauss(0, 0.02)
                values = dict(zip(names, material.inputs, strict=True))
                chosen.append((f"{self.plan.name}-{i + 1:04d}", values, mean, material.mean))
            self.batch(number, [(s, v, m) for s, v, m, _ in chosen])
            for i, (sample, values, _, truth) in enumerate(chosen):
                if first + i == failing:
                    self.fail(sample)
                    continue
                line = "line_b" if i % 3 == 2 and not any(0 < v < 0.05 for v in values.values()) else "line_a"
                made = self.make(sample, values, line)
                self.observe(sample, made, truth + self.random.gauss(0, 0.006))
                observed += 1
                self.train(observed)
        self.add(course.CampaignClosing(reason="budget spent"), "supervision")
        finished = course.CampaignFinished(
            reason="budget spent", n_made=observed, n_observed=observed, n_failed=n - observed
        )
        self.add(finished, "supervision")
        return self.log


def example() -> CampaignFile:
    """The example campaign."""
    return read_campaign(ROOT / "examples" / "opv_blend.yaml")


def tell_campaign(n: int = 60, failing: int | None = 17) -> list[Logged]:
    """The log of the example campaign with n samples, of which one may fail."""
    return Telling(example()).run(n, failing)


def tell_paused() -> list[Logged]:
    """The log up to where a person paused the campaign while a sample was being soaked."""
    log = tell_campaign(12, failing=None)
    made = max(n for n, logged in enumerate(log) if logged.entry.kind == "SampleMade")
    telling = Telling(example())
    telling.log, telling.at = log[: made + 1], log[made].entry.at
    sample = log[made].entry.subject
    act, of = Act(instrument="tester", plan="soak"), {"work": f"measure-{sample}-1", "sample": sample}
    recipe = Recipe(steps=(Step(name="soak", owner="tester", acts=(act,)),))
    telling.add(work.ReservationRequested(**of, service="robot", needs=(), recipe=recipe), "tester", sample)
    telling.add(work.ReservationMade(**of, holder="tester", places={}), "robot", sample)
    task = Task(id=f"{of['work']}/0", **of, step=0, name="soak", owner="tester", acts=(act,))
    telling.add(work.TaskStarted(task=task), "tester", sample)
    telling.add(course.CampaignPaused(reason="ada: visitors"), "supervision")
    return telling.log


def write_state(path: Path, log: list[Logged]) -> StateFolder:
    """A state folder that holds this log, through the real store."""
    campaign = example()
    folder = StateFolder.create(path, "opv_replay", campaign.lab_path.read_bytes())
    keep_table(folder, campaign)
    writer = LogWriter(folder.store, "opv_replay", project)
    offered, sequences = [], {}
    for logged in log:
        source = logged.seal.source
        sequences[source] = sequences.get(source, 0) + 1
        header = Header(source=source, epoch=1, sequence=sequences[source])
        offered.append(Offered(header, logged.entry, logged.entry.to_bytes()))
    writer.append(offered, {s: SourceState(1, 0, n) for s, n in sequences.items()}, START)
    writer.close()
    return folder
