"""How long batches were without a worker, read from what the workers said."""

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple


class Disturbance(NamedTuple):
    kind: str
    at: datetime
    log: Path
    """What the process that it hit has said, before and after."""


class Hold(NamedTuple):
    """One worker had one batch from `taken` until `left`, or until it was gone."""

    batch_id: str
    worker: str
    taken: datetime
    left: datetime | None


def holds(logs: Iterable[Path]) -> list[Hold]:
    found: dict[str, Hold] = {}
    for line in said(logs):
        if line.get("event") == "batch claimed":
            worker = line["holder"].partition(":")[0]
            found[line["holder"]] = Hold(line["batch_id"], worker, moment(line), None)
        elif line.get("event") == "batch processed" and line["holder"] in found:
            found[line["holder"]] = found[line["holder"]]._replace(left=moment(line))
    return sorted(found.values(), key=lambda hold: hold.taken)


def worker_at(at: datetime, log: Path) -> str | None:
    """The worker that this process was then."""
    started = [line for line in said([log]) if line.get("event") == "worker started" and moment(line) <= at]
    return started[-1]["worker"] if started else None


def times(disturbances: Sequence[Disturbance], logs: Sequence[Path], finished: Mapping[str, datetime]) -> list[float]:
    """Seconds from each disturbance of a worker until each batch that it had was taken by the next.

    Left out are batches that had finished before and batches that nobody else took, since the worker kept them.
    """
    every, waits = holds(logs), []
    for _, at, log in disturbances:
        worker = worker_at(at, log)
        for hold in every:
            lost = hold.worker == worker and hold.taken <= at and (hold.left is None or hold.left > at)
            if lost and finished[hold.batch_id] > at:
                after = (each.taken for each in every if each.batch_id == hold.batch_id and each.worker != worker)
                taken = next((moment for moment in after if moment > at), None)
                if taken is not None:
                    waits.append((taken - at).total_seconds())
    return waits


def distribution(seconds: Sequence[float]) -> str:
    if len(seconds) < 2:
        return f"{len(seconds)} times: {seconds}"
    cut = statistics.quantiles(seconds, n=100, method="inclusive")
    return (
        f"{len(seconds)} times, seconds: median {cut[49]:.2f}, 90th percentile {cut[89]:.2f}, "
        f"99th {cut[98]:.2f}, longest {max(seconds):.2f}"
    )


def said(logs: Iterable[Path]) -> Iterator[dict[str, str]]:
    for log in logs:
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith('{"') and line.endswith("}"):
                yield json.loads(line)


def moment(line: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(line["timestamp"])
