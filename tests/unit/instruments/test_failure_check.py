"""A lab file's words on failed tasks are read, or refused with file, line, value and remedy."""

import pytest

from instruments.lab import read_laboratory
from lab_agents.errors import DeclarationError
from lab_agents.records.failure import FailurePolicy


def write(folder, said):
    """A lab file that says this of failed tasks."""
    path = folder / "lab.yaml"
    path.write_text(f"like: thin_film\nname: mine\non_failure:\n  {said}\n")
    return path


def test_what_a_lab_file_says_of_a_kind_of_task_counts(tmp_path):
    said = "measure: {action: skip, retries: 2, backoff: 120.0, growth: 3.0, instead: [lamp_2]}"
    found = read_laboratory(write(tmp_path, said)).policy("measure")
    assert found == FailurePolicy(action="skip", retries=2, backoff=120.0, growth=3.0, instead=("lamp_2",))


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("spin: {retries: 3}", "there is no kind of task 'spin'. There are mix, coat,"),
        ("mix: {action: again}", "is 'again'. It must be 'retry', 'skip'"),
        ("mix: {action: retry}", "to be tried again, but 0 times"),
        ("mix: {instead: [handler]}", "it is never tried again"),
        ("mix: {retries: 11}", "is 11"),
        ("mix: {retries: 2, backoff: .inf}", "Only finite numbers"),
        ("mix: {retries: 2, backoff: -1.0}", "is -1.0"),
        ("mix: {retries: 10, backoff: 600.0, growth: 4.0}", "its retries would wait 58254.2 h together; 168 h"),
        ("transfer: {action: skip}", "a transfer cannot be skipped"),
        ("measure: {retries: 2, instead: [lamp_9]}", "there is no instrument 'lamp_9'"),
        ("measure: {retries: 2, instead: [xrd]}", "xrd can do nothing instead of another one"),
        ("transfer: {retries: 2, instead: [lamp_2]}", "lamp_2 can do nothing instead of another one"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_line_and_remedy(tmp_path, said, what):
    with pytest.raises(DeclarationError, match=r"line 4: on_failure\.") as refused:
        read_laboratory(write(tmp_path, said))
    assert what in str(refused.value)
