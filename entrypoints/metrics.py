"""The Prometheus metrics of this process. docs/operating.md describes them."""

from prometheus_client import REGISTRY, Counter, Gauge, generate_latest, start_http_server

VERIFIED = Counter("fna_batch_audit_verified_batches", "Batches that this process verified in samples.")
FINDINGS = Counter("fna_batch_audit_findings", "Findings in these samples; investigate any value above 0.")
SAMPLE_FINDINGS = Gauge("fna_batch_audit_sample_findings", "Findings in the latest sample.")
SEALED = Gauge("fna_batch_sealed_entries", "Entries covered by the latest checkpoint that this process saw.")
SEALED_AT = Gauge("fna_batch_sealed_timestamp_seconds", "When this process last completed a seal, as Unix time.")
FAILURES = Counter(
    "fna_batch_housekeeping_failures", "Failures of housekeeping, by work: seal, sample or clean.", ["work"]
)
CLEANED = Counter("fna_batch_retention_removed_batches", "Rows that retention removed from batch_jobs.")


def exposition() -> bytes:
    """Return the metrics in the text format of Prometheus."""
    return generate_latest(REGISTRY)


def listen(host: str, port: int) -> None:
    """Serve the metrics over HTTP, from a thread. Raises OSError if the address is taken."""
    start_http_server(port, host)
