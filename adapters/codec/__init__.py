"""Conversion of events and analyses to and from their stored JSON, by pydantic."""

from adapters.codec.events import JsonEventCodec

__all__ = ["JsonEventCodec"]
