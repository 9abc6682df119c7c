INSERT INTO audit_acts (act_id, kind, actor, reason, data, recorded_at, hash)
VALUES (%(act_id)s, %(kind)s, %(actor)s, %(reason)s, %(data)s, %(recorded_at)s, %(hash)s)
