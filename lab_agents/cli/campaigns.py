"""What `run` and `resume` do, from the campaign file to the exit code."""

import asyncio
from dataclasses import replace
from pathlib import Path

import yaml
from setproctitle import setproctitle

from instruments.lab import read_laboratory
from lab_agents.blob_place import blobs_of
from lab_agents.campaign_file import CampaignFile
from lab_agents.cli.ending import print_cost, print_summary
from lab_agents.cli.exits import Exit
from lab_agents.cli.following import Following, Wishes, is_plain, make_console, scene_for
from lab_agents.cli.output import say
from lab_agents.cli.states import is_state, state_for
from lab_agents.cli.submitting import open_campaign, write_frame
from lab_agents.errors import StateFolderError
from lab_agents.guard_client import shutdown
from lab_agents.guard_door import find_guard
from lab_agents.messages.commands import StartCampaign
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory
from lab_agents.replayed_table import keep_table, laboratory_file, read_replayed
from lab_agents.report.truth import Truth
from lab_agents.state_folder import StateFolder


def run_campaign(campaign: CampaignFile, laboratory: Laboratory, wishes: Wishes) -> Exit:
    """Start a campaign, or join it where the same one is open, and show it to its end.

    Raises:
        StateFolderError: If another campaign is open in the state folder, or it belongs to another laboratory.
        GuardError: If the guard cannot be started.
    """
    path = state_for(wishes.state, laboratory.name)
    setproctitle(f"lab-agents: run {campaign.plan.name}")
    console = make_console(wishes)
    if is_state(path):
        folder = StateFolder.open(path)
        folder.check_identity(laboratory.name)
        open_plan = open_campaign(folder)
        if open_plan is not None:
            _check_same(folder, open_plan, campaign.plan)
            console.print(f"{open_plan.name} is open in {path} already; this display joins it.", highlight=False)
            return _follow(folder, open_plan, wishes)
    declared = read_laboratory(campaign.lab_path)
    file = with_speed(laboratory_file(campaign.lab_path, declared, campaign.plan.space), wishes.speed)
    folder = open_folder(path, laboratory, file)
    keep_table(folder, campaign)
    blobs = blobs_of(folder.path)
    # The recorder keeps it again; put here it shows, before anything starts, whether raw data can be kept at all.
    blobs.put(file)
    if campaign.pool_bytes is not None:
        blobs.put(campaign.pool_bytes)
    plan = campaign.plan
    write_frame(folder, StartCampaign(plan=plan, person=wishes.person), subject=plan.name, campaign=plan.name)
    console.print(f"state folder: {folder.path}", highlight=False, soft_wrap=True)
    return _follow(folder, plan, wishes)


def resume_campaign(path: Path, wishes: Wishes) -> Exit:
    """Join or start the laboratory of a state folder, and show its open campaign to its end."""
    folder = StateFolder.open(path)
    plan = open_campaign(folder)
    if plan is None:
        running = find_guard(folder, read_laboratory(folder.lab_file).machines[0])
        say(f"No campaign is open in {path}. Start one: lab-agents run FILE --state {path}")
        if running is not None:
            say(f"Its processes still run (guard {running}). End them: lab-agents end --state {path}")
        return Exit.OK
    setproctitle(f"lab-agents: resume {plan.name}")
    return _follow(folder, plan, wishes)


def end_laboratory(path: Path, *, is_hasty: bool) -> None:
    """End the processes of a laboratory on its first machine.

    Raises:
        GuardError: If no guard lives here, or somebody called the end off.
    """
    folder = StateFolder.open(path)
    machine = read_laboratory(folder.lab_file).machines[0]
    mode = "now" if is_hasty else "drain"
    asyncio.run(shutdown(folder, machine, mode=mode, report=lambda said: say(str(said.get("draining") or ""))))
    say(f"Everything is at rest. Go on with: lab-agents resume --state {path}")


def _check_same(folder: StateFolder, found: CampaignPlan, wanted: CampaignPlan) -> None:
    if found.content == wanted.content:
        return
    other = f"{found.name} (content {found.content[:10]})"
    this = f"{wanted.name} (content {wanted.content[:10]})"
    raise StateFolderError(
        f"{folder.path} is busy with the campaign {other}, so {this} was not started. Follow that one "
        "(lab-agents resume), end it (lab-agents abort), or give another folder with --state."
    )


def open_folder(path: Path, laboratory: Laboratory, file: bytes) -> StateFolder:
    """Open the folder; another lab file than the one there takes effect, but never under a laboratory that runs."""
    if is_state(path):
        folder = StateFolder.open(path)
        is_changed = folder.lab_file.read_bytes() != file
        running = find_guard(folder, laboratory.machines[0])
        if running is not None and is_changed:
            raise StateFolderError(
                f"The laboratory in {path} runs (guard {running}) with another lab file. End it first: "
                f"lab-agents resume --state {path}, then Ctrl-C; or give another folder with --state."
            )
        if is_changed:
            folder.replace_lab_file(file)
    return StateFolder.create(path, laboratory.name, file)


def with_speed(file: bytes, speed: float | None) -> bytes:
    """The lab file with the simulated clock slowed to `speed`; comments are lost then, what they say is not."""
    if speed is None:
        return file
    declared = yaml.safe_load(file)
    if not declared.get("simulation"):
        raise StateFolderError("--speed slows a simulated clock; this laboratory is real. Leave it out.")
    declared["simulation"]["speed"] = speed
    return yaml.safe_dump(declared, allow_unicode=True, sort_keys=False).encode()


def _follow(folder: StateFolder, plan: CampaignPlan, wishes: Wishes) -> Exit:
    laboratory = read_laboratory(folder.lab_file)
    console = make_console(wishes)
    table = read_replayed(folder)
    truth = Truth(table, plan.target) if table is not None and table.output == plan.target.property else None
    following = Following(
        folder=folder,
        laboratory=laboratory,
        campaign=plan.name,
        wishes=replace(wishes, is_plain=is_plain(wishes, console)),
        scene=scene_for(laboratory, truth),
        console=console,
    )
    code = asyncio.run(following.run())
    _tell(following, code)
    return code


def _tell(following: Following, code: Exit) -> None:
    """The last words: results where the campaign has finished, how to go on where it has not."""
    console, folder, scene = following.console, following.folder, following.scene
    if code is Exit.DETACHED:
        console.print(
            f"The laboratory goes on. Return with: lab-agents resume --state {folder.path}\n"
            f"Stop it with: lab-agents stop --reason WHY --state {folder.path}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
        return
    if code is Exit.INTERRUPTED:
        console.print(
            f"Everything is at rest. Go on with: lab-agents resume --state {folder.path}",
            highlight=False,
            soft_wrap=True,
        )
        return
    print_summary(console, scene.account, scene.truth)
    if (written := following.written()) is not None:
        console.print(f"report: {written.page}\nsamples: {written.samples}", highlight=False, soft_wrap=True)
    print_cost(console, scene.account, scene.wall_elapsed, following.peak)
