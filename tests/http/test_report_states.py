"""A report is in one unfinished batch at a time, is analysed again only on request, and has an analysis only then."""

from tests.support.problems import expect_problem
from tests.support.running_service import Client, Service


def test_a_report_in_another_unfinished_batch_is_refused(idle: Service) -> None:
    client = idle.client()
    report_id = client.uploaded()
    client.submitted(report_id)
    expect_problem(client.submit(client.uploaded(), report_id), 409, "REPORT_BUSY", containing=report_id)


def test_an_analysed_report_is_refused_without_reanalyze(client: Client) -> None:
    report_id = client.uploaded()
    client.finished(client.submitted(report_id))
    expect_problem(client.submit(report_id), 409, "REPORT_ALREADY_PROCESSED", containing=report_id)
    again = client.submit(report_id, reanalyze=True)
    assert again.status_code == 202
    assert client.finished(again.json()["batch_id"])["status"] == "COMPLETED"


def test_an_analysis_is_not_ready_before_the_report_is_analysed(idle: Service) -> None:
    client = idle.client()
    expect_problem(client.http.get(f"/v1/reports/{client.uploaded()}/analysis"), 409, "ANALYSIS_NOT_READY")
