"""Access tokens signed with a shared secret (HS256)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt

from application.ports.clock import Clock
from application.ports.tokens import Identity, InvalidToken, Role, Tokens
from domain.tiers import Tier

ALGORITHM = "HS256"


class JwtTokens(Tokens):
    """Issues and verifies JSON Web Tokens; the claims are those of the platform."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret, self._clock = secret, clock

    def verify(self, token: str) -> Identity:
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._secret, algorithms=[ALGORITHM], options={"require": ["exp", "sub"], "verify_aud": False}
            )
        except jwt.ExpiredSignatureError:
            raise InvalidToken("The token has expired: sign in again.") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as invalid:
            raise InvalidToken(f"The token is not valid ({type(invalid).__name__}): sign in again.") from None
        if claims.get("type", "access") != "access":
            raise InvalidToken("The token is not an access token: send an access token.")
        return Identity(
            user_id=_user_id(claims["sub"]), tier=_tier(claims.get("subscription_tier")), roles=_roles(claims)
        )

    def issue(self, identity: Identity, lifetime: timedelta) -> str:
        now = self._clock()
        claims = {
            "sub": str(identity.user_id),
            "subscription_tier": str(identity.tier),
            "roles": sorted(identity.roles),
            "type": "access",
            "iat": now,
            "exp": now + lifetime,
        }
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)


def _user_id(sub: object) -> UUID:
    try:
        return UUID(str(sub))
    except ValueError:
        raise InvalidToken("The `sub` claim of the token is not a UUID: sign in again.") from None


def _tier(name: object) -> Tier:
    try:
        return Tier(str(name))
    except ValueError:
        raise InvalidToken("The `subscription_tier` claim of the token is not a known tier: sign in again.") from None


def _roles(claims: dict[str, Any]) -> frozenset[Role]:
    """Return the roles that the service knows. Other roles belong to other parts of the platform."""
    claimed = claims.get("roles")
    known = [str(role) for role in Role]
    return frozenset(Role(name) for name in (claimed if isinstance(claimed, list) else ()) if name in known)
