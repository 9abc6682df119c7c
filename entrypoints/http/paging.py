"""Pages of batches, newest first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.ports.read_model import PageAfter
from application.read_model import BatchJob
from entrypoints.http.schemas import bad_cursor, decode_cursor, encode_cursor


def page_cursor(found: Sequence[BatchJob], limit: int) -> str | None:
    """The cursor after `limit` of the batches; null where there are no more."""
    if len(found) <= limit:
        return None
    last = found[limit - 1]
    return encode_cursor(last.created_at.isoformat(), str(last.batch_id))


def page_after(cursor: str | None) -> PageAfter | None:
    """Raises RequestValidationError."""
    if not cursor:
        return None
    created_at, batch_id = decode_cursor(cursor, 2)
    try:
        return PageAfter(created_at=datetime.fromisoformat(created_at), batch_id=UUID(batch_id))
    except ValueError:
        raise bad_cursor() from None
