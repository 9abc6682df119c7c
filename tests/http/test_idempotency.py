"""A submission that is repeated with its idempotency key runs once."""

import psycopg

from tests.support.problems import expect_problem
from tests.support.running_service import Client, Service

KEY = {"Idempotency-Key": "k1"}


def test_a_repeated_key_replays_the_answer_and_is_refused_with_another_body(client: Client) -> None:
    report_id, other_report_id = client.uploaded(), client.uploaded()
    first = client.submit(report_id, headers=KEY)
    repeated = client.submit(report_id, headers=KEY)
    assert first.json() == repeated.json()
    assert repeated.headers["idempotent-replayed"] == "true"
    expect_problem(client.submit(other_report_id, headers=KEY), 422, "IDEMPOTENCY_KEY_REUSED")


def test_a_key_is_refused_while_its_first_request_runs(idle: Service) -> None:
    client = idle.client()
    report_id = client.uploaded()
    with psycopg.connect(idle.database.admin_url) as connection:
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('key ' || %s::uuid::text || ' k1', 0))", [client.user_id]
        )
        answer = client.submit(report_id, headers=KEY)
        expect_problem(answer, 409, "IDEMPOTENCY_KEY_IN_FLIGHT")
        assert answer.headers["retry-after"]
    assert client.submit(report_id, headers=KEY).status_code == 202
