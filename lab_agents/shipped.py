"""Where the campaigns lie that come with the package."""

from importlib import resources
from pathlib import Path

from lab_agents.errors import DeclarationError


def find_example(name: str) -> Path:
    """The campaign file `name` of `examples/`: beside the packages in a checkout, inside them where installed.

    Raises:
        DeclarationError: If there is none of that name.
    """
    folders = (Path(__file__).parents[1] / "examples", Path(str(resources.files("lab_agents"))) / "examples")
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    known = sorted({path.name for folder in folders for path in folder.glob("*.yaml")})
    remedy = f"Those that come with the package are {', '.join(known)}"
    raise DeclarationError("no such example comes with the package", source=name, remedy=remedy)
