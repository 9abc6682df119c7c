"""The life of a batch: commands in, events out, refusals otherwise. Standard library only, no clock, no I/O."""
