"""Are the log, the blobs and the runs whole?"""

from collections.abc import Iterator

from lab_agents.auditing.evidence import Evidence
from lab_agents.auditing.report import Check, Finding, check_all
from lab_agents.blobs import Blobs
from lab_agents.errors import BlobError
from lab_agents.store.export.runs import faults_of
from lab_agents.store.summaries import ChainReport


def check_log(chain: ChainReport) -> Check:
    """Positions dense, chain unbroken, columns as the entries say."""
    findings = (Finding("log", fault) for fault in chain.faults)
    return check_all("log", "positions are dense, the chain is unbroken, every entry can be read", chain.head, findings)


def check_blobs(evidence: Evidence, blobs: Blobs) -> Check:
    """Each blob that an entry names is there and has the content of its address."""

    def missing() -> Iterator[Finding]:
        for address, position in evidence.blobs.items():
            try:
                blobs.get(address)
            except BlobError as error:
                yield Finding(f"{address[:12]}…", str(error), position)

    return check_all("blobs", "each blob named in the log is there and unchanged", len(evidence.blobs), missing())


def check_documents(evidence: Evidence, blobs: Blobs) -> Check:
    """Each run's Bluesky documents are one whole, valid run."""

    def invalid() -> Iterator[Finding]:
        for position, token in evidence.undocumented:
            yield Finding(token, "ended well, and no documents of its run were kept", position)
        for name, run in evidence.runs.items():
            try:
                data = blobs.get(run.documents)
            except BlobError:
                continue  # the check of the blobs names it
            for fault in faults_of(data, name, run.token):
                yield Finding(f"run {name}", fault, run.position)

    return check_all("documents", "each run's documents are whole and valid", len(evidence.runs), invalid())
