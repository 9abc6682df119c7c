SELECT fingerprint, batch_id
FROM idempotency_keys
WHERE user_id = %(user_id)s
  AND key = %(key)s
  AND created_at > now() - INTERVAL '24 hours'
