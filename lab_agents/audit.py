"""The audit of a laboratory's state folder: what was ordered against what moved, and whether all of it hangs together.

It reads the store, the blobs and the simulator's ledger, writes nothing, and may run beside a working laboratory: what
is still in flight is counted, not found. `docs/audit.md` documents every format, so that others can do it too.
"""

from collections import Counter
from pathlib import Path

from lab_agents.auditing import actuations, content, lineage
from lab_agents.auditing.evidence import Evidence, gather
from lab_agents.auditing.ledger import Ledger, read_ledger
from lab_agents.auditing.report import AuditReport, Check
from lab_agents.blob_place import blobs_of
from lab_agents.blobs import Blobs
from lab_agents.store.reader import StoreReader
from lab_agents.store.summaries import ChainReport


def audit(state: Path, blobs: Blobs | None = None) -> AuditReport:
    """Compare everything in a state folder with everything else in it.

    Args:
        state: The state folder.
        blobs: Where raw data are; where its lab file says by default.

    Returns:
        The report; `agrees` is False where anything was found.

    Raises:
        StoreError: If there is no store, or it cannot be read.
    """
    blobs = blobs or blobs_of(state)
    with StoreReader(state / "store.sqlite") as reader:
        # The log before the ledger tells what must have moved, the log after it what may have: the laboratory goes on.
        before = gather(reader.sealed())
        ledger = read_ledger(state / "simulator" / "ledger.jsonl")
        evidence = gather(reader.sealed())
        chain = reader.verify_chain()
    checks = (
        content.check_log(chain),
        actuations.check_actuations(before, ledger),
        actuations.check_orders(evidence, ledger),
        actuations.check_foreign(evidence, ledger),
        actuations.check_endings(evidence),
        lineage.check_observations(evidence),
        lineage.check_lineage(evidence),
        content.check_blobs(evidence, blobs),
        content.check_documents(evidence, blobs),
    )
    return _report(state, chain, evidence, ledger, checks)


audit_state = audit
"""The name that reads well where `audit` is already a command."""


def _report(
    state: Path, chain: ChainReport, evidence: Evidence, ledger: Ledger | None, checks: tuple[Check, ...]
) -> AuditReport:
    fates = Counter(one.fate for one in evidence.ordered.values())
    ended = len(evidence.ordered) - fates["in flight"]
    return AuditReport(
        state=str(state),
        log=chain.log,
        lab=chain.lab,
        head=chain.head,
        chain=chain.chain,
        software=tuple(sorted(evidence.versions)),
        n_ordered=len(evidence.ordered),
        n_done=fates["done"],
        n_failed=fates["failed"],
        n_unknown=fates["unknown"],
        n_in_flight=fates["in flight"],
        n_moved=None if ledger is None else len(ledger.acts),
        n_observations=len(evidence.observations),
        unknown_share=fates["unknown"] / ended if ended else 0.0,
        checks=checks,
        agrees=not any(check.findings for check in checks),
    )
