"""What the audit needs from the outside."""
