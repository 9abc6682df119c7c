"""Running the API, with or without a worker beside it, and running a worker alone."""

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from entrypoints.container import Container
from entrypoints.http.app import create_app
from entrypoints.worker import WorkerWithHousekeeping

GRACEFUL_S = 5


def listening_socket(host: str, port: int) -> socket.socket:
    """Bind a socket. Raises OSError if the address is taken or is not one of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI) -> None:
        self._stopping: asyncio.Event = app.state.stopping
        super().__init__(
            uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACEFUL_S, lifespan="on")
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer clients that wait for a change before uvicorn would cut them off."""
        self._stopping.set()
        await super().shutdown(sockets)


def server(container: Container, *, run_worker: bool) -> uvicorn.Server:
    return _Server(create_app(container, run_worker=run_worker))


@contextmanager
def running_server(container: Container, bound: socket.socket, *, run_worker: bool = True) -> Iterator[str]:
    """Run the API, with or without a worker, in a thread of this process; yield its URL.

    Requests that arrive before the API is ready wait; they are cut off if it cannot start.
    """
    running = server(container, run_worker=run_worker)

    def run() -> None:
        with bound:
            running.run(sockets=[bound])

    bound.listen()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    host, port = bound.getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        running.should_exit = True
        thread.join()


async def run_worker(container: Container) -> None:
    """Run a worker until SIGTERM or SIGINT; reports in analysis then get the grace period to end."""
    async with container.pool():
        worker = WorkerWithHousekeeping(container)
        loop = asyncio.get_running_loop()
        for signal_ in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_, worker.stop)
        await worker.run()
