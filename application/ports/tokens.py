"""The port to the platform's tokens."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.tiers import Tier


class Role(StrEnum):
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who speaks, as their token says."""

    user_id: UUID
    tier: Tier
    roles: frozenset[Role] = frozenset()


class InvalidToken(Exception):
    """A token that proves nothing; the message says why without quoting it."""


class Tokens(Protocol):
    def verify(self, token: str) -> Identity:
        """Raises InvalidToken."""
        ...

    def issue(self, identity: Identity, lifetime: timedelta) -> str: ...
