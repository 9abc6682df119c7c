"""The ports of the main job: what it needs from the outside, each a small Protocol in domain words."""
