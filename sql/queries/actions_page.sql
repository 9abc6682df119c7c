SELECT act_id, kind, actor, reason, data, recorded_at, hash
FROM audit_acts
WHERE %(after)s::uuid IS NULL OR act_id > %(after)s
ORDER BY act_id
LIMIT %(limit)s
