"""One pursuit of a target under a budget."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from lab_agents.records.autonomy import Autonomy
from lab_agents.records.base import FrozenMap, Name, Record, Sha256
from lab_agents.records.control import Controls
from lab_agents.records.quantities import Hours
from lab_agents.records.recipe import Argument
from lab_agents.records.space import DesignSpace
from lab_agents.records.stopping import StoppingRules
from lab_agents.records.target import Target


class Budget(Record):
    """What a campaign may spend.

    `samples` made, `hours` of laboratory time, the most of each of the `consumables` (and stocks) in the unit of its
    declaration, and `money` in the currency of the laboratory's prices.
    """

    samples: int = Field(ge=1, le=100_000)
    hours: Hours | None = None
    consumables: FrozenMap[Name, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    money: float | None = Field(default=None, gt=0)


class PlannerChoice(Record):
    """A planner's entry-point name with its settings; `initial` space-filling points come first."""

    name: Name = "bayesian"
    initial: int = Field(default=5, ge=1)
    settings: FrozenMap[str, Argument] = Field(default_factory=dict)


AwardOrder = Literal["joint", "first_come"]
"""`joint`: by expected value per hour and consumable, over all works and bidders at once. `first_come`: in the order of
offers, to the bidder with least in hand; every measurement is then a usual one."""


class CampaignPlan(Record):
    """All that decides a campaign's course, as the person stated it.

    `measurements` are the kinds of measurement that each sample gets, in order: what spoils or ages it comes last, and
    the same kind may come twice (a spectrum before and after light).
    `controls` are films of a fixed recipe made beside the candidates, which cost no sample of the budget.
    `stop` are rules that end it before its budget is spent.
    `content` is the sha256 of the campaign file and what it refers to: a second `run` of the same content attaches.
    """

    name: Name
    target: Target
    space: DesignSpace
    budget: Budget
    batch: int = Field(default=1, ge=1, le=64)
    planner: PlannerChoice = PlannerChoice()
    autonomy: Autonomy = Autonomy()
    measurements: tuple[Name, ...] = Field(min_length=1, max_length=16)
    seed: int = Field(default=0, ge=0, lt=2**31)
    lines: tuple[Name, ...] = ()
    awards: AwardOrder = "joint"
    controls: Controls | None = None
    stop: StoppingRules = StoppingRules()
    content: Sha256
    kind: Literal["inverse_design"] = "inverse_design"

    @model_validator(mode="after")
    def _check_batch(self) -> "CampaignPlan":
        if self.batch > self.budget.samples:
            raise ValueError(f"batch {self.batch} is larger than the budget of {self.budget.samples} samples")
        return self
