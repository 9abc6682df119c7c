"""The port to the platform's tokens."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from application.errors import ApplicationError
from domain.tiers import Tier


class Role(StrEnum):
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The client, as their token describes them."""

    user_id: UUID
    tier: Tier
    roles: frozenset[Role] = frozenset()


class InvalidToken(ApplicationError):
    """A token that proves nothing; the message says why without quoting it."""


class Tokens(Protocol):
    def verify(self, token: str) -> Identity:
        """Return the client's identity. Raises InvalidToken."""
        ...

    def issue(self, identity: Identity, lifetime: timedelta) -> str: ...
