"""A table of recorded measurements that a laboratory can replay."""

from pydantic import Field, model_validator

from lab_agents.records.base import FrozenMap, Record


class InputRange(Record):
    """The inclusive range of one input column, in its unit."""

    lower: float
    upper: float
    unit: str = "1"


class TableDeclaration(Record):
    """Where a table stands and what its columns mean.

    `path` is relative to the installed package `package` if one is named, else to the campaign file. `columns` names
    the columns where there is no header. Rows with equal inputs are replicates of one material. `unit` is the output's,
    where the table's author states it; a campaign's target must then agree.
    """

    package: str | None = None
    path: str | None
    header: bool = True
    columns: tuple[str, ...] = ()
    inputs: FrozenMap[str, InputRange]
    output: str
    unit: str | None = None
    simplex: bool = False
    sum_tolerance: float = Field(default=2e-3, gt=0)

    @model_validator(mode="after")
    def _check_columns(self) -> "TableDeclaration":
        if not self.header and not self.columns:
            raise ValueError("a table without a header needs columns")
        if self.columns:
            missing = [c for c in (*self.inputs, self.output) if c not in self.columns]
            if missing:
                raise ValueError(f"columns do not list {', '.join(missing)}")
        return self
