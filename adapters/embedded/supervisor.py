"""The supervisor: the process that keeps one PostgreSQL running while other processes use it.

A process that uses the database holds a shared lock on `users.lock`; the kernel releases that lock when the process
ends, however the process ends. Once the supervisor gets that lock exclusively, no process uses the database any more:
the supervisor stops the server and exits. The supervisor holds `supervisor.lock`, so only one runs per database. Every
process that uses the database restarts a supervisor that died. When the supervisor dies, the server ends as well.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from adapters.embedded.layout import Layout
from adapters.embedded.privileges import ServerUser, server_user
from adapters.embedded.programs import find_programs

WATCH_INTERVAL = 0.2
STOP_TIMEOUT = 30.0
"""Both in seconds."""
MAX_SHORT_RUNS, SHORT_RUN = 5, 1.0
"""The supervisor gives up after 5 consecutive server runs of less than 1 second each."""
INHERITED_VARIABLES = ("PATH", "HOME", "TZ", "LANG", "TMPDIR")


def supervise(layout: Layout, options: Sequence[str]) -> None:
    """Continue as the supervisor in the background and exit the calling process, or return if one runs already."""
    with layout.supervisor_lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if os.fork():
            os._exit(0)  # the child has inherited the lock
        os.setsid()
        layout.failure.unlink(missing_ok=True)
        try:
            _supervise(layout, options)
        except (OSError, subprocess.SubprocessError) as failed:
            layout.failure.write_text(str(failed))
            raise SystemExit(1) from failed


def _supervise(layout: Layout, options: Sequence[str]) -> None:
    """Run the server until no process uses the database. Raises OSError if the server does not stay up."""
    programs, user = find_programs(), server_user()
    if not layout.cluster.exists():
        _create_cluster(layout, programs, user)
    layout.sockets.mkdir(mode=0o700, exist_ok=True)
    user.own(layout.root, layout.sockets)
    short_runs = 0
    with layout.users_lock.open("a") as users, layout.log.open("ab") as log:
        while short_runs < MAX_SHORT_RUNS:
            _end_orphans(layout)
            began = time.monotonic()
            server = subprocess.Popen(
                [
                    programs / "postgres",
                    "-D",
                    layout.cluster,
                    "-k",
                    layout.sockets,
                    "-c",
                    "listen_addresses=",
                    *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                preexec_fn=user.before_exec(),
            )
            if _stopped_when_unused(server, users.fileno()):
                return
            short_runs = short_runs + 1 if time.monotonic() - began < SHORT_RUN else 0
    raise OSError(f"PostgreSQL did not start: {_last_error(layout.log)}")


def _last_error(log: Path) -> str:
    """Return the last fatal error in the server's log, else the last line."""
    lines = log.read_text(errors="replace").splitlines()
    errors = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return (errors or lines or ["its log is empty"])[-1]


def _stopped_when_unused(server: subprocess.Popen[bytes], users: int) -> bool:
    """Wait until no process uses the database and stop the server (True), or until the server ends by itself (False).

    `users` is the file descriptor of `users.lock`.
    """
    while True:
        time.sleep(WATCH_INTERVAL)
        if server.poll() is not None:
            return False
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        return True


def _create_cluster(layout: Layout, programs: Path, user: ServerUser) -> None:
    """Create the cluster in a temporary folder and rename the folder: a half-made cluster would start and be broken."""
    for leftover in layout.root.glob("new-cluster-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="new-cluster-", dir=layout.root))
    try:
        user.own(folder)
        subprocess.run(
            [
                programs / "initdb",
                "-D",
                folder,
                "-U",
                layout.superuser,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
            check=True,
            capture_output=True,
            env=_environment(),
            preexec_fn=user.before_exec(),
        )
        folder.rename(layout.cluster)
    except subprocess.CalledProcessError as failed:
        raise OSError(f"initdb failed: {failed.stderr.decode(errors='replace').strip()[-500:]}") from failed
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end_orphans(layout: Layout) -> None:
    """Kill the backends of a server that was killed, and remove its files; both would block the next start."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")) == layout.cluster and "postgres" in os.readlink(process / "exe"):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue
    (layout.cluster / "postmaster.pid").unlink(missing_ok=True)
    for socket in layout.sockets.glob(".s.PGSQL.*"):
        socket.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}


if __name__ == "__main__":
    supervise(Layout.at(Path(sys.argv[1])), sys.argv[2:])
