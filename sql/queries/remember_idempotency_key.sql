INSERT INTO idempotency_keys (user_id, key, fingerprint, batch_id)
VALUES (%(user_id)s, %(key)s, %(fingerprint)s, %(batch_id)s)
ON CONFLICT (user_id, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, batch_id = excluded.batch_id, created_at = excluded.created_at
