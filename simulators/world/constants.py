"""Every constant of the hidden world in one table, each with its meaning, unit, source and mark.

Marks: **V** found in the source named, **C** computed from other constants, **R** recalled from the literature named
and not looked up, **A** an assumption without a source, free to tune. The defaults are frozen: a planner that has run
on them makes every later change a change of the question. Another world is `dataclasses.replace` of this table, with
another seed of the random field.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, get_type_hints

Mark = Literal["V", "C", "R", "A"]
PerSpecies = tuple[float, float, float]
PerCompound = tuple[tuple[PerSpecies, PerSpecies], tuple[PerSpecies, PerSpecies], tuple[PerSpecies, PerSpecies]]
"""Indexed by A (Cs, FA, MA), then B (Pb, Sn), then X (I, Br, Cl)."""


@dataclass(frozen=True)
class Rate:
    """A first-order rate that follows Arrhenius: `value` (1/s; nm²/s for growth) at `at` (°C), `energy` (kJ/mol)."""

    value: float
    at: float
    energy: float


@dataclass(frozen=True)
class Known:
    """What a constant means, its unit, and where its value comes from."""

    meaning: str
    unit: str
    mark: Mark
    source: str = "assumption"


_GAPS = (
    "Noh, Nano Lett. 2013; Eperon, Energy Environ. Sci. 2014; Hao, Nat. Photonics 2014; Sabba, J. Phys. Chem. C 2015; "
    "Tao, Nat. Commun. 2019; within 0.03 eV (Pb) and 0.1 eV (Sn); MAPbI3 by Draguta, Nat. Commun. 8, 200 (2017)"
)
_SHANNON = "Shannon radii, as tabulated by Bartel, Sci. Adv. 5, eaav0693 (2019)"
_KIESLICH = "effective radii of molecular cations, Kieslich, Chem. Sci. 2014"
_MELTS = "calibrated on the transitions of CsPbI3 (583 K), CsSnI3 (425 K) and FAPbI3 (423 K)"
_LEIJTENS = "form after Leijtens, ACS Energy Lett. 2017: lead protects tin beyond dilution"
_SEGREGATION = (
    "calibrated on MAPb(I,Br)3: Hoke, Chem. Sci. 6, 613 (2015); FA.83Cs.17: McMeekin, Science 2016; Rehman, EES 2017"
)


@dataclass(frozen=True)
class WorldConstants:
    """The table. Give other values to have another world."""

    # Gap of the black phase
    gaps: Annotated[PerCompound, Known("direct gap at 300 K of the black phase of each compound", "eV", "R", _GAPS)] = (
        ((1.73, 2.36, 2.98), (1.27, 1.81, 2.88)),
        ((1.48, 2.23, 3.00), (1.41, 2.63, 3.55)),
        ((1.57, 2.29, 3.11), (1.30, 2.13, 3.50)),
    )
    bowing_i_br: Annotated[float, Known("bowing of iodide with bromide", "eV", "R", "Noh, Nano Lett. 2013")] = 0.33
    bowing_br_cl: Annotated[float, Known("bowing of bromide with chloride", "eV", "A")] = 0.10
    bowing_i_cl: Annotated[float, Known("bowing of iodide with chloride", "eV", "A")] = 0.60
    bowing_pb_sn: Annotated[
        float,
        Known(
            "bowing of lead with tin, in proportion to iodide",
            "eV",
            "C",
            "fit to Hao, JACS 2014; Eperon, Science 2016; Zhao, Nat. Energy 2017; none in bromides: Mancini 2016",
        ),
    ] = 0.90
    field_deviation: Annotated[float, Known("deviation of the frozen random field on the gap", "eV", "A")] = 0.015
    field_length: Annotated[float, Known("correlation length of the field in site fractions", "1", "A")] = 0.5
    field_features: Annotated[int, Known("number of random Fourier features of the field", "1", "A")] = 128
    least_perovskite: Annotated[float, Known("share of perovskite below which a film has no gap", "1", "A")] = 0.20

    # Lattice
    lattices: Annotated[
        PerCompound,
        Known(
            "pseudo-cubic lattice parameter of each compound",
            "Å",
            "R",
            "room-temperature cells within 0.02 Å; FAPbI3 from WMD-group/hybrid-perovskites",
        ),
    ] = (
        ((6.18, 5.84, 5.61), (6.17, 5.80, 5.56)),
        ((6.361, 5.99, 5.74), (6.316, 6.03, 5.75)),
        ((6.28, 5.93, 5.68), (6.24, 5.89, 5.76)),
    )

    # Tolerance factors
    radii_a: Annotated[PerSpecies, Known("radii of Cs (XII), FA, MA", "Å", "V", f"{_SHANNON}; {_KIESLICH}")] = (
        1.88,
        2.53,
        2.17,
    )
    radii_b: Annotated[tuple[float, float], Known("radii of Pb and Sn (VI)", "Å", "V", _SHANNON)] = (1.19, 1.15)
    radii_x: Annotated[PerSpecies, Known("radii of I, Br, Cl (VI)", "Å", "V", _SHANNON)] = (2.20, 1.96, 1.81)

    # Yellow and black
    yellow_reference: Annotated[float, Known("temperature at which films are kept", "K", "A")] = 298.0
    cs_tau: Annotated[
        float, Known("tau above which delta-Cs is stable when kept", "1", "V", "Bartel, Sci. Adv. 2019")
    ] = 4.18
    cs_slope: Annotated[float, Known("transition temperature of delta-Cs per tau", "K", "A", _MELTS)] = 2375.0
    fa_t: Annotated[float, Known("t above which delta-FA is stable when kept", "1", "A", _MELTS)] = 0.972
    fa_slope: Annotated[float, Known("transition temperature of delta-FA per t", "K", "A", _MELTS)] = 8333.0
    fa_bromide: Annotated[float, Known("by which bromide lowers it", "K", "A", "FAPbBr3 is black")] = 600.0
    fa_chloride: Annotated[float, Known("by which chloride lowers it", "K", "A")] = 1000.0
    fa_tin: Annotated[float, Known("by which tin lowers it", "K", "A", "FASnI3 is black")] = 350.0
    conversion_width: Annotated[float, Known("width of the transition in the anneal", "K", "A")] = 8.0
    reversion_temperature: Annotated[
        float,
        Known(
            "transition temperature above which the black phase does not survive quenching",
            "K",
            "A",
            "after Chen, Sci. Adv. 2, e1601650 (2016)",
        ),
    ] = 448.0
    reversion_width: Annotated[float, Known("width of that", "K", "A")] = 15.0
    stability_width: Annotated[float, Known("width in which a black phase becomes stable when kept", "K", "A")] = 10.0

    # Chloride
    chloride_solubility: Annotated[
        float, Known("solubility of chloride in an iodide", "1", "A", "order of Colella 2013; Xu, Science 2020")
    ] = 0.04
    chloride_bromide: Annotated[float, Known("by which bromide raises it", "1", "A", "order of Xu, Science 2020")] = (
        0.35
    )
    chloride_excess: Annotated[float, Known("share of the second phase per insoluble chloride", "1", "A")] = 2.0
    chloride_in_bromide: Annotated[float, Known("weight of bromide against iodide in that", "1", "A")] = 0.3

    # Coating
    thickness: Annotated[float, Known("thickness at the reference speed", "nm", "A")] = 500.0
    reference_speed: Annotated[float, Known("reference speed of the coater", "1/min", "A")] = 4000.0
    thickness_power: Annotated[float, Known("power of speed in the thickness", "1", "R", "Meyerhofer 1978")] = 0.5
    best_delay: Annotated[float, Known("best delay of the antisolvent at the reference speed, no tin", "s", "A")] = 18.0
    delay_power: Annotated[float, Known("power of speed in the best delay", "1", "A")] = 0.67
    delay_tin: Annotated[float, Known("relative shortening of the best delay by tin", "1", "A")] = 0.3
    delay_width: Annotated[float, Known("width of the window of the antisolvent", "s", "A")] = 8.0
    worst_impurity: Annotated[float, Known("impurity of a film whose antisolvent missed", "1", "A")] = 0.07

    # Anneal
    conversion: Annotated[
        Rate, Known("conversion of the solvate", "1/s; kJ/mol", "A", "order of Moore, JACS 137, 2350 (2015)")
    ] = Rate(1 / 180, 100.0, 80.0)
    conversion_order: Annotated[float, Known("Avrami exponent of that", "1", "A")] = 1.5
    loss_of_ma: Annotated[
        Rate, Known("loss of MA", "1/s; kJ/mol", "R", "energy: Juárez-Pérez 2016-19; rate: assumption")
    ] = Rate(2.6e-6, 85.0, 93.0)
    loss_of_fa: Annotated[
        Rate,
        Known("loss of FA", "1/s; kJ/mol", "V", "energy 112 ± 9: J. Phys. Chem. C 125, 21851 (2021); rate: assumption"),
    ] = Rate(2e-5, 150.0, 112.0)
    loss_tin: Annotated[float, Known("relative rise of both losses with tin", "1", "A")] = 4.0
    oxidation: Annotated[Rate, Known("oxidation of tin in the anneal", "1/s; kJ/mol", "A")] = Rate(1e-5, 100.0, 60.0)
    oxidation_power: Annotated[float, Known("power of tin in that", "1", "A", _LEIJTENS)] = 2.0
    oxidation_a: Annotated[PerSpecies, Known("weight of Cs, FA, MA in every oxidation", "1", "A")] = (1.0, 0.8, 1.3)
    grain_start: Annotated[float, Known("grain size before the anneal", "nm", "A")] = 150.0
    grain_growth: Annotated[Rate, Known("growth of the grain's square", "nm²/s; kJ/mol", "A")] = Rate(
        4000 / 60, 100.0, 80.0
    )
    grain_least: Annotated[float, Known("relative grain size of a film whose antisolvent missed", "1", "A")] = 0.5
    strain: Annotated[float, Known("microstrain of a good pure film", "1", "R", "order of films: 1e-4 to 2e-3")] = 3e-4
    strain_quality: Annotated[float, Known("added by an antisolvent that missed", "1", "A")] = 6e-4
    strain_mixing: Annotated[float, Known("added by a half-and-half mix of halides", "1", "A")] = 8e-4

    # Light
    standard_soak: Annotated[float, Known("the standard soak at one sun in dry air", "s", "A")] = 1800.0
    light_tin: Annotated[float, Known("loss exponent of the tin iodide in the standard soak", "1", "A")] = 0.30
    light_power: Annotated[float, Known("power of tin in that", "1", "A", _LEIJTENS)] = 3.0
    light_grain: Annotated[float, Known("grain size for which that holds", "nm", "A")] = 300.0
    light_grain_power: Annotated[float, Known("power of the inverse grain size in that", "1", "A")] = 0.25
    light_ma: Annotated[float, Known("loss exponent of MA in the standard soak", "1", "A")] = 0.01
    light_moisture: Annotated[float, Known("by which moist air speeds both", "1", "A")] = 10.0
    segregation_bromide: Annotated[
        float, Known("bromide that MAPb bears without segregation", "1", "A", _SEGREGATION)
    ] = 0.20
    segregation_cs: Annotated[float, Known("by which Cs raises that", "1", "A", _SEGREGATION)] = 0.9
    segregation_cs_limit: Annotated[float, Known("Cs beyond which it helps no more", "1", "V", "Rehman, EES 2017")] = (
        0.3
    )
    segregation_fa: Annotated[float, Known("by which FA raises it", "1", "A")] = 0.06
    segregation_tin: Annotated[float, Known("by which tin raises it", "1", "A", "direction: s41467-021-23008-z")] = 0.10
    segregation_gap: Annotated[float, Known("red shift per bromide beyond that", "eV", "A")] = 0.6
    segregation_width: Annotated[float, Known("softness of the threshold", "1", "A")] = 0.015
    segregation_iodide: Annotated[float, Known("inverse of the iodide that is needed for a full shift", "1", "A")] = 4.0
    segregation_quality: Annotated[float, Known("by which a missed antisolvent worsens it", "1", "A")] = 0.5
    segregation_time: Annotated[float, Known("time constant at one sun", "s", "V", "within a minute: Hoke 2015")] = 60.0

    # Charge
    carriers: Annotated[float, Known("decimal logarithm of holes in a lead film", "log10 cm⁻³", "A")] = 9.0
    carriers_tin: Annotated[float, Known("by which tin raises it", "log10", "A", "CsSnI3 1e17: Chung, JACS 2012")] = 8.0
    carriers_oxidation: Annotated[
        float, Known("by which oxidized tin raises it", "log10", "A", "MASnI3: Mitzi 1995")
    ] = 40.0
    carriers_limit: Annotated[float, Known("beyond which it does not rise", "log10 cm⁻³", "A")] = 21.0
    mobility_pb: Annotated[float, Known("mobility in lead films", "cm²/(V s)", "V", "11 to 40: Rehman, EES 2017")] = (
        25.0
    )
    mobility_sn: Annotated[
        float, Known("mobility in tin films of few holes", "cm²/(V s)", "A", "585: Chung, JACS 2012")
    ] = 600.0
    mobility_limit: Annotated[float, Known("highest mobility in a film", "cm²/(V s)", "A")] = 500.0
    mobility_carriers: Annotated[
        float, Known("holes that halve the mobility", "cm⁻³", "C", "MASnI3, 2e19 cm⁻³ and 7 mΩ cm: Mitzi 1995")
    ] = 1.6e18
    conductivity_floor: Annotated[float, Known("conductivity of what is not perovskite", "S/cm", "A")] = 1e-12

    # Edge of the absorption
    urbach: Annotated[
        float, Known("energy of the absorption tail of a pure compound", "eV", "V", "JPCL viewpoint 2015")
    ] = 0.015
    urbach_mixing: Annotated[float, Known("added by full mixing of B or X", "eV", "A")] = 0.015
    exciton_pb: Annotated[float, Known("exciton binding energy, lead iodide", "eV", "R", "Miyata, Nat. Phys. 2015")] = (
        0.016
    )
    exciton_sn: Annotated[float, Known("exciton binding energy, tin iodide", "eV", "R")] = 0.005
    exciton_bromide: Annotated[float, Known("added by full bromide", "eV", "R", "Galkowski, EES 2016")] = 0.009
    broadening: Annotated[float, Known("Gaussian width of the edge of a pure compound", "eV", "A")] = 0.025
    broadening_mixing: Annotated[float, Known("added by full mixing of B or X", "eV", "A")] = 0.015

    # Scatter of what a recipe becomes
    scatter_temperature: Annotated[float, Known("deviation of the film's temperature from the plate's", "K", "A")] = 1.5
    scatter_speed: Annotated[float, Known("relative deviation of the coater's speed", "1", "A")] = 0.01
    scatter_delay: Annotated[float, Known("deviation of the antisolvent's delay", "s", "A")] = 0.5


def provenances() -> dict[str, Known]:
    """What is known of each constant of the table, by its name and in the table's order."""
    hints = get_type_hints(WorldConstants, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}
