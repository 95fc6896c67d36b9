"""What makes torch give equal answers to equal questions."""

import torch

from planners.repeatable import one_thread


def test_one_torch_thread_is_left() -> None:
    """However many there were."""
    torch.set_num_threads(2)
    one_thread()
    assert torch.get_num_threads() == 1
