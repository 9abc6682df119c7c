"""The check of an error answer: problem details with the platform's fields."""

from datetime import datetime
from typing import Any

import httpx

FIELDS = {"type", "title", "status", "detail", "instance", "error_code", "timestamp"}


def expect_problem(answer: httpx.Response, status: int, error_code: str, *, containing: str = "") -> dict[str, Any]:
    """Check that the answer is this problem and contains the text; return its body."""
    body: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"], body["error_code"]) == (status, status, error_code), body
    assert body.keys() - {"errors"} == FIELDS
    assert body["instance"] == answer.url.path
    assert body["detail"]
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    assert containing in answer.text
    return body


def invalid_fields(answer: httpx.Response) -> list[str]:
    """Check that the answer is a validation error; return the fields that it names."""
    return [entry["field"] for entry in expect_problem(answer, 422, "VALIDATION_ERROR")["errors"]]
