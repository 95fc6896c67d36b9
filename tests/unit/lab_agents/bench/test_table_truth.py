"""The recorded table as truth."""

from lab_agents.bench.table_truth import TableTruth
from lab_agents.records.space import Candidate
from lab_agents.tables import Material, Table


def test_the_truth_of_a_material_is_the_mean_of_its_replicates() -> None:
    """With a deviation that is small beside the table's range, because none does not exist."""
    table = Table(("b", "a"), "y", (Material((1.0, 2.0), (3.0, 5.0)), Material((0.0, 1.0), (0.0,))), "0" * 64)
    learned = TableTruth(table).observe("s-1", Candidate(values={"a": 2.0, "b": 1.0}))
    assert (learned.sample, learned.values, learned.outcomes["y"].value) == ("s-1", (1.0, 2.0), 4.0)
    assert 0 < learned.outcomes["y"].deviation < 1e-4
