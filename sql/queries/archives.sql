SELECT (data ->> 'before')::uuid AS before, (data ->> 'size')::bigint AS size, (data ->> 'events')::bigint AS events
FROM audit_acts
WHERE kind = 'archive'
  AND is_an_id(data ->> 'before')
