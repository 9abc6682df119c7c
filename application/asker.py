"""The client behind a request, and the batches that they may act on."""

from dataclasses import dataclass
from uuid import UUID

from domain.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A batch's owner, or an operator, who may act on every batch (`user_id` and `tier` are None then).

    `key_owner` is the user whose idempotency keys count: always the client who asks; None means the batch's owner.
    """

    user_id: UUID | None
    tier: Tier | None
    key_owner: UUID | None = None

    def may_act_for(self, owner: UUID) -> bool:
        return self.user_id in (None, owner)


OPERATOR = Asker(user_id=None, tier=None)
