DELETE FROM idempotency_keys
WHERE user_id = %(user_id)s
  AND key IN (SELECT key FROM idempotency_keys WHERE user_id = %(user_id)s LIMIT %(most)s)
