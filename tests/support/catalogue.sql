-- Describe every object of the schema `public` in a text that is the same on every supported PostgreSQL.
-- Owners are left out, as is what they may do: PostgreSQL 17 added a privilege. NOT NULL is shown with its column,
-- since only PostgreSQL 18 lists it as a constraint.
WITH relation AS (
    SELECT oid, relname, relkind, relowner, relacl, relpersistence, reloptions, relrowsecurity, relreplident
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
), privilege AS (
    SELECT CASE relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || relname AS object, granted.*
    FROM relation, aclexplode(coalesce(
        relacl, acldefault((CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", relowner))) AS granted
    WHERE relkind NOT IN ('i', 'I') AND granted.grantee <> relowner
    UNION ALL
    SELECT format('table %s column %s', relname, attname), granted.*
    FROM relation
    JOIN pg_attribute ON attrelid = relation.oid AND NOT attisdropped, aclexplode(attacl) AS granted
    WHERE granted.grantee <> relowner
    UNION ALL
    SELECT 'function ' || pg_proc.oid::regprocedure, granted.*
    FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS granted
    WHERE pronamespace = 'public'::regnamespace AND granted.grantee <> proowner
    UNION ALL
    SELECT 'type ' || typname, granted.*
    FROM pg_type, aclexplode(coalesce(typacl, acldefault('T', typowner))) AS granted
    WHERE typnamespace = 'public'::regnamespace AND typtype = 'e' AND granted.grantee <> typowner
    UNION ALL
    SELECT 'schema ' || nspname, granted.*
    FROM pg_namespace, aclexplode(nspacl) AS granted
    WHERE nspname = 'public' AND granted.grantee <> nspowner
), described (description) AS (
    SELECT format('relation %s: kind %s, persistence %s, replica identity %s, row security %s%s', relname,
                  relkind, relpersistence, relreplident, relrowsecurity, ', ' || reloptions::text)
    FROM relation
    WHERE relkind NOT IN ('i', 'S')
    UNION ALL
    SELECT format(E'view %s:\n%s', relname, pg_get_viewdef(oid))
    FROM relation
    WHERE relkind = 'v'
    UNION ALL
    SELECT format('column %s %s %s: %s', relname, lpad(attnum::text, 2, '0'), attname,
                  concat_ws(', ', format_type(atttypid, atttypmod),
                            CASE WHEN attcollation NOT IN (0, 'pg_catalog."default"'::regcollation)
                                 THEN 'collation ' || attcollation::regcollation END,
                            CASE WHEN attnotnull THEN 'not null' END,
                            CASE attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
                            CASE attgenerated WHEN '' THEN 'default ' ELSE 'generated ' END
                                || pg_get_expr(adbin, adrelid),
                            'storage ' || attstorage::text, 'compression ' || nullif(attcompression::text, ''),
                            attoptions::text))
    FROM relation
    JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relkind NOT IN ('i', 'S')
    UNION ALL
    SELECT format('constraint %s %s: %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
    FROM pg_constraint
    JOIN relation ON relation.oid = conrelid
    WHERE contype <> 'n'
    UNION ALL
    SELECT format('index %s%s', CASE WHEN indisvalid THEN '' ELSE '(not valid) ' END, pg_get_indexdef(indexrelid))
    FROM pg_index
    JOIN relation ON relation.oid = indexrelid
    UNION ALL
    SELECT format('sequence %s: %s from %s by %s between %s and %s, cache %s, cycle %s, %s', relname,
                  format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
                  'of ' || (SELECT refobjid::regclass || '.' || attname
                            FROM pg_depend
                            JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
                            WHERE classid = 'pg_class'::regclass AND objid = seqrelid))
    FROM pg_sequence
    JOIN relation ON relation.oid = seqrelid
    UNION ALL
    SELECT rtrim(format('function %s', pg_get_functiondef(oid)), E'\n')
    FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('trigger %s %s: enabled %s, %s', relname, tgname, tgenabled, pg_get_triggerdef(pg_trigger.oid))
    FROM pg_trigger
    JOIN relation ON relation.oid = tgrelid
    WHERE NOT tgisinternal
    UNION ALL
    SELECT format('enum %s: %s', typname, string_agg(enumlabel, ', ' ORDER BY enumsortorder))
    FROM pg_type
    JOIN pg_enum ON enumtypid = pg_type.oid
    WHERE typnamespace = 'public'::regnamespace
    GROUP BY typname
    UNION ALL
    SELECT format('comment %s: %s', pg_describe_object(classoid, objoid, objsubid), description)
    FROM pg_description
    WHERE objoid >= 16384
    UNION ALL
    SELECT format('role %s: login %s, superuser %s, bypasses row security %s, creates roles %s, creates databases %s',
                  rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb)
    FROM pg_roles
    WHERE rolname = 'fna_batch_app'
    UNION ALL
    SELECT format('grant %s to %s: %s', object,
                  CASE grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(grantee)::text END,
                  string_agg(privilege_type || CASE WHEN is_grantable THEN ' with grant option' ELSE '' END, ', '
                             ORDER BY privilege_type))
    FROM privilege
    GROUP BY object, grantee
)
SELECT description
FROM described
ORDER BY description COLLATE "C"
