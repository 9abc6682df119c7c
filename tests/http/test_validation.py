"""Invalid bodies, forms, paths and queries are refused; the error names each invalid field."""

import pytest

from tests.support.builders import TEXT
from tests.support.problems import expect_problem, invalid_fields
from tests.support.running_service import Client


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(b'{"report_ids": []}', "report_ids", id="empty list"),
        pytest.param(b'{"report_ids": ["not-a-uuid"]}', "report_ids.0", id="not a UUID"),
        pytest.param(b'{"report_ids": "not-a-list"}', "report_ids", id="not a list"),
        pytest.param(b"{}", "report_ids", id="missing field"),
        pytest.param(b'{"report_ids": [], "priority": 1}', "priority", id="unknown field"),
        pytest.param(b'{"report_ids": [], "reanalyze": "yes"}', "reanalyze", id="not a boolean"),
        pytest.param(b'{"report_ids": [', "body", id="truncated JSON"),
        pytest.param(b"[]", "body", id="not an object"),
        pytest.param(b"", "body", id="no body"),
        pytest.param(b'\xff\xfe{"report_ids"', "body", id="not UTF-8"),
        pytest.param(b"[" * 50_000, "body", id="deep nesting"),
        pytest.param(b'{"report_ids": [' + b"1," * 30_000 + b"1]}", "report_ids.0", id="very long list"),
    ],
)
def test_an_invalid_body_is_refused_and_the_field_named(client: Client, body: bytes, field: str) -> None:
    answer = client.http.post("/v1/reports/batch", content=body, headers={"Content-Type": "application/json"})
    assert field in invalid_fields(answer)


def test_a_batch_that_lists_a_report_twice_is_refused(client: Client) -> None:
    report_id = client.uploaded()
    answer = client.submit(report_id, report_id)
    assert invalid_fields(answer) == ["report_ids"]
    assert report_id in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/v1/reports/batch/7",
        "/v1/reports/7",
        "/v1/reports?limit=0",
        "/v1/reports?cursor=7",
        "/v1/reports/batch?status=X",
    ],
)
def test_an_invalid_path_or_query_is_refused(client: Client, path: str) -> None:
    assert invalid_fields(client.http.get(path))


@pytest.mark.parametrize("name", ["company", "fiscal_period"])
def test_a_nul_character_in_a_form_field_is_refused(client: Client, name: str) -> None:
    assert invalid_fields(client.upload(TEXT, **{name: "a\x00b"})) == [name]


def test_an_upload_without_a_file_and_a_valid_type_is_refused(client: Client) -> None:
    answer = client.http.post("/v1/reports/upload", data={"report_type": "20-F"})
    assert set(invalid_fields(answer)) == {"file", "report_type"}


def test_an_unknown_path_and_a_wrong_method_are_refused(client: Client) -> None:
    expect_problem(client.http.get("/v1/nothing"), 404, "NOT_FOUND")
    expect_problem(client.http.delete("/v1/reports"), 405, "METHOD_NOT_ALLOWED")
