-- The life of a data key (persistence/keys.py): made; active once every process has read it; leaving while rows are sealed anew;
-- retired. A retired key is kept: what was sealed with it may come back out of a backup.
ALTER TABLE ops.encryption_keys
  ADD COLUMN activated_at timestamptz,
  ADD COLUMN retired_at   timestamptz,
  ADD COLUMN resealed     bigint NOT NULL DEFAULT 0,       -- rows that came under it out of others
  DROP CONSTRAINT encryption_keys_purpose_check,
  ADD CONSTRAINT check_key_purpose CHECK (purpose IN ('row', 'index', 'invitations', 'badges'));
SELECT audit.watch('ops.encryption_keys');
UPDATE ops.encryption_keys SET activated_at = created_at;
ALTER TABLE ops.encryption_keys
  ADD CONSTRAINT check_key_active CHECK (NOT active OR (activated_at IS NOT NULL AND retired_at IS NULL));

-- Sealing a value anew changes nothing that anybody reads: the row is as old as it was, and its entity tag stays.
CREATE FUNCTION app.reseals() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT session_user <> 'workshop_app' AND coalesce(current_setting('app.resealing', true), '') = 'on' $$;
GRANT EXECUTE ON FUNCTION app.reseals() TO workshop_app;
CREATE OR REPLACE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.created_at := OLD.created_at;
  IF NOT app.reseals() THEN NEW.updated_at := clock_timestamp(); END IF;
  RETURN NEW;
END $$;

-- How old is what a replica tells: since when no server has been heard there. NULL: none ever was.
CREATE FUNCTION app.behind_s() RETURNS double precision LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT extract(epoch FROM clock_timestamp() - max(beat_at)) FROM live.processes $$;
GRANT EXECUTE ON FUNCTION app.behind_s() TO workshop_app;
