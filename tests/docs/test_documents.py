"""The committed documents are what the code makes."""

import pytest

from deployment.write_documents import ROOT, documents


@pytest.mark.parametrize("path", sorted(documents()), ids=lambda path: path.name)
def test_a_committed_document_is_what_the_tables_make(path):
    assert path.read_text() == documents()[path], f"{path.relative_to(ROOT)} is old: run `make documents`"
