"""The use cases, with no third-party import.

The main job lies flat in this folder: commands become events and the read model, queries only read. `audit` proves what
the log says and `operations` is what operators do; the main job imports neither.
"""
