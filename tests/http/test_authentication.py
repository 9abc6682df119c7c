"""Requests without a valid token are refused with 401 INVALID_TOKEN."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from tests.support.command_line import SECRET
from tests.support.problems import expect_problem
from tests.support.running_service import Service

VALID_CLAIMS: dict[str, Any] = {"sub": str(uuid4()), "subscription_tier": "Basic", "type": "access"}
OTHER_SECRET = "another secret, which is as long as the first"


def signed_token(
    *, expires_in_s: int = 3600, secret: str = SECRET, algorithm: str = "HS256", **changed_claims: object
) -> str:
    expiry = datetime.now(UTC) + timedelta(seconds=expires_in_s)
    return jwt.encode({**VALID_CLAIMS, **changed_claims, "exp": expiry}, secret, algorithm=algorithm)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"expires_in_s": -1}, id="expired"),
        pytest.param({"secret": OTHER_SECRET}, id="signed with another secret"),
        pytest.param({"secret": "", "algorithm": "none"}, id="unsigned"),
        pytest.param({"algorithm": "HS512"}, id="signed with another algorithm"),
        pytest.param({"subscription_tier": "Gold"}, id="unknown tier"),
        pytest.param({"subscription_tier": None}, id="no tier"),
        pytest.param({"sub": "somebody"}, id="subject is not a UUID"),
        pytest.param({"sub": ["x"]}, id="subject is a list"),
        pytest.param({"type": "refresh"}, id="refresh token"),
    ],
)
def test_an_invalid_token_is_refused_and_not_echoed(service: Service, changes: dict[str, Any]) -> None:
    token = signed_token(**changes)
    answer = service.http(token).get("/v1/reports/batch")
    expect_problem(answer, 401, "INVALID_TOKEN")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert token not in answer.text


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="empty header"),
        pytest.param("Bearer", id="scheme alone"),
        pytest.param("Bearer nonsense", id="not a JWT"),
        pytest.param("Basic dXNlcjpwYXNz", id="another scheme"),
    ],
)
def test_a_request_without_a_token_is_refused_before_its_path_and_body_are_read(service: Service, header: str) -> None:
    http = service.http()
    http.headers["Authorization"] = header
    for answer in (http.get("/v1/reports"), http.post("/v1/reports/batch", content=b"{"), http.get("/v1/nothing")):
        expect_problem(answer, 401, "INVALID_TOKEN")


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param(7, id="number"),
        pytest.param(True, id="boolean"),
        pytest.param("auditor", id="string"),
        pytest.param({"auditor": 1}, id="object"),
        pytest.param([["auditor"]], id="nested list"),
        pytest.param(None, id="null"),
    ],
)
def test_a_roles_claim_that_is_not_a_list_of_names_grants_no_role(service: Service, roles: object) -> None:
    token = signed_token(sub=str(uuid4()), roles=roles)
    assert service.http(token).get("/v1/reports").status_code == 200
    assert service.container.tokens().verify(token).roles == frozenset()
