"""The OpenAPI description names every route of the contract, its errors and its examples."""

import re
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from entrypoints.http.error_table import TABLE
from tests.support.problems import expect_problem
from tests.support.running_service import Service

CODES = {code for _, code in TABLE.values()}


class Operation(NamedTuple):
    method: str
    path: str
    description: dict[str, Any]

    @property
    def errors(self) -> dict[int, dict[str, Any]]:
        responses = {int(status): response for status, response in self.description["responses"].items()}
        return {status: response for status, response in responses.items() if status >= 400}


@pytest.fixture
def openapi(service: Service) -> dict[str, Any]:
    answer = service.http().get("/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
def operations(openapi: dict[str, Any]) -> list[Operation]:
    return [
        Operation(method, path, description)
        for path, methods in openapi["paths"].items()
        for method, description in methods.items()
    ]


@pytest.fixture
def protected(operations: list[Operation]) -> list[Operation]:
    """The operations that need a token."""
    return [operation for operation in operations if operation.path.startswith("/v1")]


def test_every_route_of_the_contract_is_described(openapi: dict[str, Any]) -> None:
    assert set(openapi["paths"]) >= {
        "/v1/reports/upload",
        "/v1/reports",
        "/v1/reports/{report_id}",
        "/v1/reports/{report_id}/analysis",
        "/v1/reports/batch",
        "/v1/reports/batch/{batch_id}",
        "/health",
        "/health/live",
        "/health/ready",
    }


def test_every_operation_has_a_summary(operations: list[Operation]) -> None:
    assert [operation for operation in operations if not operation.description.get("summary")] == []


def test_every_documented_error_is_a_problem_with_codes_that_exist(protected: list[Operation]) -> None:
    for operation in protected:
        for status, response in operation.errors.items():
            assert "application/problem+json" in response["content"], (operation, status)
            documented = set(response["description"].split(", "))
            existing = {code for existing_status, code in TABLE.values() if existing_status == status}
            assert documented <= existing, (operation, status)


def test_every_operation_documents_the_errors_that_any_request_can_meet(protected: list[Operation]) -> None:
    for operation in protected:
        assert operation.errors.keys() >= {401, 422, 429, 503}, operation
        if operation.path.startswith("/v1/audit"):
            assert 403 in operation.errors, operation
        if operation.method == "post":
            assert 413 in operation.errors, operation


def test_every_error_of_the_table_is_documented_by_some_operation(protected: list[Operation]) -> None:
    documented = {
        code
        for operation in protected
        for response in operation.errors.values()
        for code in response["description"].split(", ")
    }
    assert CODES - documented == {"LOG_DAMAGED"}


def test_every_operation_that_names_a_security_scheme_refuses_a_request_without_a_token(
    service: Service, protected: list[Operation]
) -> None:
    http = service.http()
    for operation in protected:
        assert operation.description["security"], operation
        path = re.sub(r"{\w+}", str(UUID(int=1)), operation.path)
        expect_problem(http.request(operation.method, path), 401, "INVALID_TOKEN")


def test_the_example_of_a_batch_has_exactly_its_fields(openapi: dict[str, Any]) -> None:
    schema = openapi["components"]["schemas"]["BatchResponse"]
    assert schema["example"].keys() == schema["properties"].keys()


def test_the_documentation_page_is_served(service: Service) -> None:
    assert "swagger" in service.http().get("/docs").text.lower()
