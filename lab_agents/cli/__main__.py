"""`python -m lab_agents.cli`: the command line without its installed script."""

from lab_agents.cli import main

main()
