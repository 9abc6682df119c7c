"""The entry points: HTTP, worker and command line, with the settings and the container that composes them."""
