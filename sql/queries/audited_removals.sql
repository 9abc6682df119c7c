SELECT (SELECT max((data ->> 'before')::timestamptz) FROM audit_acts WHERE kind = 'cleanup') AS cleaned_before,
       (SELECT max(data ->> 'before')::uuid FROM audit_acts WHERE kind = 'archive') AS archived_before,
       ARRAY(SELECT DISTINCT erased.batch_id::uuid
             FROM batch_events AS submitted
             JOIN audit_acts AS act ON act.kind = 'erase' AND act.data ->> 'user_id' = submitted.data ->> 'user_id'
             CROSS JOIN LATERAL jsonb_array_elements_text(act.data -> 'batch_ids') AS erased (batch_id)
             WHERE submitted.batch_id = ANY (%(batch_ids)s)
               AND submitted.version = 1
               AND erased.batch_id = submitted.batch_id::text) AS erased
