SELECT latest.batch_id, report.id AS report_id, report.processing_status
FROM (
    SELECT DISTINCT (listed.report_id)::uuid AS id
    FROM batch_events AS submitted
    CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE jsonb_typeof(submitted.data -> 'report_ids') WHEN 'array' THEN submitted.data -> 'report_ids' END
    ) AS listed (report_id)
    WHERE submitted.batch_id = ANY (%(batch_ids)s)
      AND submitted.version = 1
      AND listed.report_id ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
) AS named
JOIN financial_reports AS report ON report.id = named.id
CROSS JOIN LATERAL (
    WITH holding AS MATERIALIZED (
        SELECT event.batch_id, event.transaction_id, event.position
        FROM batch_events AS event
        WHERE event.version = 1
          AND event.data -> 'report_ids' ? named.id::text
    )
    SELECT holding.batch_id
    FROM holding
    ORDER BY holding.transaction_id DESC, holding.position DESC
    LIMIT 1
) AS latest
WHERE latest.batch_id = ANY (%(batch_ids)s)
