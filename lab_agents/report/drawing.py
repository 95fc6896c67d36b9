"""How plots look: inline SVG whose colours are the page's variables, so that they follow light and dark."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Each role is drawn in a colour that nothing else uses and becomes a variable of the page afterwards.
INK, QUIET, RULE, PAPER = "#010101", "#020202", "#030303", "#040404"
ONE, TWO, THREE, BAD = "#050505", "#060606", "#070707", "#080808"
FOUR, FIVE, SIX = "#090909", "#0a0a0a", "#0b0b0b"
_VARIABLES = {
    INK: "--ink", QUIET: "--quiet", RULE: "--rule", PAPER: "--paper", ONE: "--one", TWO: "--two", THREE: "--three",
    BAD: "--bad", FOUR: "--four", FIVE: "--five", SIX: "--six",
}  # fmt: skip
SERIES = (ONE, TWO, THREE, FOUR, FIVE, SIX)

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 10.0,
    "axes.edgecolor": RULE,
    "axes.labelcolor": QUIET,
    "axes.titlecolor": INK,
    "axes.titlesize": 10.0,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": QUIET,
    "legend.fontsize": 9.0,
    "text.color": INK,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "path.simplify": True,
}


@contextmanager
def plot(width: float = 7.2, height: float = 3.2, rows: int = 1, columns: int = 1) -> Iterator["Plot"]:
    """A figure of `rows` by `columns` panels, `width` by `height` inches, in the report's style."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False)
        yield Plot(figure, [axes for row in grid for axes in row])


class Plot:
    """A figure with its panels; `to_svg` must be called while its context is open."""

    def __init__(self, figure: "Figure", panels: list["Axes"]) -> None:
        self.figure, self.panels = figure, panels

    def to_svg(self, name: str, title: str) -> str:
        """The figure as an `svg` element; `title` is what a screen reader says."""
        import matplotlib as mpl

        buffer = io.StringIO()
        with mpl.rc_context({"svg.hashsalt": name}):
            # Left to the saving, the layout costs a drawing of everything that is thrown away.
            if (layout := self.figure.get_layout_engine()) is not None:
                layout.execute(self.figure)
            self.figure.set_layout_engine("none")
            self.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return _inline(buffer.getvalue(), name, title)


def _inline(svg: str, name: str, title: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Ids are unique in a page only with the plot's name in front.
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    svg = re.sub(r"font: [^;\"]*?([\d.]+)px[^;\"]*", r"font-size: \1px", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    width, height = (float(x) for x in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())  # type: ignore[union-attr]
    head = (
        f'<svg class="plot" role="img" aria-label="{_escape(title)}" viewBox="0 0 {width:g} {height:g}" '
        f'style="max-width:{width * 1.45:.0f}px" xmlns="http://www.w3.org/2000/svg">'
    )
    svg = re.sub(r"<svg[^>]*>", head, svg, count=1)
    return re.sub(r"\n\s*", "\n", svg).replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
