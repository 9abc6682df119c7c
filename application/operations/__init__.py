"""The operations: what operators and workers do besides the events of batches, each recorded with actor and reason."""
