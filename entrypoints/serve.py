"""Running the API, with a worker beside it or without, and running a worker alone."""

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from entrypoints.container import Container
from entrypoints.housekeeping import Housekeeping
from entrypoints.http.app import create_app

GRACEFUL_S = 5


def listening_socket(host: str, port: int) -> socket.socket:
    """Raises OSError where the address is taken or not ours."""
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
        """Clients that wait for a change are answered now; uvicorn would cut them off."""
        self._stopping.set()
        await super().shutdown(sockets)


def server(container: Container, *, run_worker: bool) -> uvicorn.Server:
    return _Server(create_app(container, run_worker=run_worker))


@contextmanager
def running_server(container: Container, bound: socket.socket, *, run_worker: bool = True) -> Iterator[str]:
    """The API, with its worker or without, in a thread of this process; its URL.

    Who asks before it is ready waits, and is cut off where it cannot start.
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
    """Until SIGTERM or SIGINT, then as long as what was begun takes, at most the grace period."""
    async with container.pool():
        worker, keeper = container.worker(), Housekeeping(container)
        keeping = asyncio.create_task(keeper.run())
        loop = asyncio.get_running_loop()
        for signal_ in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_, worker.stop)
        try:
            await worker.run()
        finally:
            keeper.stop()
            await keeping
            container.analyzer().close()
