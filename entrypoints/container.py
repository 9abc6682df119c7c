"""The composition root: the only file that knows which adapter stands behind which port."""

import asyncio
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from uuid import UUID, uuid4

from dependency_injector import containers, providers
from uuid_utils.compat import uuid7

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
from application.audit.receipts import Receipts
from application.audit.sealer import Sealer
from application.audit.signed_notes import PublicKey
from application.audit.tree_audit import TreeAudit
from application.cancel import CancelBatch
from application.fair_slots import FairSlots
from application.handler import CommandHandler
from application.operations.archive import Archive
from application.operations.erasure import Erasure
from application.operations.explain import Explain
from application.operations.rebuild import Rebuild, Replay
from application.operations.recorder import Recorder
from application.operations.redispatch import Redispatch
from application.operations.retention import Retention
from application.process import ProcessBatch
from application.queries import Queries
from application.submit import SubmitBatch
from application.upload import UploadReport
from entrypoints.data_dir import witness_file, workers_folder
from entrypoints.settings import Settings

__all__ = [
    "Container",
    "Database",
    "EmbeddedPostgresFailed",
    "MissingSecret",
    "database",
    "inspect",
    "migrate",
    "newest_revision",
    "revision_of",
    "statistics",
]

SECRET_FILE = "jwt-secret"  # noqa: S105
SIGNING_KEY_FILE = "signing-key"
GUIDE_DAYS = 30
SHORTER = timedelta(hours=3)
POOL_PATIENCE_S = 1.5
FIRST_BACKOFF_S, MOST_BACKOFF_S = 0.5, 30.0


def utc_now() -> datetime:
    return datetime.now(UTC)


async def pause() -> None:
    """Before the database is asked again; a little random, so that many workers do not ask at once."""
    await asyncio.sleep(random.uniform(0.5, 1.5))


def backoff(retries: int) -> Iterator[float]:
    """Seconds before each retry: twice as many each time, and anything from half of that, so that no two agree."""
    for number in range(retries):
        yield min(MOST_BACKOFF_S, FIRST_BACKOFF_S * 2**number) * random.uniform(0.5, 1.0)


def kept_for(settings: Settings) -> timedelta:
    """How long the audit insists on rows of finished batches: the platform's own DELETE takes them after 30 days.

    Those are days of its session's time zone, of which the one that a clock was put forward has 23 hours or fewer.
    """
    return timedelta(days=min(settings.retention_days, GUIDE_DAYS)) - SHORTER


def new_id() -> UUID:
    return uuid7()


class MissingSecret(Exception):
    """A service that faces others must be given its secret."""


@dataclass(frozen=True, slots=True)
class Database:
    """`url` is what the service works with, `admin_url` what migrates it; both the same where one was given."""

    url: str
    admin_url: str


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """The database of the settings, for as long as the context lasts; an embedded one is started, migrated, stopped."""
    if settings.database_url is not None:
        yield Database(settings.database_url, settings.database_url)
        return
    with EmbeddedPostgres(settings.data_dir / "postgres", programs=settings.postgres_bin) as embedded:
        if revision_of(embedded.admin_url) != newest_revision():
            migrate(embedded.admin_url)
        yield Database(embedded.url, embedded.admin_url)


def jwt_secret(settings: Settings) -> str:
    """The secret of the settings; with an embedded database one is made and kept in the data folder.

    Raises MissingSecret.
    """
    if settings.jwt_secret is not None:
        return settings.jwt_secret.get_secret_value()
    if settings.database_url is not None:
        raise MissingSecret(
            "FNA_BATCH_DATABASE_URL is set but FNA_BATCH_JWT_SECRET is not: set it to the secret that the platform "
            "signs its tokens with, at least 32 bytes long."
        )
    return _kept_secret(settings.data_dir.expanduser() / SECRET_FILE)


def signing_seed(settings: Settings) -> bytes:
    """The key of the settings; without one, that of the data folder, made where it is missing."""
    if settings.signing_key is not None:
        return bytes.fromhex(settings.signing_key.get_secret_value())
    return bytes.fromhex(_kept_secret(settings.data_dir.expanduser() / SIGNING_KEY_FILE))


def trusted_keys(settings: Settings) -> tuple[PublicKey, ...]:
    return tuple(map(PublicKey.parse, settings.trusted_keys))


def _kept_secret(file: Path) -> str:
    try:
        return _created(file)
    except FileExistsError:
        return file.read_text().strip()


def _created(file: Path) -> str:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = secrets.token_hex(32)
    aside = file.with_name(f"{file.name}.{uuid4().hex}")
    try:
        aside.touch(mode=0o600)
        aside.write_text(secret + "\n")
        file.hardlink_to(aside)
    finally:
        aside.unlink(missing_ok=True)
    return secret


class Container(containers.DeclarativeContainer):
    """Make a fresh one for each application or test; override by constructor argument."""

    settings = providers.Dependency(instance_of=Settings)
    database_url = providers.Dependency(instance_of=str)

    clock = providers.Object(utc_now)
    new_id = providers.Object(new_id)
    sniff = providers.Object(sniff)
    worker_id = providers.Singleton(uuid4)
    version = providers.Callable(version, "fna-batch")
    limits = settings.provided.limits

    pool = providers.Singleton(
        connection_pool,
        database_url,
        size=settings.provided.database_pool_size,
        patience=POOL_PATIENCE_S,
        deadline=settings.provided.database_deadline_s,
    )
    storage = providers.Singleton(
        PostgresStorage,
        pool,
        queue=providers.Object(PgQueuerDispatcher),
    )
    codec = providers.Singleton(JsonEventCodec)
    handler = providers.Singleton(CommandHandler, storage, codec, clock)
    submit = providers.Singleton(SubmitBatch, storage, handler, new_id, limits)
    queries = providers.Singleton(Queries, storage, codec)
    upload = providers.Singleton(
        UploadReport,
        storage,
        sniff,
        clock,
        new_id,
        max_size=settings.provided.max_upload_bytes,
    )
    tokens = providers.Singleton(JwtTokens, providers.Callable(jwt_secret, settings), clock)

    analyzer = providers.Singleton(
        ProcessPoolAnalyzer,
        processes=settings.provided.analysis_processes,
        timeout=settings.provided.analysis_timeout_s,
        memory=providers.Callable(lambda megabytes: megabytes * 1024 * 1024, settings.provided.analysis_memory_mb),
        lexicon_path=settings.provided.lexicon_path,
    )
    lexicon = providers.Callable(lexicon_at, settings.provided.lexicon_path)
    explain = providers.Callable(analyze, lexicon_path=settings.provided.lexicon_path)
    tone = providers.Callable(analyze_sentence, lexicon_path=settings.provided.lexicon_path)
    process_batch = providers.Singleton(
        ProcessBatch,
        storage,
        handler,
        analyzer,
        clock,
        new_id,
        max_attempts=settings.provided.max_attempts,
        slots=providers.Factory(FairSlots, settings.provided.analysis_processes),
        backoff=providers.Factory(backoff, settings.provided.analyzer_retries).provider,
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
        concurrency=settings.provided.worker_concurrency,
        eager=settings.provided.analysis_processes,
        heartbeat_timeout=settings.provided.heartbeat_timeout_s,
        grace=settings.provided.grace_s,
    )
    readiness = providers.Singleton(PostgresReadiness, pool, revision=providers.Callable(newest_revision))
    audit_source = providers.Singleton(PostgresAuditSource, pool)
    audit = providers.Singleton(
        BatchAudit,
        audit_source,
        codec,
        clock,
        retention=providers.Callable(kept_for, settings),
    )

    signer = providers.Singleton(Ed25519Signer, settings.provided.log_name, providers.Callable(signing_seed, settings))
    verifies = providers.Object(ed25519_verifies)
    sealed_log = providers.Singleton(PostgresSealedLog, pool)
    witness = providers.Singleton(FileWitness, providers.Callable(witness_file, settings, database_url))
    sealer = providers.Singleton(
        Sealer, sealed_log, signer, providers.Callable(trusted_keys, settings), verifies, clock, witness
    )
    proofs = providers.Singleton(Proofs, sealed_log, storage, sealer.provided.trusted, verifies)
    seal_audit = providers.Singleton(TreeAudit, sealed_log, proofs, sealer.provided.trusted, verifies)
    receipts = providers.Singleton(Receipts, queries, audit, proofs, signer)
    export = providers.Singleton(Export, sealed_log, sealer.provided.trusted)

    record = providers.Singleton(Recorder, clock, new_id)
    cancel = providers.Singleton(CancelBatch, storage, handler)
    retention = providers.Singleton(Retention, storage, record, clock)
    erasure = providers.Singleton(Erasure, storage, cancel, record)
    redispatch = providers.Singleton(Redispatch, storage, handler, audit, record)
    archive = providers.Singleton(Archive, storage, sealer, sealed_log, export, audit, seal_audit, record, clock)
    aside = providers.Singleton(PostgresShadowTables, database_url, storage)
    reprojection = providers.Singleton(Rebuild, storage, handler, audit, audit_source, record, aside)
    replay = providers.Singleton(Replay, audit_source, codec, aside)
    explain_batch = providers.Singleton(
        Explain,
        storage,
        codec,
        audit,
        clock,
        max_attempts=settings.provided.max_attempts,
        heartbeat_timeout=providers.Factory(timedelta, seconds=settings.provided.heartbeat_timeout_s),
    )
