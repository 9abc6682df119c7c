"""The application over storage in memory, with a clock, ids and a signing key of the tests' own."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from adapters.codec import JsonEventCodec
from adapters.ed25519 import Ed25519Signer, ed25519_verifies
from adapters.memory import MemoryAuditSource, MemorySealedLog, MemoryShadowTables, MemoryStorage, MemoryWitness
from application.audit.batch_audit import BatchAudit
from application.audit.export import Export
from application.audit.proofs import Proofs
from application.audit.receipt_signer import ReceiptSigner
from application.audit.receipts import Receipts
from application.audit.sealer import Sealer
from application.audit.signed_notes import PublicKey
from application.audit.tree_audit import TreeAudit
from application.audit.verification import Verification
from application.cancel import CancelBatch
from application.handler import CommandHandler
from application.operations.archive import Archive
from application.operations.erasure import EraseUser
from application.operations.explain import ExplainBatch
from application.operations.rebuild import Rebuild
from application.operations.recorder import Recorder
from application.operations.redispatch import Redispatch
from application.operations.replay import Replay
from application.operations.retention import Retention
from application.queries import Queries
from application.submit import SubmitBatch
from domain.tiers import TierLimits
from tests.support.builders import NOON

SEED = bytes(range(32))
RETENTION = timedelta(days=30)
HEARTBEAT_TIMEOUT = timedelta(seconds=30)


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class World:
    """Everything that the container composes, over memory."""

    def __init__(self) -> None:
        self._ids: Iterator[int] = count()
        self.clock = clock = Clock()
        self.storage = storage = MemoryStorage(clock)
        self.codec = codec = JsonEventCodec()
        self.handler = CommandHandler(storage, codec, clock)
        self.submit = SubmitBatch(storage, self.handler, self.new_id, TierLimits())
        self.cancel = CancelBatch(storage, self.handler)
        self.queries = Queries(storage, codec)
        self._compose_audit()
        self._compose_operations()

    def _compose_audit(self) -> None:
        self.log, self.source, self.witness = (
            MemorySealedLog(self.storage),
            MemoryAuditSource(self.storage),
            MemoryWitness(),
        )
        self.signer, verify = Ed25519Signer("fna-batch", SEED), ed25519_verifies
        self.sealer = self.sealer_with(self.signer)
        self.trusted = self.sealer.trusted
        self.proofs = Proofs(self.log, self.storage, self.trusted, verify)
        self.batch_audit = BatchAudit(self.source, self.codec, self.clock, RETENTION)
        self.tree_audit = TreeAudit(self.log, self.proofs, self.trusted, verify)
        self.verification = Verification(self.batch_audit, self.tree_audit, self.log, self.storage, self.witness)
        self.receipts = Receipts(self.queries, self.batch_audit, self.proofs, ReceiptSigner(self.signer))
        self.export = Export(self.log, self.trusted)

    def _compose_operations(self) -> None:
        storage, clock = self.storage, self.clock
        self.record = record = Recorder(clock, self.new_id)
        self.shadow_tables = MemoryShadowTables(storage)
        self.rebuild = Rebuild(storage, self.handler, self.batch_audit, self.source, record, self.shadow_tables)
        self.replay = Replay(self.source, self.codec, self.shadow_tables)
        self.retention = Retention(storage, record, clock)
        self.erase_user = EraseUser(storage, self.cancel, record)
        self.redispatch = Redispatch(storage, self.handler, self.batch_audit, record)
        self.archive = Archive(storage, self.sealer, self.log, self.export, self.verification, record, clock)
        self.explain = ExplainBatch(storage, self.batch_audit, clock, 3, HEARTBEAT_TIMEOUT)

    def sealer_with(self, signer: Ed25519Signer, trusted: Sequence[PublicKey] = ()) -> Sealer:
        return Sealer(self.log, signer, trusted, ed25519_verifies, self.clock, self.witness)

    def new_id(self) -> UUID:
        """Return a UUIDv7 of the clock's time, each higher than the one before."""
        milliseconds = round(1000 * self.clock().timestamp())
        return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | next(self._ids))

    def types(self, batch_id: UUID) -> list[str]:
        return [event.type for event in self.storage.state.events[batch_id]]

    def actions(self) -> list[tuple[str, dict[str, object]]]:
        """Return kind and data of every recorded action, the oldest first."""
        return [(each.action.kind, dict(each.action.data)) for each in self.storage.state.actions.values()]


@pytest.fixture
def world() -> World:
    return World()
