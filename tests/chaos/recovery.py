"""How long batches were without a worker after a disturbance, computed from the workers' logs."""

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from adapters.pgqueuer.worker import BATCH_CLAIMED, BATCH_PROCESSED, WORKER_STARTED
from tests.chaos.record import Disturbance


class LoggedLease(NamedTuple):
    """The lease of one worker on one batch; `processed` is None if the worker lost the batch, or handed it back."""

    batch_id: str
    worker: str
    claimed: datetime
    processed: datetime | None


def logged_leases(logs: Iterable[Path]) -> list[LoggedLease]:
    """Return the leases in the order in which the batches were claimed."""
    found: dict[str, LoggedLease] = {}
    for line in logged_events(logs):
        if line.get("event") == BATCH_CLAIMED:
            worker = line["holder"].partition(":")[0]
            found[line["holder"]] = LoggedLease(line["batch_id"], worker, time_of(line), None)
        elif line.get("event") == BATCH_PROCESSED and line["holder"] in found:
            found[line["holder"]] = found[line["holder"]]._replace(processed=time_of(line))
    return sorted(found.values(), key=lambda lease: lease.claimed)


def worker_at(at: datetime, log: Path) -> str | None:
    """Return the id of the worker that wrote this log at that time: each restart of the process has a new id."""
    started = [line for line in logged_events([log]) if line.get("event") == WORKER_STARTED and time_of(line) <= at]
    return started[-1]["worker"] if started else None


def times(disturbances: Sequence[Disturbance], logs: Sequence[Path], finished: Mapping[str, datetime]) -> list[float]:
    """Return the seconds from each disturbance of a worker until another worker claimed each batch that it held.

    Batches that had finished before are left out, and so are batches that the disturbed worker kept.
    """
    leases, waits = logged_leases(logs), []
    for _, at, log in disturbances:
        worker = worker_at(at, log)
        for lease in leases:
            held = lease.worker == worker and lease.claimed <= at and (lease.processed is None or lease.processed > at)
            if held and finished[lease.batch_id] > at:
                others = (each for each in leases if each.batch_id == lease.batch_id and each.worker != worker)
                claimed = next((each.claimed for each in others if each.claimed > at), None)
                if claimed is not None:
                    waits.append((claimed - at).total_seconds())
    return waits


def distribution(seconds: Sequence[float]) -> str:
    """Return the distribution in words."""
    if len(seconds) < 2:
        return f"{len(seconds)} times: {seconds}"
    cut = statistics.quantiles(seconds, n=100, method="inclusive")
    return (
        f"{len(seconds)} times, seconds: median {cut[49]:.2f}, 90th percentile {cut[89]:.2f}, "
        f"99th {cut[98]:.2f}, longest {max(seconds):.2f}"
    )


def logged_events(logs: Iterable[Path]) -> Iterator[dict[str, str]]:
    """Yield the log lines that are JSON."""
    for log in logs:
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith('{"') and line.endswith("}"):
                yield json.loads(line)


def time_of(line: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(line["timestamp"])
