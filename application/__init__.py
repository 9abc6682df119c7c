"""One way in (commands to events to the read model) and ways out that only read. No third-party imports."""
