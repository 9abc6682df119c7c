SELECT (data ->> 'before')::uuid AS before, (data ->> 'size')::bigint AS size, (data ->> 'events')::bigint AS events
FROM believed_acts
WHERE kind = 'archive'
