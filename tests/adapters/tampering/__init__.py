"""What a superuser does to the log with triggers off, and what the audit says about it, online and offline.

`crimes.py` has the table of crimes; `events.py`, `tree.py` and `operator_actions.py` commit them on a `CrimeScene`.
"""
