"""Events as JSON: the stored names and shapes, by pydantic."""

from adapters.codec.events import JsonEventCodec

__all__ = ["JsonEventCodec"]
