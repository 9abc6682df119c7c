SELECT act_id, kind, actor, reason, data, recorded_at, hash
FROM believed_acts
WHERE kind = 'archive'
