"""An independent judge: SQL and HTTP alone, no code of the service. It believes neither log nor read model."""

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
    """Everything that is wrong.

    `accepted`: the reports of each batch that got a 202, in order, and whether each can be read; `tokens`: who may
    ask for the batch.
    """
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        streams: dict[str, list[Row]] = defaultdict(list)
        for event in connection.execute(EVENTS):
            streams[event["batch_id"]].append(event)
        jobs = {job["batch_id"]: job for job in connection.execute(JOBS)}
        analyses = {row["analysis_id"]: row for row in connection.execute(ANALYSES)}
        queue = connection.execute(QUEUE).fetchone()
    wrong = [f"{batch_id}: accepted and lost" for batch_id in accepted if batch_id not in streams]
    for batch_id, stream in streams.items():
        wrong += [f"{batch_id}: {what}" for what in stream_faults(stream)]
        wrong += [f"{batch_id}: {what}" for what in read_model_faults(stream, jobs.get(batch_id))]
        if batch_id in accepted:
            wrong += [f"{batch_id}: {what}" for what in outcome_faults(stream, accepted[batch_id])]
    wrong += [f"{batch_id}: in batch_jobs and not in the log" for batch_id in jobs.keys() - streams.keys()]
    wrong += analysis_faults(streams, analyses)
    if queue and queue["left"]:
        wrong.append(f"{queue['left']} entries are left in the queue")
    return [*wrong, *http_faults(api_url, jobs, accepted, tokens)]


def outcome_faults(stream: Sequence[Row], readable: Mapping[str, bool]) -> Iterator[str]:
    """No disturbance may make a report fail that can be read, nor succeed one that cannot."""
    if stream[0]["data"].get("report_ids") != list(readable):
        yield "the log has other reports than were accepted"
    told = {
        event["data"]["report_id"]: event["type"] == "ReportSucceeded" for event in stream if event["type"] in OUTCOMES
    }
    yield from (
        f"report {report_id} {'succeeded' if told[report_id] else 'failed'} and should not have"
        for report_id in told.keys() & readable.keys()
        if told[report_id] != readable[report_id]
    )


def stream_faults(stream: Sequence[Row]) -> Iterator[str]:
    yield from order_faults(stream)
    types = [event["type"] for event in stream]
    if types.count("Finished") != 1 or types[-1] != "Finished":
        yield f"it does not end with its one Finished: {types}"
    counted = Counter(event["data"]["report_id"] for event in stream if event["type"] in OUTCOMES)
    if counted != Counter(stream[0]["data"]["report_ids"]):
        yield f"not one outcome for each report: {counted}"


def order_faults(stream: Sequence[Row]) -> Iterator[str]:
    """What must hold of a batch at any time, finished or not."""
    previous, last_at = "0" * 64, None
    for place, event in enumerate(stream, start=1):
        if event["version"] != place:
            yield f"version {place} is missing"
        if event["previous_hash"] != previous or event["hash"] != hash_of(event):
            yield f"the chain breaks at version {place}"
        if last_at is not None and event["recorded_at"] < last_at:
            yield f"time goes back at version {place}"
        previous, last_at = event["hash"], event["recorded_at"]
    types = [event["type"] for event in stream]
    if types.count("Submitted") != 1 or types[0] != "Submitted":
        yield "it does not begin with its one Submitted"
    if "Finished" in types[:-1]:
        yield "something follows Finished"
    yield from fence_faults(stream)


def fence_faults(stream: Sequence[Row]) -> Iterator[str]:
    """Only who started last records an outcome, and nobody starts again after another did."""
    holder, lost = None, set[str]()
    for event in stream:
        if event["type"] == "Started":
            if holder is not None and event["data"]["worker_id"] != holder:
                lost.add(holder)
            holder = event["data"]["worker_id"]
            if holder in lost:
                yield f"{holder} starts again at version {event['version']} after it lost the batch"
            continue
        by_a_worker = event["type"] in OUTCOMES and event["data"].get("code") != "CANCELLED"
        if by_a_worker and event["metadata"]["actor"] != f"worker:{holder}":
            yield f"an outcome by {event['metadata']['actor']} while {holder} has the batch"


def hash_of(event: Row) -> str:
    told = {name: event[name] for name in ("batch_id", "version", "type", "schema_version", "data", "metadata")}
    told["previous_hash"] = event["previous_hash"]
    told["recorded_at"] = event["recorded_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(b"fna-batch event 1\n" + text.encode()).hexdigest()


def folded(stream: Sequence[Row]) -> dict[str, Any]:
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
        yield "in the log and not in batch_jobs"
        return
    for name, should in folded(stream).items():
        if job[name] != should:
            yield f"batch_jobs.{name} is {job[name]!r}, the log says {should!r}"


def analysis_faults(streams: Mapping[str, Sequence[Row]], analyses: Mapping[str, Row]) -> Iterator[str]:
    told = {
        event["data"]["analysis_id"]: (event["data"]["report_id"], batch_id)
        for batch_id, stream in streams.items()
        for event in stream
        if event["type"] == "ReportSucceeded"
    }
    stored = {analysis_id: (row["report_id"], row["batch_id"]) for analysis_id, row in analyses.items()}
    yield from (f"analysis {analysis_id} has no event" for analysis_id in stored.keys() - told.keys())
    yield from (f"analysis {analysis_id} is missing" for analysis_id in told.keys() - stored.keys())
    yield from (f"analysis {key} belongs elsewhere" for key in told.keys() & stored.keys() if told[key] != stored[key])


def http_faults(
    api_url: str, jobs: Mapping[str, Row], accepted: Mapping[str, Mapping[str, bool]], tokens: Mapping[str, str]
) -> Iterator[str]:
    """What clients are told of a sample of their batches."""
    with httpx.Client(base_url=api_url, timeout=30) as http:
        for batch_id in list(accepted)[:: max(1, len(accepted) // 50)]:
            path = f"/v1/reports/batch/{batch_id}"
            told = http.get(path, headers={"Authorization": f"Bearer {tokens[batch_id]}"}).json()
            job = jobs.get(batch_id, {})
            for name in ("status", "total_reports", "successful", "failed", "results"):
                if told.get(name) != job.get(name):
                    yield f"{batch_id}: clients are told {name} {told.get(name)!r}, stored is {job.get(name)!r}"
