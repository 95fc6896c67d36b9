"""Run serially on the held clock, a campaign repeats: undisturbed, and where processes are killed."""

import signal

import pytest

from lab_agents.messages.course import ModelTrained, ObservationMade, ProposalMade
from tests.campaigns.real_laboratory import real_laboratory, write_campaign

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1500)]

N_FILMS = 6
STRUCK = ("line_a", "recorder", "tester", "planning", "robot", "analysis", "training", "supervision", "person")


@pytest.fixture
def campaign(tmp_path):
    """One line, one film at a time; the planner learns from the third on."""
    planner = {"name": "bayesian", "initial": 3}
    return write_campaign(tmp_path / "serial.yaml", samples=N_FILMS, lab="opv_serial", batch=1, planner=planner)


async def results_of(laboratory):
    """Everything that a repetition promises to be equal."""
    proposed, observed, trained = [], [], []
    for logged in await laboratory.entries("ProposalMade", "ObservationMade", "ModelTrained"):
        match logged.entry.record:
            case ProposalMade(proposal=proposal):
                proposed.append(proposal)
            case ObservationMade(observation=observation):
                observed.append(observation)
            case ModelTrained(model=model):
                trained.append((model.fingerprint, model.checkpoint, model.held_out))
    return {"proposed": proposed, "observed": observed, "trained": trained}


async def run_through(laboratory, campaign, struck=()):
    """Run to the end, and kill each process of `struck` once on the way; returns the results."""
    await laboratory.start(campaign)
    watch = laboratory.watch
    for name in struck:
        n_acts = len(laboratory.acts())
        await laboratory.until(lambda n=n_acts: len(laboratory.acts()) > n)
        before, head = watch.largest_epoch, watch.head
        pid = laboratory.send(name, signal.SIGKILL)
        if name == "recorder":
            await laboratory.until(lambda h=head: watch.head.recorder > h.recorder)
        else:
            await laboratory.until(lambda n=name, e=before: watch.works(n, e))
        assert laboratory.pids()[name] != pid
    assert await laboratory.ended() == 0, laboratory.said()
    return await results_of(laboratory)


async def check_clean(laboratory):
    """Audit and replay find nothing, and nothing is unknown."""
    audited, replayed = await laboratory.audit(), await laboratory.replay()
    assert audited.agrees, audited.to_text()
    assert audited.n_unknown == audited.n_failed == 0
    assert replayed.agrees, replayed.to_text()


async def test_a_serial_campaign_repeats_also_where_processes_are_killed(campaign, tmp_path):
    results = []
    for name, struck in (("first", ()), ("second", ()), ("killed", STRUCK)):
        (tmp_path / name).mkdir()
        async with real_laboratory(tmp_path / name) as laboratory:
            results.append(await run_through(laboratory, campaign, struck))
            await check_clean(laboratory)
    first, second, killed = results
    assert len(first["observed"]) == len(first["proposed"]) == len(first["trained"]) == N_FILMS
    assert second == first
    assert killed == first
