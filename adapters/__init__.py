"""One package per technology, each implementing ports. Only `entrypoints.container` imports these packages."""
