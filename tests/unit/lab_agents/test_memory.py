"""Memory of a tree of processes."""

import os
import subprocess
import sys

from lab_agents.memory import proportional_memory, tree_of, weigh

GONE = 2**22 + 1


def test_a_tree_holds_its_descendants():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert {os.getpid(), child.pid} <= tree_of([os.getpid()])
        child.communicate(b"\n")


def test_what_has_ended_weighs_nothing():
    assert tree_of([GONE]) == set()
    assert proportional_memory([GONE]) == 0


def test_this_process_weighs_something():
    assert weigh([os.getpid()]) > 2**20
