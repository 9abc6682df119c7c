"""What the application needs from the outside, each in domain words and under forty lines."""
