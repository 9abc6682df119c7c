"""The composition root: the only file that names adapters."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from uuid import uuid4

from dependency_injector import containers, providers

from adapters.analysis.lexicon_analyzer import analyze, analyze_sentence, lexicon_at
from adapters.analysis.process_pool import ProcessPoolAnalyzer
from adapters.analysis.sniff import sniff
from adapters.codec import JsonEventCodec
from adapters.ed25519 import Ed25519Signer, ed25519_verifies
from adapters.embedded.server import EmbeddedPostgres, EmbeddedPostgresFailed
from adapters.file import FileWitness
from adapters.jwt import JwtTokens
from adapters.pgqueuer import LocalLiveness, PgQueuerDispatcher, PgQueuerWorker
from adapters.postgres import (
    PostgresAuditSource,
    PostgresOperatorStorage,
    PostgresReadiness,
    PostgresSealedLog,
    PostgresShadowTables,
    PostgresStorage,
    connection_pool,
)
from adapters.postgres.inspection import inspect, statistics
from adapters.postgres.migrations import migrate, newest_revision, revision_of
from application.audit.batch_audit import BatchAudit
from application.audit.export import Export
from application.audit.proofs import Proofs
from application.audit.receipt_signer import ReceiptSigner
from application.audit.receipts import Receipts
from application.audit.sealer import Sealer
from application.audit.tree_audit import TreeAudit
from application.audit.verification import Verification
from application.cancel import CancelBatch
from application.fair_slots import FairSlots
from application.handler import CommandHandler
from application.operations.archive import Archive
from application.operations.erasure import EraseUser
from application.operations.explain import ExplainBatch
from application.operations.rebuild import Rebuild
from application.operations.recorder import Recorder
from application.operations.redispatch import Redispatch
from application.operations.replay import Replay
from application.operations.retention import Retention
from application.process import ProcessBatch
from application.queries import Queries
from application.submit import SubmitBatch
from application.upload import UploadReport
from entrypoints.data_dir import witness_file, workers_folder
from entrypoints.edges import backoff, new_id, pause, utc_now
from entrypoints.secrets import jwt_secret, signing_seed, trusted_keys
from entrypoints.settings import Settings

__all__ = [
    "Container",
    "Database",
    "EmbeddedPostgresFailed",
    "database",
    "inspect",
    "migrate",
    "newest_revision",
    "revision_of",
    "statistics",
]

POOL_PATIENCE_S = 1.5


@dataclass(frozen=True, slots=True)
class Database:
    """The service works with `url` and migrates with `admin_url`; both are the same for an external database."""

    url: str
    admin_url: str


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """Provide the database of the settings. An embedded one is started, migrated, and stopped with the context."""
    if settings.database_url is not None:
        yield Database(settings.database_url, settings.database_url)
        return
    with EmbeddedPostgres(settings.data_dir / "postgres", programs=settings.postgres_bin) as embedded:
        if revision_of(embedded.admin_url) != newest_revision():
            migrate(embedded.admin_url)
        yield Database(embedded.url, embedded.admin_url)


class Container(containers.DeclarativeContainer):
    """Make a new one for each application and each test; override providers by constructor argument."""

    settings = providers.Dependency(instance_of=Settings)
    database_url = providers.Dependency(instance_of=str)
    option = settings.provided

    clock = providers.Object(utc_now)
    new_id = providers.Object(new_id)
    sniff = providers.Object(sniff)
    worker_id = providers.Singleton(uuid4)
    version = providers.Callable(version, "fna-batch")

    # The main job
    pool = providers.Singleton(
        connection_pool,
        database_url,
        size=option.database_pool_size,
        patience=POOL_PATIENCE_S,
        deadline=option.database_deadline_s,
    )
    queue_on = providers.Object(PgQueuerDispatcher)
    storage = providers.Singleton(PostgresStorage, pool, queue_on)
    codec = providers.Singleton(JsonEventCodec)
    handler = providers.Singleton(CommandHandler, storage, codec, clock)
    submit = providers.Singleton(SubmitBatch, storage, handler, new_id, option.limits)
    cancel = providers.Singleton(CancelBatch, storage, handler)
    queries = providers.Singleton(Queries, storage, codec)
    upload = providers.Singleton(UploadReport, storage, sniff, clock, new_id, max_size=option.max_upload_bytes)
    tokens = providers.Singleton(JwtTokens, providers.Callable(jwt_secret, settings), clock)
    readiness = providers.Singleton(PostgresReadiness, pool, revision=providers.Callable(newest_revision))

    # The analysis, and the worker that runs it
    analyzer = providers.Singleton(
        ProcessPoolAnalyzer,
        processes=option.analysis_processes,
        timeout=option.analysis_timeout_s,
        memory=providers.Callable(lambda megabytes: megabytes * 1024 * 1024, option.analysis_memory_mb),
        lexicon_path=option.lexicon_path,
    )
    lexicon = providers.Callable(lexicon_at, option.lexicon_path)
    analyze_with_drivers = providers.Callable(analyze, lexicon_path=option.lexicon_path)
    analyze_sentence = providers.Callable(analyze_sentence, lexicon_path=option.lexicon_path)
    process_batch = providers.Singleton(
        ProcessBatch,
        storage,
        handler,
        analyzer,
        clock,
        new_id,
        max_attempts=option.max_attempts,
        slots=providers.Factory(FairSlots, option.analysis_processes),
        backoff=providers.Factory(backoff, option.analyzer_retries).provider,
        sleep=providers.Object(asyncio.sleep),
        pause=providers.Object(pause),
    )
    worker = providers.Factory(
        PgQueuerWorker,
        pool,
        process_batch,
        database_url=database_url,
        worker_id=worker_id,
        liveness=providers.Factory(LocalLiveness, providers.Callable(workers_folder, settings, database_url)),
        concurrency=option.worker_concurrency,
        eager=option.analysis_processes,
        heartbeat_timeout=option.heartbeat_timeout_s,
        grace=option.grace_s,
    )

    # The audit
    signer = providers.Singleton(Ed25519Signer, option.log_name, providers.Callable(signing_seed, settings))
    verifies = providers.Object(ed25519_verifies)
    receipt_signer = providers.Singleton(ReceiptSigner, signer)
    audit_source = providers.Singleton(PostgresAuditSource, pool)
    sealed_log = providers.Singleton(PostgresSealedLog, pool)
    witness = providers.Singleton(FileWitness, providers.Callable(witness_file, settings, database_url))
    sealer = providers.Singleton(
        Sealer, sealed_log, signer, providers.Callable(trusted_keys, settings), verifies, clock, witness
    )
    trusted = sealer.provided.trusted
    proofs = providers.Singleton(Proofs, sealed_log, storage, trusted, verifies)
    batch_audit = providers.Singleton(BatchAudit, audit_source, codec, clock, retention=option.rows_required_for)
    tree_audit = providers.Singleton(TreeAudit, sealed_log, proofs, trusted, verifies)
    verification = providers.Singleton(Verification, batch_audit, tree_audit, sealed_log, storage, witness)
    receipts = providers.Singleton(Receipts, queries, batch_audit, proofs, receipt_signer)
    export = providers.Singleton(Export, sealed_log, trusted)

    # The operations
    operator_storage = providers.Singleton(PostgresOperatorStorage, pool, queue_on)
    record = providers.Singleton(Recorder, clock, new_id)
    retention = providers.Singleton(Retention, operator_storage, record, clock)
    erase_user = providers.Singleton(EraseUser, operator_storage, cancel, record)
    redispatch = providers.Singleton(Redispatch, operator_storage, handler, batch_audit, record)
    archive = providers.Singleton(Archive, operator_storage, sealer, sealed_log, export, verification, record, clock)
    shadow_tables = providers.Singleton(PostgresShadowTables, database_url, operator_storage)
    rebuild = providers.Singleton(Rebuild, operator_storage, handler, batch_audit, audit_source, record, shadow_tables)
    replay = providers.Singleton(Replay, audit_source, codec, shadow_tables)
    explain_batch = providers.Singleton(
        ExplainBatch,
        storage,
        batch_audit,
        clock,
        max_attempts=option.max_attempts,
        heartbeat_timeout=providers.Factory(timedelta, seconds=option.heartbeat_timeout_s),
    )
