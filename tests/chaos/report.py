"""The report of a run: counts, recovery times, faults."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import psycopg

from tests.chaos import recovery
from tests.chaos.record import Disturbance, Record
from tests.chaos.service import ServiceUnderTest

HITS_A_WORKER = ("kill_worker", "stop_worker", "freeze_worker")
MOST_FAULTS_SHOWN = 50


def report(record: Record, service: ServiceUnderTest, faults: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the report."""
    counts = Counter(disturbance.kind for disturbance in record.disturbances)
    kills = sum(count for kind, count in counts.items() if kind.startswith("kill"))
    yield f"{len(record.accepted)} batches accepted, {kills} kills, {counts.total() - kills} other disturbances"
    yield f"refused requests, which clients retried: {json.dumps(record.refused)}"
    for kind, count in sorted(counts.items()):
        disturbances = [disturbance for disturbance in record.disturbances if disturbance.kind == kind]
        yield f"{kind}: {count}"
        yield f"  to the next event of any batch: {recovery.distribution(to_next_event(service, disturbances))}"
        if kind in HITS_A_WORKER:
            waits = to_next_worker(service, disturbances)
            yield f"  to the next worker of its batches: {recovery.distribution(waits)}"
    for fault in faults[:MOST_FAULTS_SHOWN]:
        yield f"FAULT {fault}"
    yield f"{len(faults)} faults." if faults else "Nothing lost, nothing duplicated, every batch finished."


def to_next_event(service: ServiceUnderTest, disturbances: Sequence[Disturbance]) -> list[float]:
    """Return the seconds from each disturbance to the next event in the log."""
    with psycopg.connect(service.embedded.admin_url) as connection:
        found = (
            connection.execute(
                "SELECT extract(epoch FROM min(recorded_at) - %(at)s)::float FROM batch_events "
                "WHERE recorded_at > %(at)s",
                {"at": disturbance.at},
            ).fetchone()
            for disturbance in disturbances
        )
        return [row[0] for row in found if row and row[0] is not None]


def to_next_worker(service: ServiceUnderTest, disturbances: Sequence[Disturbance]) -> list[float]:
    """Return the seconds from each disturbance of a worker until other workers claimed its batches."""
    with psycopg.connect(service.embedded.admin_url) as connection:
        finished: dict[str, datetime] = dict(
            connection.execute("SELECT batch_id::text, max(recorded_at) FROM batch_events GROUP BY batch_id").fetchall()
        )
    return recovery.times(disturbances, [worker.log for worker in service.workers], finished)
