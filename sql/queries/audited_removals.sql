SELECT (SELECT data ->> 'before' FROM believed_acts
        WHERE kind = 'cleanup' ORDER BY data ->> 'before' DESC LIMIT 1) AS cleaned_before,
       (SELECT max(data ->> 'before') FROM believed_acts WHERE kind = 'archive')::uuid AS archived_before,
       ARRAY(SELECT DISTINCT submitted.batch_id
             FROM batch_events AS submitted
             JOIN believed_acts AS act
                 ON act.kind = 'erase' AND act.data ->> 'user_id' = submitted.data ->> 'user_id'
             WHERE submitted.batch_id = ANY (%(batch_ids)s)
               AND submitted.version = 1
               AND act.data -> 'batch_ids' ? submitted.batch_id::text) AS erased
