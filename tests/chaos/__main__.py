"""Runs the service as processes, submits batches, kills by a seeded plan, and lets the checker judge."""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

import httpx
import jwt
import psycopg

from adapters.embedded.server import EmbeddedPostgres
from adapters.postgres.migrations import migrate
from tests.chaos.checker import check
from tests.processes import processes

SECRET = "the secret of a service that is about to be killed, many times over, and longer than needed"
HEARTBEAT_S = 3.0
WORKERS = 2
CLIENTS = 4
TEXT = b"In region %d the revenue of the company grew, its costs fell, and demand for its products was strong. "
BAD = b"<html><table><tr><td>1,234</td></tr></table></html>"
PATIENCE_S = 120.0


@dataclass
class Node:
    """One process of the service, started again whenever it is gone."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: IO[bytes]
    process: "subprocess.Popen[bytes] | None" = None

    def run(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=self.log, stderr=self.log)

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def children(self) -> list[int]:
        if self.process is None:
            return []
        with suppress(OSError):
            told = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
            return [int(pid) for pid in told.split()]
        return []


@dataclass
class Story:
    """What happened, for the report."""

    accepted: dict[str, list[str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    killed_at: list[datetime] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


class Chaos:
    def __init__(self, seed: int, folder: Path, embedded: EmbeddedPostgres) -> None:
        self.random, self.folder, self.embedded = random.Random(seed), folder, embedded
        self.story, self.over = Story(), threading.Event()
        self.port = self.random.randrange(20_000, 40_000)
        self.log = (folder / "service.log").open("ab")
        environment = {
            **os.environ,
            "FNA_BATCH_DATABASE_URL": embedded.url,
            "FNA_BATCH_DATA_DIR": str(folder),
            "FNA_BATCH_JWT_SECRET": SECRET,
            "FNA_BATCH_HEARTBEAT_TIMEOUT_S": str(HEARTBEAT_S),
            "FNA_BATCH_GRACE_S": "1",
            "FNA_BATCH_ANALYSIS_PROCESSES": "1",
            "FNA_BATCH_RATE_LIMITS": '{"Basic": 100000, "Pro": 100000, "Enterprise": 100000}',
            "FNA_BATCH_MAX_ATTEMPTS": "1000",
        }
        base = [sys.executable, "-m", "entrypoints.cli"]
        api = Node("api", [*base, "serve", "--no-worker", "--port", str(self.port)], environment, self.log)
        workers = [Node(f"worker {n}", [*base, "worker"], environment, self.log) for n in range(WORKERS)]
        self.api, self.workers, self.nodes = api, workers, [api, *workers]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def keep_running(self) -> None:
        while not self.over.wait(0.2):
            for node in self.nodes:
                node.run()

    def submit(self, seed: int) -> None:
        """One client after another user: uploads, submits with a key, sends again until an answer comes."""
        chance = random.Random(seed)
        while not self.over.is_set():
            claims = {"sub": str(UUID(int=chance.getrandbits(128))), "subscription_tier": "Enterprise"}
            token = jwt.encode({**claims, "exp": datetime.now(UTC) + timedelta(hours=3)}, SECRET, algorithm="HS256")
            with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=10) as http:
                for _ in range(5):
                    self._one_batch(http, token, chance)

    def _one_batch(self, http: httpx.Client, token: str, chance: random.Random) -> None:
        report_ids = []
        for _ in range(chance.randint(1, 4)):
            content = BAD if chance.random() < 0.1 else b"".join(TEXT % n for n in range(chance.randint(5, 400)))
            uploaded = self._insist(
                lambda content=content: http.post(  # type: ignore[misc]
                    "/v1/reports/upload", files={"file": ("r", content)}, data={"report_type": "8-K"}
                )
            )
            if uploaded is None:
                return
            report_ids.append(uploaded.json()["report_id"])
        key = {"Idempotency-Key": str(uuid4())}
        answer = self._insist(lambda: http.post("/v1/reports/batch", json={"report_ids": report_ids}, headers=key))
        if answer is not None:
            batch_id = answer.json()["batch_id"]
            self.story.accepted[batch_id] = report_ids
            self.story.tokens[batch_id] = token

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
        while time.monotonic() < until and not self.over.wait(every * self.random.uniform(0.5, 1.5)):
            kinds = (
                self.kill_worker,
                self.kill_worker,
                self.kill_api,
                self.kill_analysis,
                self.kill_postgres,
                self.cut_connections,
                self.freeze_worker,
                self.stop_worker,
                self.truncate_queue,
            )
            kind = self.random.choice(kinds)
            with suppress(psycopg.Error, OSError):
                self.story.killed_at.append(datetime.now(UTC))
                kind()
                self.story.kills[kind.__name__] += 1

    def kill_worker(self) -> None:
        self.random.choice(self.workers).signal(signal.SIGKILL)

    def kill_api(self) -> None:
        self.api.signal(signal.SIGKILL)

    def kill_analysis(self) -> None:
        for pid in self.random.choice(self.workers).children():
            os.kill(pid, signal.SIGKILL)

    def kill_postgres(self) -> None:
        for pid, command in processes(self.folder / "pg"):
            if "postgres -D" in command or command.startswith("postgres"):
                os.kill(pid, signal.SIGKILL)
                return

    def cut_connections(self) -> None:
        with psycopg.connect(self.embedded.admin_url, connect_timeout=2) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5"
            )

    def freeze_worker(self) -> None:
        """Longer than its heartbeat timeout: others take its batches over, and then it comes back."""
        frozen = self.random.choice(self.workers)
        frozen.signal(signal.SIGSTOP)
        self.over.wait(HEARTBEAT_S * self.random.uniform(0.5, 1.8))
        frozen.signal(signal.SIGCONT)

    def stop_worker(self) -> None:
        self.random.choice(self.workers).signal(signal.SIGTERM)

    def truncate_queue(self) -> None:
        with psycopg.connect(self.embedded.admin_url, connect_timeout=2) as connection:
            connection.execute("TRUNCATE pgqueuer, pgqueuer_log, pgqueuer_statistics")

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

    def recovery_times(self) -> list[float]:
        """Seconds from each kill to the next event in the log."""
        with psycopg.connect(self.embedded.admin_url) as connection:
            times = []
            for killed_at in self.story.killed_at:
                row = connection.execute(
                    "SELECT min(recorded_at) FROM batch_events WHERE recorded_at > %s", [killed_at]
                ).fetchone()
                if row and row[0]:
                    times.append((row[0] - killed_at).total_seconds())
        return times


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
                report(chaos, wrong)
            finally:
                for node in chaos.nodes:
                    node.signal(signal.SIGKILL)
                    if node.process is not None:
                        node.process.wait()
                chaos.log.close()
            if wrong:
                Path("chaos-service.log").write_bytes((folder / "service.log").read_bytes())
            return 1 if wrong else 0


def report(chaos: Chaos, wrong: Sequence[str]) -> None:
    story = chaos.story
    times = sorted(chaos.recovery_times())
    print(
        f"{len(story.accepted)} batches accepted, {sum(story.kills.values())} disturbances: {json.dumps(story.kills)}"
    )
    print(f"refused and sent again: {json.dumps(story.refused)}")
    if times:
        cut = statistics.quantiles(times, n=20) if len(times) > 1 else times * 19
        print(
            f"seconds from a disturbance to the next event: median {cut[9]:.2f}, "
            f"95th percentile {cut[18]:.2f}, longest {times[-1]:.2f}"
        )
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
