"""The story of one scenario: its service, its analysts, the batches that they submitted and the answers that they got.

Steps are synchronous: pytest-bdd never awaits a step, and a failing asynchronous step would pass.
"""

import base64
from datetime import datetime
from typing import Any, NamedTuple

import httpx

from domain.tiers import Tier
from entrypoints.edges import utc_now
from tests.support.running_service import FINAL, Service


class SeenBatch(NamedTuple):
    """A batch as its owner saw it, and an instant just after the answer arrived."""

    batch: dict[str, Any]
    seen_at: datetime


class Story:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.tier = Tier.ENTERPRISE
        self.analyst = service.client(self.tier)
        self.other_analyst = service.client()
        self.report_ids: list[str] = []
        self.batch_ids: list[str] = []
        self.receipts: list[str] = []
        """One for each batch id that `submit` added."""
        self.answers: list[httpx.Response] = []
        self.seen: list[SeenBatch] = []

    @property
    def answer(self) -> httpx.Response:
        """The latest answer that an analyst got."""
        return self.answers[-1]

    def use_tier(self, tier: Tier) -> None:
        self.tier = tier
        self.analyst = self.service.client(tier)

    def continue_at(self, service: Service) -> None:
        """Let the same analysts go on at another service."""
        self.service = service
        self.analyst = service.client(self.tier, self.analyst.user_id)
        self.other_analyst = service.client(user_id=self.other_analyst.user_id)

    def submit(self, *report_ids: str, **options: Any) -> None:
        self.answers.append(self.analyst.submit(*report_ids, **options))
        if self.answer.status_code == httpx.codes.ACCEPTED:
            self.batch_ids.append(self.answer.json()["batch_id"])
            self.receipts.append(base64.urlsafe_b64decode(self.answer.headers["batch-receipt"]).decode())

    def submit_contents(self, *contents: bytes) -> str:
        """Upload reports, submit them as a batch, and return its id."""
        self.submit(*(self.analyst.uploaded(content) for content in contents))
        assert self.answer.status_code == httpx.codes.ACCEPTED, self.answer.text
        return self.batch_ids[-1]

    def watch_submitted_batch(self) -> None:
        """Keep every status that the analyst sees, from the answer to the submission until the batch has finished."""
        path, etag = self.answer.headers["location"], ""
        self.seen.append(SeenBatch(self.answer.json(), utc_now()))
        while self.seen[-1].batch["status"] not in FINAL:
            answer = self.analyst.http.get(path, params={"wait": 5}, headers={"If-None-Match": etag})
            if answer.status_code == httpx.codes.OK:
                self.seen.append(SeenBatch(answer.json(), utc_now()))
                etag = answer.headers["etag"]
