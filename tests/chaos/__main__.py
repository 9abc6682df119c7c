"""Run the service as processes, submit batches, disturb it by a seeded plan, and check the outcome."""

import argparse
import random
import tempfile
import threading
import time
from pathlib import Path

from adapters.embedded.server import EmbeddedPostgres
from adapters.postgres.migrations import migrate
from tests.chaos.checker import check
from tests.chaos.client import ChaosClient
from tests.chaos.killer import Killer
from tests.chaos.record import Record
from tests.chaos.report import report
from tests.chaos.service import ServiceUnderTest
from tests.support.process_table import processes

CLIENTS = 6
KEPT_LOG = Path("chaos-service.log")
"""Holds the logs of all processes after a run that found faults."""


def run(seconds: float, every: float, seed: int) -> int:
    """Return the exit code: 0 if the checker found no fault, else 1."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "pg", ["max_connections=200"]) as embedded:
            migrate(embedded.admin_url)
            service, record = ServiceUnderTest(folder, embedded), Record()
            print(f"seed {seed}: {seconds:.0f} s of chaos, a disturbance about every {every:g} s", flush=True)
            disturb(service, record, seconds, every, seed)
            try:
                service.wait_until_finished()
                faults = check(embedded.admin_url, service.url, record.accepted, record.tokens)
                faults += service.audit_faults(record.receipts.values())
                for line in report(record, service, faults):
                    print(line)
            finally:
                service.kill()
        while processes(folder / "pg"):
            time.sleep(0.05)
        if faults:
            KEPT_LOG.write_bytes(b"".join(node.log.read_bytes() for node in service.nodes))
        return 1 if faults else 0


def disturb(service: ServiceUnderTest, record: Record, seconds: float, every: float, seed: int) -> None:
    """Run service and clients in threads for so many seconds, and disturb the service meanwhile."""
    clients = [ChaosClient(service.url, seed + number, record, service.stopping) for number in range(CLIENTS)]
    threads = [threading.Thread(target=work) for work in (service.keep_running, *(client.run for client in clients))]
    for thread in threads:
        thread.start()
    try:
        Killer(service, seed, record).run(seconds, every)
    finally:
        service.stopping.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="duration of the disturbances (default: 60)")
    parser.add_argument("--every", type=float, default=2, help="mean seconds between disturbances (default: 2)")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(1_000_000), help="repeats a plan (default: random)"
    )
    given = parser.parse_args()
    raise SystemExit(run(given.seconds, given.every, given.seed))
