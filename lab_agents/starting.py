"""Where a process of a laboratory begins: `python -m lab_agents.starting ROLE NAME …`, run by its guard.

What a process imports stays for as long as it lives. To look through it for garbage while it grows takes an eighth of
the time of a start, and finds nothing; the collector begins when `lab_agents.assembly` has everything it needs.
"""

import gc


def main() -> None:
    """Import with the collector at rest, then be the process that the arguments name."""
    gc.disable()
    from lab_agents.assembly import main as become

    become()


if __name__ == "__main__":
    main()
