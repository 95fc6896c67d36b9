"""What is true of the films that a simulated laboratory made through its processes: its ledger, judged by its world."""

from collections.abc import Sequence
from pathlib import Path

from lab_agents.agents.offers import make_work
from lab_agents.bench.film_campaign import FilmCampaign
from lab_agents.records.recipe import act_of, token_of
from simulators.installation import Models, standing
from simulators.ledger import read_ledger
from simulators.world.things import Things
from simulators.world.truth import Truth

MOST_STEPS = 3
"""Of a recipe, the first steps: one of them takes the substrate, and its act names the film."""


def true_films(campaign: FilmCampaign, simulator: Path, samples: Sequence[str]) -> dict[str, Truth]:
    """The true properties of those samples that were made and have any.

    Args:
        campaign: Whose laboratory it was.
        simulator: The folder of its simulator, which may still be at work.
        samples: Their ids.

    Raises:
        WorldError: If the ledger cannot be read.
    """
    history = Models(campaign.laboratory, None).thin_film.history
    things = Things.standing(standing(campaign.laboratory))
    for line in read_ledger(simulator / "ledger.jsonl"):
        things.apply(line)
    films = {act_of(name): film for name, film in things.films.items() if film.kind == "film"}
    found = {}
    for sample in samples:
        keys = (act_of(token_of(f"{make_work(sample)}/{step}", 0)) for step in range(MOST_STEPS))
        film = next((films[key] for key in keys if key in films), None)
        state = None if film is None else history.fresh(film)
        if state is not None:
            found[sample] = history.world.truth(state)
    return found
