"""The audit of a large log: the speed of sealing, verifying, rebuilding and exporting, and their effect on clients."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from uuid_utils.compat import uuid7

from adapters.codec import JsonEventCodec
from application.audit.signed_notes import public_key
from application.log import NO_HASH, Metadata, StoredEvent, with_hash
from application.operator_actions import Attribution
from domain import events
from domain.statuses import BatchStatus
from domain.tiers import Tier
from entrypoints.container import Container, Database, database, migrate
from entrypoints.settings import Settings
from tests.support.load import Load, users_with_reports

BATCHES, AT_ONCE = 25_000, 500
"""The default count of batches (the first argument overrides it), and the count per transaction."""
RATE, LOAD_S = 200, 20
VERIFIER = Path(__file__).parents[1] / "docs" / "verify_export.py"
WHY = Attribution(actor="operator:benchmark", reason="a benchmark")
MEASURED = (
    "import pathlib, runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])['main'](); "
    "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
)
"""A program that runs the verifier, and then prints the peak of its memory in kB."""
CODEC = JsonEventCodec()
REPORTS = b"""
    INSERT INTO financial_reports (id, user_id, report_type, format, size, sha256, processing_status, created_at)
    SELECT (data -> 'report_ids' ->> 0)::uuid, (data ->> 'user_id')::uuid, '10-K', 'text', 1, sha256(''), 'COMPLETED',
           recorded_at
    FROM batch_events
    WHERE version = 1"""
NEW_INDEXES = ("batch_events_of_user", "batch_events_of_report")


def life() -> Iterator[StoredEvent]:
    """Yield the four events of a new batch of one report."""
    batch_id, report_id, user_id = uuid7(), uuid7(), uuid7()
    life_events: Sequence[events.Event] = (
        events.Submitted(user_id=user_id, tier=Tier.BASIC, report_ids=(report_id,)),
        events.Started(worker_id="w:1", attempt=1),
        events.ReportSucceeded(report_id=report_id, analysis_id=uuid7(), duration_ms=120),
        events.Finished(status=BatchStatus.COMPLETED, successful=1, failed=0, reason=None),
    )
    metadata = CODEC.encode_metadata(Metadata(actor="worker:w:1", correlation_id=batch_id))
    previous, now = NO_HASH, datetime.now(UTC)
    for version, event in enumerate(life_events, start=1):
        type_, schema_version, data = CODEC.encode(event)
        stored = with_hash(
            StoredEvent(
                batch_id=batch_id,
                version=version,
                type=type_,
                schema_version=schema_version,
                data=data,
                metadata=metadata,
                recorded_at=now,
                previous_hash=previous,
            )
        )
        previous = stored.hash
        yield stored


async def filled(container: Container, lives: Sequence[Sequence[StoredEvent]]) -> float:
    """Append the streams, many per transaction; return the seconds that it took."""
    began = time.perf_counter()
    for first in range(0, len(lives), AT_ONCE):
        async with container.storage().transaction() as tx:
            await tx.events.append(lives[first : first + AT_ONCE])
    return time.perf_counter() - began


async def run(settings: Settings, found: Database, folder: Path, size: int) -> None:
    container = Container(settings=settings, database_url=found.url)
    async with container.pool():
        with psycopg.connect(found.admin_url, autocommit=True) as owner:
            lives = [list(life()) for _ in range(size // 5)]
            with_indexes = await filled(container, lives)
            kept = {
                name: owner.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name]).fetchone()
                for name in NEW_INDEXES
            }
            for name in NEW_INDEXES:
                owner.execute(f"DROP INDEX {name}".encode())
            without = await filled(container, [list(life()) for _ in range(size // 5)])
            for definition in kept.values():
                assert definition is not None
                owner.execute(definition[0].encode())
        rate = size // 5 * 4 / with_indexes
        print(
            f"bulk appends: {rate:.0f} events/s, {without / with_indexes:.2f} of the rate without the audit's indexes"
        )
        await filled(container, [list(life()) for _ in range(size - 2 * (size // 5))])
        total = 4 * size
        with psycopg.connect(found.admin_url, autocommit=True) as owner:
            owner.execute(REPORTS)

        began = time.perf_counter()
        await container.sealer().seal_all()
        sealing = total / (time.perf_counter() - began)
        print(f"sealing: {sealing:.0f} entries/s, {sealing / rate:.2f} of the rate of bulk appends")

        began = time.perf_counter()
        async for _ in container.rebuild().everything(WHY):
            pass
        print(f"rebuild of {size} missing rows: {size / (time.perf_counter() - began):.0f} batches/s")

        began = time.perf_counter()
        found_wrong = [each async for _, each in container.batch_audit().batches() if each]
        batches = time.perf_counter() - began
        began = time.perf_counter()
        found_wrong += [each async for _, each in container.tree_audit().recompute() if each]
        tree = time.perf_counter() - began
        assert found_wrong == []
        print(f"verification: {total / batches:.0f} events/s in batches, {total / tree:.0f} entries/s in the tree")
        await offline(container, folder)
        await under_load(container)


async def offline(container: Container, folder: Path) -> None:
    """Run docs/verify_export.py on a tenth of the log, and on the whole log."""
    key = str(public_key(container.signer()))
    last = await container.sealed_log().latest()
    assert last is not None
    memory = []
    for size in (last.size // 10 // 1000 * 1000, last.size):
        file = folder / "log.jsonl"
        with file.open("w") as out:
            async for line in container.export()(size):
                out.write(json.dumps(line) + "\n")
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", MEASURED, str(VERIFIER), "--key", key, str(file), stdout=subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
        seconds = time.perf_counter() - began
        memory.append(int(output.splitlines()[-1]) / 1024)
        print(f"offline verifier: {size / seconds:.0f} entries/s, {memory[-1]:.0f} MB at the peak for {size} entries")
    print(f"offline verifier: {memory[1] / memory[0]:.2f} times the memory for ten times the log")


async def under_load(container: Container) -> None:
    """Submit at a steady rate, first without rebuilds and then during rebuilds."""
    for what in ("alone", "during rebuilds"):
        reports = await users_with_reports(container, RATE * LOAD_S)
        load = Load(container)
        submitting = asyncio.create_task(load.run(RATE, reports))
        rebuilds = 0
        while what != "alone" and not submitting.done():
            process = await asyncio.create_subprocess_exec(
                *("nice", "-n", "19"),  # docs/operating.md advises this if the service runs on the same machine
                sys.executable,
                "-m",
                "entrypoints.cli",
                "audit",
                "rebuild",
                env=environment(container),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            _, errors = await process.communicate()
            assert process.returncode == 0, errors
            rebuilds += 1
        rate = await submitting
        print(
            f"submits {what}: {rate:.0f}/s, {load.reads} reads, {rebuilds} rebuilds, "
            f"{len(load.wrong)} errors or stale rows; the slowest submit took {1000 * load.slowest:.0f} ms"
        )
        assert load.wrong == [], load.wrong[:3]


def environment(container: Container) -> dict[str, str]:
    settings: Settings = container.settings()
    return {
        "FNA_BATCH_DATABASE_URL": container.database_url(),
        "FNA_BATCH_JWT_SECRET": "x" * 32,
        "FNA_BATCH_DATA_DIR": str(settings.data_dir),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:  # PostgreSQL may still be stopping in it
        settings = Settings(data_dir=Path(name), database_url=None)
        with database(settings) as found:
            migrate(found.admin_url)
            size = int(sys.argv[1]) if len(sys.argv) > 1 else BATCHES
            asyncio.run(run(settings, found, Path(name), size))


if __name__ == "__main__":
    main()
