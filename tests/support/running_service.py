"""A running service as its clients meet it: over HTTP, with tokens, on a real PostgreSQL."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import psycopg

from application.ports.tokens import Identity, Role
from domain.tiers import Tier
from entrypoints.container import Container, Database
from entrypoints.serve import listening_socket, running_server
from entrypoints.settings import Settings
from tests.support.builders import TEXT

T = TypeVar("T")
PATIENCE_S = 30.0
FINAL = ("COMPLETED", "PARTIALLY_COMPLETED", "FAILED")


@dataclass
class Client:
    """One user's HTTP client."""

    http: httpx.Client
    user_id: UUID

    def upload(self, content: bytes = TEXT, *, name: str = "report.txt", **form: str) -> httpx.Response:
        return self.http.post(
            "/v1/reports/upload", files={"file": (name, content)}, data={"report_type": "10-K", **form}
        )

    def uploaded(self, content: bytes = TEXT) -> str:
        """Upload a report, and return its id."""
        answer = self.upload(content)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["report_id"])

    def submit(self, *report_ids: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        return self.http.post("/v1/reports/batch", json={"report_ids": report_ids, **more}, headers=headers)

    def submitted(self, *report_ids: str) -> str:
        """Submit a batch, and return its id."""
        answer = self.submit(*report_ids)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["batch_id"])

    def batch(self, batch_id: str, **params: Any) -> httpx.Response:
        return self.http.get(f"/v1/reports/batch/{batch_id}", params=params)

    def finished(self, batch_id: str) -> dict[str, Any]:
        """Wait until the batch has finished, and return it."""

        def read() -> dict[str, Any] | None:
            body: dict[str, Any] = self.batch(batch_id, wait=5).json()
            return body if body["status"] in FINAL else None

        return eventually(read)


@dataclass
class Service:
    """A service that runs in this process, with its container and database."""

    url: str
    container: Container
    database: Database
    opened: list[httpx.Client] = field(default_factory=list)

    def token(self, tier: Tier = Tier.ENTERPRISE, user_id: UUID | None = None, *roles: Role) -> str:
        """Return a token of the user, or of a new one."""
        identity = Identity(user_id=user_id or uuid4(), tier=tier, roles=frozenset(roles))
        return self.container.tokens().issue(identity, timedelta(hours=1))

    def client(self, tier: Tier = Tier.ENTERPRISE, user_id: UUID | None = None) -> Client:
        """Return a client of the user, or of a new one."""
        user_id = user_id or uuid4()
        return Client(self.http(self.token(tier, user_id)), user_id)

    def http(self, token: str | None = None) -> httpx.Client:
        """Return an HTTP client, which is closed with the service."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        opened = httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_S)
        self.opened.append(opened)
        return opened


@contextmanager
def running(database: Database, settings: Settings, *, worker: bool = True) -> Iterator[Service]:
    """Run the API on a free port, with a worker unless `worker` is false."""
    container = Container(settings=settings, database_url=database.url)
    with (
        listening_socket("127.0.0.1", 0) as bound,
        running_server(container, bound, run_worker=worker) as url,
    ):
        service = Service(url, container, database)
        eventually(lambda: service.http().get("/health/ready").is_success)
        try:
            yield service
        finally:
            for opened in service.opened:
                opened.close()


@contextmanager
def database_away(database: Database) -> Iterator[None]:
    """Cut every connection to the database, and refuse new ones until the block ends."""
    name = psycopg.conninfo.conninfo_to_dict(database.admin_url)["dbname"]
    other = psycopg.conninfo.make_conninfo(database.admin_url, dbname="postgres")
    with psycopg.connect(other, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


def eventually(read: Callable[[], T | None], patience: float = PATIENCE_S) -> T:
    """Call `read` until it returns something true, and return that; fail after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            found = read()
        except httpx.TransportError:
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, f"the condition did not become true within {patience} s"
        time.sleep(0.02)
