"""The rules of a batch: a command gives new events or a refusal. Standard library only, no clock, no I/O."""
