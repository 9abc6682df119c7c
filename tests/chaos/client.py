"""A client that submits batches without pause, as one user after another, and retries every failed request."""

import base64
import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import httpx
import jwt

from tests.chaos.record import Record
from tests.chaos.service import SECRET

BATCHES_PER_USER = 5
USERS_AHEAD = 2
READABLE = b"In region %d the revenue of the company grew, its costs fell, and demand for its products was strong. "
UNREADABLE = b"<html><table><tr><td>1,234</td></tr></table></html>"


class ChaosClient:
    """Submits until `stopping` is set, and records each batch that was accepted, with its receipt."""

    def __init__(self, url: str, seed: int, record: Record, stopping: threading.Event) -> None:
        self._url, self._random, self._record, self._stopping = url, random.Random(seed), record, stopping

    def run(self) -> None:
        """Submit some batches for each new user, while batches of at most `USERS_AHEAD` users are unfinished."""
        unfinished = deque[Callable[[], None]]()
        while not self._stopping.is_set():
            token = self._new_user()
            with self._http(token) as http:
                submitted = [self._submit_batch(http, token) for _ in range(BATCHES_PER_USER)]
            batch_ids = [batch_id for batch_id in submitted if batch_id is not None]
            unfinished.append(partial(self._wait_for, token, batch_ids))
            if len(unfinished) > USERS_AHEAD:
                unfinished.popleft()()

    def _new_user(self) -> str:
        claims = {"sub": str(UUID(int=self._random.getrandbits(128))), "subscription_tier": "Enterprise"}
        return jwt.encode({**claims, "exp": datetime.now(UTC) + timedelta(hours=3)}, SECRET, algorithm="HS256")

    def _http(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self._url, headers={"Authorization": f"Bearer {token}"}, timeout=10)

    def _submit_batch(self, http: httpx.Client, token: str) -> str | None:
        """Upload reports and submit them with an idempotency key; return the batch's id, or None when stopping."""
        readable = {}
        for _ in range(self._random.randint(1, 4)):
            is_readable = self._random.random() >= 0.1
            upload = partial(http.post, files={"file": ("r", self._content(is_readable))}, data={"report_type": "8-K"})
            uploaded = self._retry(partial(upload, "/v1/reports/upload"))
            if uploaded is None:
                return None
            readable[uploaded.json()["report_id"]] = is_readable
        body, key = {"report_ids": [*readable]}, {"Idempotency-Key": str(uuid4())}
        answer = self._retry(partial(http.post, "/v1/reports/batch", json=body, headers=key))
        if answer is None:
            return None
        batch_id: str = answer.json()["batch_id"]
        self._record.accepted[batch_id] = readable
        self._record.tokens[batch_id] = token
        self._record.receipts[batch_id] = base64.urlsafe_b64decode(answer.headers["batch-receipt"]).decode()
        return batch_id

    def _content(self, is_readable: bool) -> bytes:
        sentences = self._random.randint(5, 400) if self._random.random() < 0.95 else 6000
        return b"".join(READABLE % number for number in range(sentences)) if is_readable else UNREADABLE

    def _wait_for(self, token: str, batch_ids: Sequence[str]) -> None:
        with self._http(token) as http:
            for batch_id in batch_ids:
                while not self._stopping.is_set():
                    status = self._retry(partial(http.get, f"/v1/reports/batch/{batch_id}?wait=5"))
                    if status is None or status.json()["status"] not in ("PENDING", "PROCESSING"):
                        break

    def _retry(self, request: Callable[[], httpx.Response]) -> httpx.Response | None:
        """Repeat the request until it succeeds, and return the response; None when stopping."""
        while not self._stopping.is_set():
            try:
                answer = request()
            except httpx.HTTPError:
                self._stopping.wait(0.2)
                continue
            if answer.is_success:
                return answer
            self._record.refused[answer.json()["error_code"]] += 1
            self._stopping.wait(0.3)
        return None
