UPDATE financial_reports
SET processing_status = decided.status
FROM unnest(%(report_ids)s::uuid[], %(statuses)s::text[]) AS decided (report_id, status)
WHERE id = decided.report_id
  AND processing_status <> decided.status
  AND %(batch_id)s = (
      WITH holding AS MATERIALIZED (
          SELECT event.batch_id, event.transaction_id, event.position
          FROM batch_events AS event
          WHERE event.version = 1
            AND event.data -> 'report_ids' ? decided.report_id::text
      )
      SELECT holding.batch_id
      FROM holding
      ORDER BY holding.transaction_id DESC, holding.position DESC
      LIMIT 1)
