"""What operators do: rebuild, repair, retention, erasure, archives, redispatch; each recorded with actor and reason."""
