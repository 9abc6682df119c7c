"""Reports, analyses and batches of other users are answered as if they did not exist."""

import json
from uuid import uuid4

from tests.support.problems import expect_problem
from tests.support.running_service import Client, Service


def test_unknown_reports_and_reports_of_other_users_are_not_found(service: Service, client: Client) -> None:
    own, foreign, unknown = client.uploaded(), service.client().uploaded(), str(uuid4())
    body = expect_problem(client.submit(own, foreign, unknown), 404, "REPORT_NOT_FOUND")
    assert foreign in body["detail"]
    assert unknown in body["detail"]
    assert own not in body["detail"]
    for path in (f"/v1/reports/{foreign}", f"/v1/reports/{foreign}/analysis", f"/v1/reports/{unknown}"):
        expect_problem(client.http.get(path), 404, "REPORT_NOT_FOUND")


def test_a_batch_of_another_user_looks_the_same_as_an_unknown_batch(service: Service, client: Client) -> None:
    other = service.client()
    foreign, unknown = other.submitted(other.uploaded()), str(uuid4())
    for batch_id in (foreign, unknown):
        expect_problem(client.batch(batch_id), 404, "BATCH_NOT_FOUND")
        expect_problem(client.batch(batch_id, as_of="2026-03-03T12:00:00Z"), 404, "BATCH_NOT_FOUND")

    def answer_without_id_and_time(batch_id: str) -> str:
        return json.dumps(client.batch(batch_id).json() | {"timestamp": ""}).replace(batch_id, "ID")

    assert answer_without_id_and_time(foreign) == answer_without_id_and_time(unknown)
