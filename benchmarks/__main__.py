"""Speed and memory of the main job. Each figure is compared with a limit, or with a peer measured in the same run."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from adapters.analysis.lexicon_analyzer import analyze
from application.log import Metadata
from application.submit import Submission
from application.upload import Details
from domain import commands
from domain.reports import ReportFormat, ReportType
from domain.tiers import Tier
from entrypoints.container import Container, Database, database, migrate
from entrypoints.settings import Settings

SECONDS_A_FILING = 3.0
MEGABYTES_A_WORKER = 500.0
FILINGS_IN_FLIGHT = 10
APPENDS = 300
EVENTS_A_BATCH = 10
SENTENCES = (
    "Revenue from {0} increased to ${1} million from ${2} million in the year before, because demand was strong.",
    "The costs of {0} rose faster than its revenue, and its operating margin declined to {3} percent.",
    "A decline in demand for {0} could adversely affect our results, and nobody can say that it will recover.",
    "The company sells {0} in {3} countries through distributors and has {1} employees there.",
)


def filing(megabytes: float) -> bytes:
    """Return an HTML filing with about as much markup per word as real filings have."""
    parts: list[str] = ["<html><body><p>Item 7. Management's Discussion and Analysis</p>"]
    size = 0
    for number in range(10_000_000):
        text = SENTENCES[number % 4].format(f"product {number}", number % 997, number % 991, number % 89)
        style = "font-family:'Times New Roman',sans-serif;font-size:10pt;font-weight:400;line-height:120%;padding:9pt"
        parts.append(f'<div style="{style}"><span style="{style}">{text}</span></div><div><br></div>')
        size += len(parts[-1])
        if size > megabytes * 1024 * 1024:
            break
    return "".join([*parts, "</body></html>"]).encode()


def analysis_time(content: bytes) -> float:
    """Return the seconds that one analysis takes: the median of five runs."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        analyze(content, ReportFormat.HTML)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


class Bytes:
    """The content of an upload, in memory."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    async def read(self, size: int = -1, /) -> bytes:
        piece = self._content[self._at : self._at + size]
        self._at += len(piece)
        return piece

    async def seek(self, offset: int, /) -> None:
        self._at = offset


async def submit(container: Container, content: bytes) -> tuple[UUID, UUID]:
    """Submit a batch of one report for a new user; return the ids of the batch and the report."""
    user_id = uuid4()
    details = Details(user_id=user_id, report_type=ReportType.TEN_K, company=None, fiscal_period=None, filing_date=None)
    report = await container.upload()(details, Bytes(content))
    submission = Submission(user_id=user_id, tier=Tier.ENTERPRISE, report_ids=(report.report_id,))
    accepted = await container.submit()(submission, Metadata(actor=f"user:{user_id}", correlation_id=user_id))
    return accepted.batch_id, report.report_id


def megabytes_of_tree(pid: int) -> float:
    """Return the memory of a process and all its descendants, in MB. Shared pages are counted once (PSS)."""
    total = 0.0
    for process in [pid, *children(pid)]:
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
    return total


def children(pid: int) -> Iterator[int]:
    """Yield the process ids of all descendants."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            yield child
            yield from children(child)


@contextmanager
def peak_memory(pid: int) -> Iterator[list[float]]:
    """Record the peak memory of a process tree inside the context, in MB, as the only item of the list."""
    peak, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            peak[0] = max(peak[0], megabytes_of_tree(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def worker_memory(settings: Settings, found: Database, content: bytes) -> tuple[float, float]:
    """Return the peak memory of a worker in MB, and the seconds that it takes for ten filings submitted at once."""

    async def submit_all(container: Container) -> None:
        async with container.pool():
            for _ in range(FILINGS_IN_FLIGHT):
                await submit(container, content)

    asyncio.run(submit_all(Container(settings=settings, database_url=found.url)))
    environment = {**os.environ, "FNA_BATCH_DATABASE_URL": found.url, "FNA_BATCH_LOG_LEVEL": "ERROR"}
    began = time.monotonic()
    worker = subprocess.Popen([sys.executable, "-m", "entrypoints.cli", "worker"], env=environment)
    try:
        with peak_memory(worker.pid) as peak, psycopg.connect(found.url, autocommit=True) as connection:
            unfinished = b"SELECT count(*) FROM batch_jobs WHERE status IN ('PENDING', 'PROCESSING')"
            while connection.execute(unfinished).fetchone() != (0,):
                time.sleep(0.02)
        return peak[0], time.monotonic() - began
    finally:
        worker.terminate()
        worker.wait()


async def write_path(settings: Settings, found: Database) -> tuple[float, float]:
    """Return the events appended per second, one per transaction: by the write path, and by a bare INSERT."""
    container = Container(settings=settings, database_url=found.url)
    async with container.pool():
        metadata = Metadata(actor="benchmark", correlation_id=uuid4())
        batches = [(await submit(container, b"text"))[0] for _ in range(APPENDS // EVENTS_A_BATCH)]
        began = time.perf_counter()
        for batch_id in batches:
            for number in range(EVENTS_A_BATCH):
                start = commands.Start(worker_id=f"w{number}", max_attempts=1, counts_as_attempt=False)
                await container.handler().handle(batch_id, start, metadata)
        ours = APPENDS / (time.perf_counter() - began)
    async with await psycopg.AsyncConnection.connect(found.admin_url, autocommit=True) as connection:
        await connection.execute("CREATE TABLE bare (id int PRIMARY KEY, data jsonb)")
        began = time.perf_counter()
        for number in range(APPENDS):
            async with connection.transaction():
                await connection.execute("INSERT INTO bare VALUES (%s, '{}')", [number])
        bare = APPENDS / (time.perf_counter() - began)
    return ours, bare


def main() -> None:
    content = filing(4.2)
    took = analysis_time(content)
    print(f"one filing of 4.2 MB: {took:.2f} s, {took / SECONDS_A_FILING:.2f} of the limit of {SECONDS_A_FILING:g} s")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url=None)
        with database(settings) as found:
            migrate(found.admin_url)
            peak, seconds = worker_memory(settings, found, content)
            share = peak / MEGABYTES_A_WORKER
            print(
                f"one worker with ten such filings: {peak:.0f} MB at the peak, {share:.2f} of the limit of "
                f"{MEGABYTES_A_WORKER:g} MB; done after {seconds:.1f} s"
            )
            ours, bare = asyncio.run(write_path(settings, found))
            print(
                f"appends: {ours:.0f} events/s with decision, hash chain and projection, "
                f"{ours / bare:.2f} of the {bare:.0f}/s of one bare INSERT per transaction"
            )


if __name__ == "__main__":
    main()
