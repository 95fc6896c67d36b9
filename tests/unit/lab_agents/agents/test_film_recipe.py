"""The recipe of a perovskite film, and what it made."""

import pytest

from lab_agents.agents.bidder_state import Prepared, Refusal
from lab_agents.agents.film_recipe import DEVIATIONS, FilmRecipe, SetPoint, set_point_of
from lab_agents.agents.making import Making
from lab_agents.agents.stoichiometry import FRACTIONS
from lab_agents.messages.work import TaskDone, TaskFailed
from lab_agents.records.recipe import ActResult
from lab_agents.records.space import Candidate
from lab_agents.records.stock import read_volumes, volumes_text
from tests.film_lab import film, film_laboratory
from tests.model_lab import START

RULES = FilmRecipe()


def prepared(**changes: float) -> Prepared:
    """What line_a would do."""
    made = RULES.prepare("line_a", film_laboratory(), film(**changes))
    assert isinstance(made, Prepared), made
    return made


def refused(line: str = "line_a", **changes: float) -> str:
    """Why a line would not."""
    said = RULES.prepare(line, film_laboratory(), film(**changes))
    assert isinstance(said, Refusal), said
    assert said.code == "infeasible"
    return said.reason


def test_a_film_is_mixed_spun_carried_annealed_and_shelved_each_by_its_owner():
    recipe = prepared().recipe
    assert [(s.name, s.owner) for s in recipe.steps] == [
        ("mix", "handler"),
        ("spin", "line_a"),
        ("to_plate", "robot"),
        ("anneal", "line_a"),
        ("shelve", "robot"),
    ]
    assert [(n.role, n.place or n.kind) for n in recipe.needs] == [
        ("vial", "vial_a"),
        ("stage", "stage_a"),
        ("plate", "plate_a"),
        ("rack", "rack"),
    ]
    anneal = recipe.steps[3].acts[0]
    assert (anneal.at, anneal.arguments) == ("plate", {"temperature": 120.0, "duration": 1200.0})


def test_a_wet_film_may_wait_for_a_short_time_only():
    assert [s.max_wait for s in prepared().recipe.steps] == [None, 3600.0, 300.0, 300.0, None]


def test_vial_and_stage_are_free_again_as_soon_as_the_next_film_can_use_them():
    recipe = prepared().recipe
    assert [sorted(recipe.done_with(n)) for n in range(5)] == [[], [], ["vial"], ["stage", "vial"], ["stage", "vial"]]


def test_it_draws_every_volume_a_tip_for_each_a_substrate_and_antisolvent():
    made = prepared()
    volumes = read_volumes(str(made.recipe.steps[0].acts[0].arguments["volumes"]))
    assert sum(volumes.values()) == pytest.approx(500.0)
    other = {"tips": float(len(volumes)), "substrates_a": 1.0, "antisolvent_a": 250.0}
    assert dict(made.stock) == {**volumes, **other}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"anneal_temperature": 160.0}, "150"),
        ({"speed": 7000.0}, "6000"),
        ({"delay": 50.0}, "the spin ends after 45"),
        ({"fa": 0.95}, "site A sum to 1.05"),
        ({"gold": 1.0}, "gold"),
    ],
)
def test_what_a_line_cannot_do_is_refused_with_the_number(changes, words):
    assert words in refused("line_b", **changes)


def test_traces_are_left_out_of_the_ink():
    made = RULES.prepare("line_a", film_laboratory(), film(br=0.0005, i=0.9995))
    volumes = read_volumes(str(made.recipe.steps[0].acts[0].arguments["volumes"]))
    assert not any("br" in stock for stock in volumes)


def test_lines_differ_in_what_they_can_do():
    assert RULES.prepare("line_a", film_laboratory(), film(anneal_temperature=160.0)).recipe


def test_a_parameter_that_is_not_varied_is_a_setting_of_the_line():
    fixed = Candidate(values={n: v for n, v in film().values.items() if n != "speed"})
    assert "speed" in RULES.prepare("line_a", film_laboratory(), fixed).reason
    recipe = RULES.prepare("line_a", film_laboratory(speed=3000.0), fixed).recipe
    assert recipe.steps[1].acts[0].arguments["speed"] == 3000.0


def test_each_parameter_of_the_process_is_a_set_point_of_an_instrument():
    lab = film_laboratory()
    assert set_point_of(lab, "line_b", "anneal_time") == SetPoint("hotplate_b_1", "duration", 60.0)
    assert set_point_of(lab, "line_b", "speed") == SetPoint("spin_b", "speed")
    assert set_point_of(lab, "line_b", "cs") is None


def result(**readings: float | str) -> ActResult:
    """What one act brought."""
    return ActResult(act=0, token="0" * 16, run="r", readings=readings, started_at=START, ended_at=START)


def mixed(scale: float = 1.0, flagged: str = "") -> ActResult:
    """What the handler reports of the mixture."""
    asked = read_volumes(str(prepared().recipe.steps[0].acts[0].arguments["volumes"]))
    delivered = volumes_text({stock: volume * scale for stock, volume in asked.items()})
    return result(delivered=delivered, deviation=volumes_text(dict.fromkeys(asked, 0.5)), flagged=flagged)


def done(step: int, *results: ActResult) -> TaskDone:
    """The good end of a step."""
    return TaskDone(task=f"w/{step}", work="w", sample="s", step=step, owner="x", results=results)


def test_what_was_made_is_what_the_instruments_report():
    results = {
        "mix": (mixed(),),
        "spin": (result(speed=3990.0, duration=45.0, delay=15.3),),
        "anneal": (result(temperature=120.4, duration=1200.0),),
    }
    making = Making("line_a", film(), prepared().recipe, results, is_mixture=False)
    made = RULES.made(film_laboratory(), making)
    assert set(made.values) == set(film().values)
    assert (made.values["speed"], made.values["delay"]) == (3990.0, 15.3)
    assert (made.values["anneal_temperature"], made.values["anneal_time"]) == (120.4, 20.0)
    assert made.deviations["delay"] == DEVIATIONS["delay"]
    for name in FRACTIONS:
        assert made.values[name] == pytest.approx(film().values[name], abs=1e-3)
    assert 0.0005 < made.deviations["sn"] < 0.01
    declared = RULES.made(film_laboratory(deviation_delay=0.5), making)
    assert declared.deviations["delay"] == 0.5


def test_what_the_instruments_found_wrong_is_a_flaw():
    recipe = prepared().recipe
    assert RULES.find_flaw(recipe.steps[0], done(0, mixed())) == ""
    assert "fai, sni2" in RULES.find_flaw(recipe.steps[0], done(0, mixed(flagged="fai;sni2")))
    assert RULES.find_flaw(recipe.steps[1], done(1, result(speed=1.0, duration=1.0, delay=15.0))) == ""
    assert "no antisolvent" in RULES.find_flaw(recipe.steps[1], done(1, result(speed=1.0, duration=1.0, delay=0.0)))


def test_what_left_its_bottle_is_used_up_whatever_reached_the_vial():
    made, lab = prepared(), film_laboratory()
    mix, spin, carry, *_ = made.recipe.steps
    asked = read_volumes(str(mix.acts[0].arguments["volumes"]))
    tips = {"tips": float(len(asked))}
    assert RULES.drawn("line_a", lab, mix, done(0, mixed(scale=0.5))) == {**asked, **tips}
    failed = TaskFailed(task="w/0", work="w", sample="s", step=0, owner="handler", cause="c")
    assert RULES.drawn("line_a", lab, mix, failed) == {**asked, **tips}
    assert RULES.drawn("line_a", lab, spin, done(1)) == {"substrates_a": 1.0, "antisolvent_a": 250.0}
    assert RULES.drawn("line_a", lab, carry, done(2)) == {}
