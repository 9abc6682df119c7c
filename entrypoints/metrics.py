"""What Prometheus sees of this process."""

from prometheus_client import REGISTRY, Counter, Gauge, generate_latest, start_http_server

VERIFIED = Counter("fna_batch_audit_verified_batches", "Batches that this process has verified on its own.")
FINDINGS = Counter("fna_batch_audit_findings", "Things that were wrong with them; anything above 0 wants a look.")
SAMPLE_FINDINGS = Gauge("fna_batch_audit_sample_findings", "Things that were wrong in the latest sample.")
SEALED = Gauge("fna_batch_sealed_entries", "Entries that the latest checkpoint covers, as this process has seen it.")
SEALED_AT = Gauge("fna_batch_sealed_timestamp_seconds", "When this process last found everything sealed.")
FAILURES = Counter("fna_batch_housekeeping_failures", "Times that housekeeping did not work.", ["work"])
CLEANED = Counter("fna_batch_retention_removed_batches", "Rows that retention has removed from batch_jobs.")


def exposition() -> bytes:
    """The text format."""
    return generate_latest(REGISTRY)


def listen(host: str, port: int) -> None:
    """Show them over HTTP, from a thread.

    Raises OSError where the address is taken.
    """
    start_http_server(port, host)
