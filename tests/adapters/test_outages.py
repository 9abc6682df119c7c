"""After an outage of the database, of any kind, the service loses nothing and resumes on its own."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.embedded.server import EmbeddedPostgres
from entrypoints.container import Database, migrate
from tests.conftest import settings_in
from tests.support.builders import TEXT
from tests.support.process_table import processes
from tests.support.running_service import Client, Service, database_away, eventually, running


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path / "pg") as embedded:
        migrate(embedded.admin_url)
        yield embedded


@pytest.fixture
def service(embedded: EmbeddedPostgres, tmp_path: Path) -> Iterator[Service]:
    with running(Database(embedded.url, embedded.admin_url), settings_in(tmp_path)) as service:
        yield service


def postmaster(folder: Path) -> int:
    """Return the process id of the embedded server's main process, as soon as it runs."""
    return eventually(lambda: next((pid for pid, command in processes(folder) if "postgres -D" in command), None))


def is_ready(service: Service) -> bool:
    return bool(service.http().get("/health/ready").is_success)


def completes_a_batch(client: Client) -> bool:
    return bool(client.finished(client.submitted(client.uploaded()))["status"] == "COMPLETED")


@pytest.mark.parametrize(
    "shutdown", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL], ids=["fast", "immediate", "killed"]
)
def test_the_service_resumes_after_the_database_was_restarted(
    service: Service, tmp_path: Path, shutdown: signal.Signals
) -> None:
    client = service.client()
    batch_id = client.submitted(*(client.uploaded() for _ in range(5)))
    stopped = postmaster(tmp_path / "pg")
    os.kill(stopped, shutdown)
    eventually(lambda: postmaster(tmp_path / "pg") != stopped and is_ready(service))
    assert client.finished(batch_id)["status"] == "COMPLETED"
    assert completes_a_batch(client)


def test_the_service_is_not_ready_while_the_database_is_read_only_and_then_resumes(
    service: Service, embedded: EmbeddedPostgres
) -> None:
    client = service.client()
    report_id = client.uploaded()
    with psycopg.connect(embedded.admin_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        connection.execute("SELECT pg_reload_conf()")
        eventually(lambda: not is_ready(service))
        refused = client.submit(report_id)
        assert (refused.status_code, refused.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
        assert service.http().get("/health/live").is_success
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
        connection.execute("SELECT pg_reload_conf()")
    eventually(lambda: is_ready(service))
    assert client.finished(client.submitted(report_id))["status"] == "COMPLETED"


def test_a_batch_completes_after_an_outage_longer_than_the_heartbeat_timeout(
    database: Database, tmp_path: Path
) -> None:
    long = b"\n\n".join(b"In region %d it was so. " % region + TEXT for region in range(3000))
    with running(database, settings_in(tmp_path, heartbeat_timeout_s=1, analysis_processes=1)) as service:
        client, probe = service.client(), service.http()
        batch_id = client.submitted(*(client.uploaded(long) for _ in range(4)))
        eventually(lambda: client.batch(batch_id).json()["status"] == "PROCESSING")
        with database_away(database):
            until = time.monotonic() + 3
            while time.monotonic() < until:
                assert probe.get("/health/live").status_code == 200
                assert probe.get("/health/ready").status_code == 503
                refused = client.batch(batch_id)
                assert refused.status_code == 503
                assert refused.elapsed < timedelta(seconds=5)
        eventually(lambda: is_ready(service))
        assert client.finished(batch_id)["successful"] == 4
        assert completes_a_batch(client)


@contextmanager
def pooler(embedded: EmbeddedPostgres, folder: Path) -> Iterator[str]:
    """Run pgbouncer in transaction mode, where LISTEN and session state do not work, and yield the URL to use it."""
    server = conninfo_to_dict(embedded.admin_url)
    folder.mkdir(mode=0o755)
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n* = host={server['host']} port=5432 user=postgres\n"
        f"[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 10\nignore_startup_parameters = options\n"
    )
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "nobody")
    program = shutil.which("pgbouncer") or "pgbouncer"
    process = subprocess.Popen([program, *user, config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = make_conninfo(embedded.admin_url, host=str(folder), port=6432)
        eventually(lambda: _answers(url))
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Yield a folder that the pooler's user may enter, unlike pytest's own folders."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder
        eventually(lambda: not processes(folder))


@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="pgbouncer is not installed")
def test_batches_complete_behind_a_pooler_in_transaction_mode(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg") as embedded:
        migrate(embedded.admin_url)
        with (
            pooler(embedded, open_folder / "bouncer") as url,
            running(Database(url, embedded.admin_url), settings_in(open_folder)) as service,
        ):
            client = service.client()
            for _ in range(10):
                assert completes_a_batch(client)
