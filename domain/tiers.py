"""The subscription tiers and their limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Tier(StrEnum):
    """A user's subscription tier, spelled as in the `subscription_tier` claim of the token."""

    BASIC = "Basic"
    PRO = "Pro"
    ENTERPRISE = "Enterprise"


def _per_tier(basic: int, pro: int, enterprise: int) -> Mapping[Tier, int]:
    return {Tier.BASIC: basic, Tier.PRO: pro, Tier.ENTERPRISE: enterprise}


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLimits:
    """The limits of each tier: reports per batch, unfinished batches per user, requests per minute and user."""

    reports_per_batch: Mapping[Tier, int] = field(default_factory=lambda: _per_tier(3, 7, 10))
    active_batches: Mapping[Tier, int] = field(default_factory=lambda: _per_tier(2, 5, 20))
    requests_per_minute: Mapping[Tier, int] = field(default_factory=lambda: _per_tier(60, 120, 300))
