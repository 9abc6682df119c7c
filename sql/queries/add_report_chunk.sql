INSERT INTO report_chunks (report_id, ordinal, bytes)
VALUES (%(report_id)s, %(ordinal)s, %(bytes)s)
