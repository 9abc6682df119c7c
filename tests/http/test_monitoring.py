"""Health and metrics are served without a token."""

from tests.support.running_service import Service, eventually


def test_health_needs_no_token(service: Service) -> None:
    for path in ("/health", "/health/ready"):
        body = service.http().get(path).json()
        assert (body["status"], body["database"]) == ("ok", "ok")
    assert service.http().get("/health/live").json() == {"status": "ok"}


def test_metrics_show_the_findings_of_the_latest_sample_and_the_sealed_entries(service: Service) -> None:
    def shown() -> bool:
        text = service.http().get("/metrics").text
        return "fna_batch_audit_sample_findings 0.0" in text and "fna_batch_sealed_entries" in text

    eventually(shown)
