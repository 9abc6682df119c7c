INSERT INTO checkpoints (tree_size, previous_size, note, sealed_at, transaction_id, position)
VALUES (%(size)s, %(previous_size)s, %(note)s, %(sealed_at)s, %(transaction_id)s::text::xid8, %(position)s)
