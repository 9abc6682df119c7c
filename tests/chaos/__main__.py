"""Runs the service as processes, submits batches, kills by a seeded plan, and lets the checker judge."""

import argparse
import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import jwt
import psycopg

from adapters.embedded.server import EmbeddedPostgres
from adapters.postgres.migrations import migrate
from tests.chaos import recovery
from tests.chaos.checker import check
from tests.chaos.recovery import Disturbance
from tests.support.batches import checked_offline
from tests.support.process_table import database_processes

SECRET = "the secret of a service that is about to be killed, many times over, and longer than needed"
SIGNING_KEY = "07" * 32
HEARTBEAT_S = 3.0
WORKERS = 2
CLIENTS = 6
TEXT = b"In region %d the revenue of the company grew, its costs fell, and demand for its products was strong. "
BAD = b"<html><table><tr><td>1,234</td></tr></table></html>"
PATIENCE_S = 120.0


@dataclass
class Node:
    """One process of the service, started again whenever it is gone."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        return self.folder / "process.log"

    def run(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.folder.mkdir(exist_ok=True)
            environment = {**self.environment, "FNA_BATCH_DATA_DIR": str(self.folder)}
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(self.command, env=environment, stdout=log, stderr=log)

    def signal(self, number: int) -> bool:
        """Whether there was a process to get it."""
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.send_signal(number)
        return True

    def children(self) -> list[int]:
        if self.process is None:
            return []
        with suppress(OSError):
            told = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
            return [int(pid) for pid in told.split()]
        return []


@dataclass
class Story:
    """What happened, for the report. `accepted` has, for each report of each batch, whether it can be read."""

    accepted: dict[str, dict[str, bool]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    disturbances: list[Disturbance] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


class Chaos:
    def __init__(self, seed: int, folder: Path, embedded: EmbeddedPostgres) -> None:
        self.random, self.folder, self.embedded = random.Random(seed), folder, embedded
        self.story, self.over = Story(), threading.Event()
        self.port = free_port()
        environment = {
            **os.environ,
            "FNA_BATCH_DATABASE_URL": embedded.url,
            "FNA_BATCH_JWT_SECRET": SECRET,
            "FNA_BATCH_HEARTBEAT_TIMEOUT_S": str(HEARTBEAT_S),
            "FNA_BATCH_GRACE_S": "1",
            "FNA_BATCH_ANALYSIS_PROCESSES": "1",
            "FNA_BATCH_RATE_LIMITS": '{"Basic": 100000, "Pro": 100000, "Enterprise": 100000}',
            "FNA_BATCH_MAX_ATTEMPTS": "1000",
            "FNA_BATCH_SIGNING_KEY": SIGNING_KEY,
            "FNA_BATCH_VERIFY_EVERY_S": "5",
        }
        base = [sys.executable, "-m", "entrypoints.cli"]
        api = [*base, "serve", "--no-worker", "--port", str(self.port)]
        self.environment = {**environment, "FNA_BATCH_DATA_DIR": str(folder)}
        self.api = Node("api", api, environment, folder / "api")
        self.workers = [
            Node(name, [*base, "worker"], environment, folder / name)
            for name in (f"worker-{n}" for n in range(WORKERS))
        ]
        self.nodes = [self.api, *self.workers]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def keep_running(self) -> None:
        while not self.over.wait(0.2):
            for node in self.nodes:
                node.run()

    def submit(self, seed: int) -> None:
        """One client after another user: uploads, submits with a key, sends again until an answer comes.

        No user comes before the batches of the user before the last have finished.
        """
        chance, before = random.Random(seed), deque[Callable[[], None]]()
        while not self.over.is_set():
            claims = {"sub": str(UUID(int=chance.getrandbits(128))), "subscription_tier": "Enterprise"}
            token = jwt.encode({**claims, "exp": datetime.now(UTC) + timedelta(hours=3)}, SECRET, algorithm="HS256")
            with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=10) as http:
                submitted = [self._one_batch(http, token, chance) for _ in range(5)]
            before.append(partial(self._wait_for, token, [each for each in submitted if each is not None]))
            if len(before) > 2:
                before.popleft()()

    def _wait_for(self, token: str, batch_ids: Sequence[str]) -> None:
        with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=10) as http:
            for batch_id in batch_ids:
                while not self.over.is_set():
                    told = self._insist(partial(http.get, f"/v1/reports/batch/{batch_id}?wait=5"))
                    if told is None or told.json()["status"] not in ("PENDING", "PROCESSING"):
                        break

    def _one_batch(self, http: httpx.Client, token: str, chance: random.Random) -> str | None:
        readable = {}
        for _ in range(chance.randint(1, 4)):
            good = chance.random() >= 0.1
            sentences = chance.randint(5, 400) if chance.random() < 0.95 else 6000
            content = b"".join(TEXT % n for n in range(sentences)) if good else BAD
            upload = partial(http.post, files={"file": ("r", content)}, data={"report_type": "8-K"})
            uploaded = self._insist(partial(upload, "/v1/reports/upload"))
            if uploaded is None:
                return None
            readable[uploaded.json()["report_id"]] = good
        body, key = {"report_ids": [*readable]}, {"Idempotency-Key": str(uuid4())}
        answer = self._insist(partial(http.post, "/v1/reports/batch", json=body, headers=key))
        if answer is None:
            return None
        batch_id: str = answer.json()["batch_id"]
        self.story.accepted[batch_id] = readable
        self.story.tokens[batch_id] = token
        self.story.receipts[batch_id] = base64.urlsafe_b64decode(answer.headers["batch-receipt"]).decode()
        return batch_id

    def audited(self) -> list[str]:
        """What the audit finds in a log that nobody tampered with, and a verifier of others in an export of it.

        Every receipt that a client got must be found there.
        """

        def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
            command = [sys.executable, "-m", "entrypoints.cli", "audit", *arguments]
            return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

        checkpoint, verified, exported = run("checkpoint"), run("verify"), run("export", "-")
        key = run("key").stdout.strip()
        wrong = [line for done in (checkpoint, verified) if done.returncode for line in done.stdout.splitlines()]
        offline = checked_offline(
            exported.stdout.splitlines(), [key], [checkpoint.stdout], self.story.receipts.values()
        )
        samples = [node.log.read_text(errors="replace").count("the audit found something wrong") for node in self.nodes]
        alarms = [f"{number} false alarms of a worker" for number in samples if number]
        return [*wrong, *offline, *alarms]

    def _insist(self, ask: Callable[[], httpx.Response]) -> httpx.Response | None:
        """The answer, once it is a success; anything that may pass is tried again."""
        while not self.over.is_set():
            try:
                answer = ask()
            except httpx.HTTPError:
                self.over.wait(0.2)
                continue
            if answer.is_success:
                return answer
            self.story.refused[answer.json()["error_code"]] += 1
            self.over.wait(0.3)
        return None

    def disturb(self, every: float, until: float) -> None:
        kinds: list[Callable[[], Node | None]] = [
            *[self.kill_worker] * 3,
            *[self.kill_analysis] * 2,
            *[self.kill_postgres] * 2,
            self.kill_api,
            self.cut_connections,
            self.freeze_worker,
            self.stop_worker,
            self.truncate_queue,
        ]
        while time.monotonic() < until and not self.over.wait(every * self.random.uniform(0.5, 1.5)):
            kind, at = self.random.choice(kinds), datetime.now(UTC)
            with suppress(psycopg.Error, OSError):
                hit = kind()
                if hit is not None:
                    self.story.disturbances.append(Disturbance(kind.__name__, at, hit.log))

    def kill_worker(self) -> Node | None:
        return self._signal_worker(signal.SIGKILL)

    def kill_api(self) -> Node | None:
        return self.api if self.api.signal(signal.SIGKILL) else None

    def kill_analysis(self) -> Node | None:
        hit = self.random.choice(self.workers)
        children = hit.children()
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        return hit if children else None

    def kill_postgres(self) -> Node | None:
        for pid, command in database_processes(self.folder / "pg"):
            if "postgres -D" in command or command.startswith("postgres"):
                os.kill(pid, signal.SIGKILL)
                return self.api
        return None

    def cut_connections(self) -> Node | None:
        with psycopg.connect(self.embedded.admin_url, connect_timeout=2) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5"
            )
        return self.api

    def freeze_worker(self) -> Node | None:
        """Longer than its heartbeat timeout: others take its batches over, and then it comes back."""
        frozen = self._signal_worker(signal.SIGSTOP)
        if frozen is not None:
            self.over.wait(HEARTBEAT_S * self.random.uniform(0.5, 1.8))
            frozen.signal(signal.SIGCONT)
        return frozen

    def stop_worker(self) -> Node | None:
        return self._signal_worker(signal.SIGTERM)

    def _signal_worker(self, number: int) -> Node | None:
        hit = self.random.choice(self.workers)
        return hit if hit.signal(number) else None

    def truncate_queue(self) -> Node | None:
        with psycopg.connect(self.embedded.admin_url, connect_timeout=2) as connection:
            connection.execute("TRUNCATE pgqueuer, pgqueuer_log, pgqueuer_statistics")
        return self.api

    def wait_until_quiet(self) -> None:
        """Everything runs again and nothing is unfinished; gives up after a while, the checker will say why."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for node in self.nodes:
                node.signal(signal.SIGCONT)
                node.run()
            with suppress(psycopg.Error, httpx.HTTPError):
                with psycopg.connect(self.embedded.admin_url, connect_timeout=2) as connection:
                    row = connection.execute(
                        "SELECT (SELECT count(*) FROM batch_jobs WHERE status IN ('PENDING', 'PROCESSING')) "
                        "+ (SELECT count(*) FROM pgqueuer)"
                    ).fetchone()
                if row == (0,) and httpx.get(f"{self.url}/health/ready").is_success:
                    return
            time.sleep(0.2)

    def seconds_to_next_event(self, kind: str) -> list[float]:
        with psycopg.connect(self.embedded.admin_url) as connection:
            found = (
                connection.execute(
                    "SELECT extract(epoch FROM min(recorded_at) - %(at)s)::float FROM batch_events "
                    "WHERE recorded_at > %(at)s",
                    {"at": each.at},
                ).fetchone()
                for each in self.story.disturbances
                if each.kind == kind
            )
            return [row[0] for row in found if row and row[0] is not None]

    def seconds_to_next_worker(self, kind: str) -> list[float]:
        with psycopg.connect(self.embedded.admin_url) as connection:
            finished: dict[str, datetime] = dict(
                connection.execute(
                    "SELECT batch_id::text, max(recorded_at) FROM batch_events GROUP BY batch_id"
                ).fetchall()
            )
        logs = [worker.log for worker in self.workers]
        return recovery.times([each for each in self.story.disturbances if each.kind == kind], logs, finished)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def run(seconds: float, every: float, seed: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "pg", ["max_connections=200"]) as embedded:
            migrate(embedded.admin_url)
            chaos = Chaos(seed, folder, embedded)
            keeper = threading.Thread(target=chaos.keep_running)
            clients = [threading.Thread(target=chaos.submit, args=(seed + n,)) for n in range(CLIENTS)]
            for thread in (keeper, *clients):
                thread.start()
            print(f"seed {seed}: {seconds:.0f} s of chaos, a disturbance about every {every:g} s", flush=True)
            try:
                chaos.disturb(every, time.monotonic() + seconds)
            finally:
                chaos.over.set()
                for thread in (keeper, *clients):
                    thread.join()
            try:
                chaos.wait_until_quiet()
                wrong = check(embedded.admin_url, chaos.url, chaos.story.accepted, chaos.story.tokens)
                wrong += chaos.audited()
                report(chaos, wrong)
            finally:
                for node in chaos.nodes:
                    node.signal(signal.SIGKILL)
                    if node.process is not None:
                        node.process.wait()
        while database_processes(folder / "pg"):
            time.sleep(0.05)
        if wrong:
            Path("chaos-service.log").write_bytes(b"".join(node.log.read_bytes() for node in chaos.nodes))
        return 1 if wrong else 0


def report(chaos: Chaos, wrong: Sequence[str]) -> None:
    story = chaos.story
    kinds = Counter(each.kind for each in story.disturbances)
    kills = sum(number for kind, number in kinds.items() if kind.startswith("kill"))
    print(f"{len(story.accepted)} batches accepted, {kills} kills, {kinds.total() - kills} other disturbances")
    print(f"refused and sent again: {json.dumps(story.refused)}")
    for kind, number in sorted(kinds.items()):
        print(f"{kind}: {number}")
        print(f"  to the next event of any batch: {recovery.distribution(chaos.seconds_to_next_event(kind))}")
        if kind in ("kill_worker", "stop_worker", "freeze_worker"):
            print(f"  to the next worker of its batches: {recovery.distribution(chaos.seconds_to_next_worker(kind))}")
    for line in wrong[:50]:
        print(f"WRONG {line}")
    print("Nothing lost, nothing twice, every batch finished." if not wrong else f"{len(wrong)} faults.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--every", type=float, default=2, help="seconds between disturbances, about")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    given = parser.parse_args()
    raise SystemExit(run(given.seconds, given.every, given.seed))
