-- Functions that check single values. The constraints of the event log and of operator actions call them.

-- A reason is the only free text in the log, and the log keeps it for ever. One short line without "@" keeps out e-mail
-- addresses; a reason without invisible characters reads the same to every reader.
CREATE FUNCTION is_a_reason(given text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT given IS NULL OR (length(given) BETWEEN 1 AND 200 AND given !~ '^ *$' AND given !~
        '[[:cntrl:]@\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe6b\ufeff\uff20\ufffe\uffff\U000e0000-\U000e007f]')
$$;

-- Only this spelling sorts as text in the order of time, and the index on clean-ups sorts text.
CREATE FUNCTION is_an_instant(given text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce(given, '') ~ '^[2-8]\d{3}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$'
        AND given::timestamptz IS NOT NULL;
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN false;
END
$$;

-- The log is searched for ids as text, so an id has one spelling.
CREATE FUNCTION is_an_id(given text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(given, '') ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
$$;

-- At most 18 digits, so that every count fits a bigint.
CREATE FUNCTION is_a_count(given jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN coalesce(given::text, '') ~ '^\d{1,18}$';
