"""The contract of Tokens: which tokens prove who a client is."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from adapters.jwt import JwtTokens
from application.ports.tokens import Identity, InvalidToken, Role, Tokens
from domain.tiers import Tier

USER = UUID(int=7)
HOUR = timedelta(hours=1)
SECRET, OTHER_SECRET = "s" * 32, "t" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """An adapter with the platform's side of it: what signs claims with its key, and with another key."""

    tokens: Tokens
    sign: Callable[[dict[str, Any]], str]
    sign_with_another_key: Callable[[dict[str, Any]], str]


def shared_secret() -> Adapter:
    return Adapter(
        tokens=JwtTokens(SECRET, lambda: datetime.now(UTC)),
        sign=lambda claims: jwt.encode(claims, SECRET, algorithm="HS256"),
        sign_with_another_key=lambda claims: jwt.encode(claims, OTHER_SECRET, algorithm="HS256"),
    )


@pytest.fixture(params=[shared_secret], ids=lambda adapter: adapter.__name__)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    made: Adapter = request.param()
    return made


@pytest.fixture
def tokens(adapter: Adapter) -> Tokens:
    return adapter.tokens


def claims(**changes: object) -> dict[str, Any]:
    """Return the claims of a valid token; null removes one."""
    valid = {"sub": str(USER), "subscription_tier": "Pro", "exp": datetime.now(UTC) + HOUR}
    return {name: value for name, value in (valid | changes).items() if value is not None}


def unsigned(header: dict[str, Any], payload: dict[str, Any]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in (header, payload))
    return ".".join([*parts, ""])


def test_a_token_of_the_platform_names_user_and_tier(adapter: Adapter) -> None:
    assert adapter.tokens.verify(adapter.sign(claims())) == Identity(user_id=USER, tier=Tier.PRO)


@pytest.mark.parametrize("tier", Tier)
def test_an_issued_token_proves_the_identity_that_it_was_issued_for(tokens: Tokens, tier: Tier) -> None:
    identity = Identity(user_id=USER, tier=tier, roles=frozenset({Role.AUDITOR}))
    assert tokens.verify(tokens.issue(identity, HOUR)) == identity


def test_known_roles_are_read_and_others_ignored(adapter: Adapter) -> None:
    token = adapter.sign(claims(roles=["auditor", "editor", "operator", 7, None]))
    assert adapter.tokens.verify(token).roles == {Role.AUDITOR, Role.OPERATOR}


@pytest.mark.parametrize("roles", ["auditor", {"auditor": True}, 7])
def test_roles_that_are_not_a_list_give_none(adapter: Adapter, roles: object) -> None:
    assert adapter.tokens.verify(adapter.sign(claims(roles=roles))).roles == frozenset()


def test_the_audience_does_not_matter(adapter: Adapter) -> None:
    assert adapter.tokens.verify(adapter.sign(claims(aud="another service"))).user_id == USER


@pytest.mark.parametrize("token_type", ["access", None])
def test_the_type_is_absent_or_access(adapter: Adapter, token_type: str | None) -> None:
    assert adapter.tokens.verify(adapter.sign(claims(type=token_type))).user_id == USER


REFUSED: dict[str, dict[str, object]] = {
    "no sub": {"sub": None},
    "a sub that is not a UUID": {"sub": "max"},
    "a sub that is not a string": {"sub": 7},
    "no tier": {"subscription_tier": None},
    "an unknown tier": {"subscription_tier": "pro"},
    "no expiry": {"exp": None},
    "an expiry in the past": {"exp": datetime.now(UTC) - HOUR},
    "an expiry that is not a number": {"exp": "tomorrow"},
    "an expiry that is not finite": {"exp": float("inf")},
    "a start in the future": {"nbf": datetime.now(UTC) + HOUR},
    "a refresh token": {"type": "refresh"},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_a_token_with_other_claims_is_refused(adapter: Adapter, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidToken):
        adapter.tokens.verify(adapter.sign(claims(**changes)))


def test_an_expired_token_says_so(tokens: Tokens) -> None:
    expired = tokens.issue(Identity(user_id=USER, tier=Tier.BASIC), -HOUR)
    with pytest.raises(InvalidToken, match="expired"):
        tokens.verify(expired)


def test_a_token_of_another_key_is_refused(adapter: Adapter) -> None:
    with pytest.raises(InvalidToken):
        adapter.tokens.verify(adapter.sign_with_another_key(claims()))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS512", "RS256"])
def test_a_token_that_names_its_own_algorithm_is_refused(adapter: Adapter, algorithm: str) -> None:
    header, payload = {"alg": algorithm, "typ": "JWT"}, claims(exp=int((datetime.now(UTC) + HOUR).timestamp()))
    with pytest.raises(InvalidToken):
        adapter.tokens.verify(unsigned(header, payload))


def test_a_token_whose_claims_were_changed_is_refused(adapter: Adapter) -> None:
    header, _, signature = adapter.sign(claims()).split(".")
    _, payload, _ = adapter.sign(claims(subscription_tier="Enterprise")).split(".")
    with pytest.raises(InvalidToken):
        adapter.tokens.verify(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("garbage", ["", ".", "..", "a.b.c", "\x00", "é", "[" * 10_000, "x" * 100_000, "null"])
def test_garbage_is_refused(tokens: Tokens, garbage: str) -> None:
    with pytest.raises(InvalidToken):
        tokens.verify(garbage)


def test_a_refusal_does_not_quote_the_token(adapter: Adapter) -> None:
    token = adapter.sign_with_another_key(claims())
    with pytest.raises(InvalidToken) as refused:
        adapter.tokens.verify(token)
    assert not any(part in str(refused.value) for part in token.split("."))
