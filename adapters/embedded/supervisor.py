"""The process that keeps one PostgreSQL running for as long as somebody uses it.

Who uses the database holds a shared lock on `users.lock`; the kernel lets go of it however the user dies. When this
process can have that lock for itself, nobody is left: it stops the server and ends. It holds `supervisor.lock`, so
that there is one of it; whoever uses the database starts another if it is gone. When it dies, the server does too.
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

from adapters.embedded.binaries import find_binaries
from adapters.embedded.layout import Layout
from adapters.embedded.privileges import ServerUser, server_user

LOOK_EVERY = 0.2
STOP_PATIENCE = 30.0
STARTS, SHORT_LIFE = 5, 1.0
"""After so many starts in a row that lasted less than so many seconds the supervisor gives up."""
PASSED_ON = ("PATH", "HOME", "TZ", "LANG", "TMPDIR")


def supervise(layout: Layout, options: Sequence[str]) -> None:
    """Return at once; the supervisor goes on in the background, if there is none yet."""
    with layout.supervisor_lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if os.fork():
            os._exit(0)  # the child has the lock
        os.setsid()
        layout.failure.unlink(missing_ok=True)
        try:
            _supervise(layout, options)
        except (OSError, subprocess.SubprocessError) as failed:
            layout.failure.write_text(str(failed))
            raise SystemExit(1) from failed


def _supervise(layout: Layout, options: Sequence[str]) -> None:
    binaries, user = find_binaries(), server_user()
    if not layout.cluster.exists():
        _create_cluster(layout, binaries, user)
    layout.sockets.mkdir(mode=0o700, exist_ok=True)
    user.own(layout.root, layout.sockets)
    failures = 0
    with layout.users_lock.open("a") as users, layout.log.open("ab") as log:
        while failures < STARTS:
            _end_orphans(layout)
            began = time.monotonic()
            server = subprocess.Popen(
                [
                    binaries / "postgres",
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
            if _watch(server, users.fileno()):
                return
            failures = failures + 1 if time.monotonic() - began < SHORT_LIFE else 0
    raise OSError(f"PostgreSQL does not start: {_last_words(layout.log)}")


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    told = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines or ["it said nothing"]
    return told[-1]


def _watch(server: subprocess.Popen[bytes], users: int) -> bool:
    """Until nobody uses the server (True, and it is stopped) or it has ended by itself (False)."""
    while True:
        time.sleep(LOOK_EVERY)
        if server.poll() is not None:
            return False
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        return True


def _create_cluster(layout: Layout, binaries: Path, user: ServerUser) -> None:
    """In a folder aside, renamed when it is whole: a half-made cluster would start and be broken."""
    for left in layout.root.glob("new-cluster-*"):
        shutil.rmtree(left, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix="new-cluster-", dir=layout.root))
    try:
        user.own(aside)
        subprocess.run(
            [binaries / "initdb", "-D", aside, "-U", layout.superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            check=True,
            capture_output=True,
            env=_environment(),
            preexec_fn=user.before_exec(),
        )
        aside.rename(layout.cluster)
    except subprocess.CalledProcessError as failed:
        raise OSError(f"initdb failed: {failed.stderr.decode(errors='replace').strip()[-500:]}") from failed
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _end_orphans(layout: Layout) -> None:
    """A server that was killed leaves busy children behind, and its pid file; both keep a new one from starting."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")) == layout.cluster and "postgres" in os.readlink(process / "exe"):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue
    (layout.cluster / "postmaster.pid").unlink(missing_ok=True)
    for left in layout.sockets.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


if __name__ == "__main__":
    supervise(Layout.at(Path(sys.argv[1])), sys.argv[2:])
