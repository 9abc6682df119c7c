"""What the operations need from the outside."""
