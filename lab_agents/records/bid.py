"""What an agent offers to do, and how sure it is."""

from pydantic import AwareDatetime, Field

from lab_agents.records.base import FrozenMap, Identifier, Name, Record
from lab_agents.records.quantities import Chance
from lab_agents.records.recipe import Recipe


class Bid(Record):
    """An agent's offer to do a piece of work: recipe, time, cost, chance of success.

    Times are laboratory time. `consumables` are amounts in the unit of each consumable's declaration. `chance` is the
    learned probability that the work succeeds and `n_learned` the number of outcomes it rests on.
    """

    work: Identifier
    round: int = Field(ge=1)
    bidder: Name
    recipe: Recipe
    start_at: AwareDatetime
    end_at: AwareDatetime
    consumables: FrozenMap[str, float] = Field(default_factory=dict)
    chance: Chance
    n_learned: int = Field(default=0, ge=0)
    valid_until: AwareDatetime
