"""An independent checker: by SQL and HTTP, without code of the service, and without trust in log or read model."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

EVENTS = """
SELECT batch_id::text, version, type, schema_version, data, metadata, recorded_at,
       encode(previous_hash, 'hex') AS previous_hash, encode(hash, 'hex') AS hash
FROM batch_events ORDER BY batch_id, version
"""
JOBS = """
SELECT batch_id::text, status, total_reports, successful, failed, results, report_ids::text[], processed_at,
       created_at, updated_at, version
FROM batch_jobs
"""
ANALYSES = "SELECT analysis_id::text, report_id::text, batch_id::text FROM narrative_analyses"
QUEUE = "SELECT count(*) AS left FROM pgqueuer"
OUTCOMES = ("ReportSucceeded", "ReportFailed")
Row = Mapping[str, Any]


def check(
    database_url: str, api_url: str, accepted: Mapping[str, Mapping[str, bool]], tokens: Mapping[str, str]
) -> list[str]:
    """Return every fault.

    `accepted` has for each batch that was answered with 202 its reports, in order, and whether each of them can be
    analysed. `tokens` has for each batch a token of its owner.
    """
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        streams: dict[str, list[Row]] = defaultdict(list)
        for event in connection.execute(EVENTS):
            streams[event["batch_id"]].append(event)
        jobs = {job["batch_id"]: job for job in connection.execute(JOBS)}
        analyses = {row["analysis_id"]: row for row in connection.execute(ANALYSES)}
        queue = connection.execute(QUEUE).fetchone()
    faults = [f"{batch_id}: accepted and lost" for batch_id in accepted if batch_id not in streams]
    for batch_id, stream in streams.items():
        faults += [f"{batch_id}: {fault}" for fault in stream_faults(stream)]
        faults += [f"{batch_id}: {fault}" for fault in read_model_faults(stream, jobs.get(batch_id))]
        if batch_id in accepted:
            faults += [f"{batch_id}: {fault}" for fault in outcome_faults(stream, accepted[batch_id])]
    faults += [f"{batch_id}: in batch_jobs but not in the log" for batch_id in jobs.keys() - streams.keys()]
    faults += analysis_faults(streams, analyses)
    if queue and queue["left"]:
        faults.append(f"{queue['left']} entries are left in the queue")
    return [*faults, *http_faults(api_url, jobs, accepted, tokens)]


def outcome_faults(stream: Sequence[Row], readable: Mapping[str, bool]) -> Iterator[str]:
    """Yield each report whose outcome is wrong: readable reports must succeed, unreadable ones must fail."""
    if stream[0]["data"].get("report_ids") != list(readable):
        yield "the reports in the log differ from the reports that were accepted"
    succeeded = {
        event["data"]["report_id"]: event["type"] == "ReportSucceeded" for event in stream if event["type"] in OUTCOMES
    }
    yield from (
        f"report {report_id} {'succeeded' if succeeded[report_id] else 'failed'} and should not have"
        for report_id in succeeded.keys() & readable.keys()
        if succeeded[report_id] != readable[report_id]
    )


def stream_faults(stream: Sequence[Row]) -> Iterator[str]:
    """Yield each fault in the events of a batch that should be finished."""
    yield from order_faults(stream)
    types = [event["type"] for event in stream]
    if types.count("Finished") != 1 or types[-1] != "Finished":
        yield f"the stream does not end with its only Finished: {types}"
    counted = Counter(event["data"]["report_id"] for event in stream if event["type"] in OUTCOMES)
    if counted != Counter(stream[0]["data"]["report_ids"]):
        yield f"some reports do not have exactly one outcome: {counted}"


def order_faults(stream: Sequence[Row]) -> Iterator[str]:
    """Yield each fault in the events of a batch, finished or not."""
    previous, last_at = "0" * 64, None
    for version, event in enumerate(stream, start=1):
        if event["version"] != version:
            yield f"version {version} is missing"
        if event["previous_hash"] != previous or event["hash"] != hash_of(event):
            yield f"the hash chain is broken at version {version}"
        if last_at is not None and event["recorded_at"] < last_at:
            yield f"the time goes back at version {version}"
        previous, last_at = event["hash"], event["recorded_at"]
    types = [event["type"] for event in stream]
    if types.count("Submitted") != 1 or types[0] != "Submitted":
        yield "the stream does not begin with its only Submitted"
    if "Finished" in types[:-1]:
        yield "an event follows Finished"
    yield from fence_faults(stream)


def fence_faults(stream: Sequence[Row]) -> Iterator[str]:
    """Yield each event of a holder that had lost the batch: only the holder that started last may record an outcome."""
    holder, lost = None, set[str]()
    for event in stream:
        if event["type"] == "Started":
            if holder is not None and event["data"]["worker_id"] != holder:
                lost.add(holder)
            holder = event["data"]["worker_id"]
            if holder in lost:
                yield f"{holder} started again at version {event['version']} after it had lost the batch"
            continue
        by_a_worker = event["type"] in OUTCOMES and event["data"].get("code") != "CANCELLED"
        if by_a_worker and event["metadata"]["actor"] != f"worker:{holder}":
            yield f"{event['metadata']['actor']} recorded an outcome while {holder} held the batch"


def hash_of(event: Row) -> str:
    """Return the hash that the event should have."""
    hashed = {name: event[name] for name in ("batch_id", "version", "type", "schema_version", "data", "metadata")}
    hashed["previous_hash"] = event["previous_hash"]
    hashed["recorded_at"] = event["recorded_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(b"fna-batch event 1\n" + text.encode()).hexdigest()


def folded(stream: Sequence[Row]) -> dict[str, Any]:
    """Return the row of batch_jobs that the events of a finished batch lead to."""
    outcomes = [event for event in stream if event["type"] in OUTCOMES]
    successful = sum(event["type"] == "ReportSucceeded" for event in outcomes)
    total = len(stream[0]["data"]["report_ids"])
    status = "COMPLETED" if successful == total else "FAILED" if not successful else "PARTIALLY_COMPLETED"
    return {
        "status": status,
        "total_reports": total,
        "successful": successful,
        "failed": len(outcomes) - successful,
        "report_ids": stream[0]["data"]["report_ids"],
        "results": [
            {
                "report_id": event["data"]["report_id"],
                "status": "success" if event["type"] == "ReportSucceeded" else "failed",
                "analysis_id": event["data"].get("analysis_id"),
                "errors": event["data"].get("errors", []),
            }
            for event in outcomes
        ],
        "processed_at": outcomes[-1]["recorded_at"] if outcomes else None,
        "created_at": stream[0]["recorded_at"],
        "updated_at": stream[-1]["recorded_at"],
        "version": stream[-1]["version"],
    }


def read_model_faults(stream: Sequence[Row], job: Row | None) -> Iterator[str]:
    if job is None:
        yield "in the log but not in batch_jobs"
        return
    for name, expected in folded(stream).items():
        if job[name] != expected:
            yield f"batch_jobs.{name} is {job[name]!r}, the log leads to {expected!r}"


def analysis_faults(streams: Mapping[str, Sequence[Row]], analyses: Mapping[str, Row]) -> Iterator[str]:
    recorded = {
        event["data"]["analysis_id"]: (event["data"]["report_id"], batch_id)
        for batch_id, stream in streams.items()
        for event in stream
        if event["type"] == "ReportSucceeded"
    }
    stored = {analysis_id: (row["report_id"], row["batch_id"]) for analysis_id, row in analyses.items()}
    yield from (f"analysis {analysis_id} has no event" for analysis_id in stored.keys() - recorded.keys())
    yield from (f"analysis {analysis_id} is missing" for analysis_id in recorded.keys() - stored.keys())
    for analysis_id in recorded.keys() & stored.keys():
        if recorded[analysis_id] != stored[analysis_id]:
            yield f"analysis {analysis_id} is stored with another report or batch"


def http_faults(
    api_url: str, jobs: Mapping[str, Row], accepted: Mapping[str, Mapping[str, bool]], tokens: Mapping[str, str]
) -> Iterator[str]:
    """Yield each difference between the API's answer and batch_jobs, for a sample of the accepted batches."""
    with httpx.Client(base_url=api_url, timeout=30) as http:
        for batch_id in list(accepted)[:: max(1, len(accepted) // 50)]:
            path = f"/v1/reports/batch/{batch_id}"
            shown = http.get(path, headers={"Authorization": f"Bearer {tokens[batch_id]}"}).json()
            job = jobs.get(batch_id, {})
            for name in ("status", "total_reports", "successful", "failed", "results"):
                if shown.get(name) != job.get(name):
                    yield f"{batch_id}: the API shows {name} {shown.get(name)!r}, batch_jobs has {job.get(name)!r}"
