"""Where the outside comes in: HTTP, worker, command line; settings and the container that puts it all together."""
