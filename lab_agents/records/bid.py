"""What an agent offers to do, and how sure it is."""

from pydantic import AwareDatetime, Field

from lab_agents.records.base import FrozenMap, Identifier, Name, Record
from lab_agents.records.quantities import Chance, Seconds
from lab_agents.records.recipe import Recipe


class Bid(Record):
    """An agent's offer to do a piece of work: recipe, time, cost, chance of success.

    Times are laboratory time. `consumables` are amounts in the unit of each consumable's declaration. `chance` is the
    learned probability that the work succeeds, near to where it is in the design space, and `n_learned` the number of
    outcomes it rests on. Deviations are one standard deviation: of that probability, and of the duration.

    `occupies` is for how long the work keeps the bidder from beginning the next one. `worth` weighs what the work
    brings: a measurement of a sample that cannot meet the target brings less. `choice` says in words which of several
    ways it would be done, and why.
    """

    work: Identifier
    round: int = Field(ge=1)
    bidder: Name
    recipe: Recipe
    start_at: AwareDatetime
    end_at: AwareDatetime
    consumables: FrozenMap[str, float] = Field(default_factory=dict)
    chance: Chance
    chance_deviation: Chance = 0.0
    n_learned: int = Field(default=0, ge=0)
    duration_deviation: Seconds = 0.0
    occupies: Seconds = 0.0
    worth: float = Field(default=1.0, gt=0)
    choice: str = Field(default="", max_length=500)
    valid_until: AwareDatetime
