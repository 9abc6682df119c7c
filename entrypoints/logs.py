"""Logging to stderr: JSON lines, or readable lines on a terminal.

Of an exception the log contains its type and its stack frames. It contains neither its message, which may quote a
client's input, nor the values of variables.
"""

import logging
import sys
import traceback
from typing import TextIO

import structlog


def configure(level: str) -> None:
    """Configure structlog and the standard library's logging for messages of this level and above."""
    rendered = (
        structlog.dev.ConsoleRenderer(exception_formatter=_write_where)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if not sys.stderr.isatty():
        shared.append(structlog.processors.ExceptionRenderer(where))
    structlog.configure(
        processors=[*shared, rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=rendered, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("httpx", "httpcore", "alembic", "uvicorn.access"):
        logging.getLogger(noisy).setLevel("WARNING")
    logging.getLogger("psycopg").setLevel("ERROR")


def where(exc_info: structlog.typing.ExcInfo) -> str:
    """Return the stack frames of an exception and of its causes, with their types and SQLSTATEs."""
    parts: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        state = getattr(error, "sqlstate", None)
        kind = f"{type(error).__module__}.{type(error).__qualname__}" + (f" [{state}]" if state else "")
        parts.insert(0, "".join(traceback.format_tb(error.__traceback__)) + kind)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(parts)


def _write_where(out: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    out.write(where(exc_info) + "\n")
