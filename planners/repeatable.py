"""What makes torch give equal answers to equal questions."""

import torch


def one_thread() -> None:
    """One torch thread in this process: sums in parallel are added in changing order, and workers share the machine.

    Matrices of a campaign's size (hundreds of observations) gain nothing from a second thread.
    """
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
