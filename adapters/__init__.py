"""One package a technology, each implementing ports. Only `entrypoints.container` imports them."""
