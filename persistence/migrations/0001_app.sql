-- Ground for all other migrations: schemas, the identity of a request, the table of state machines, and one function that
-- gives a table its triggers, policies and grants. Runs as workshop_owner, like every file here.
--
-- Roles: workshop_owner  NOLOGIN, owns everything; only migrations, triggers and SECURITY DEFINER functions act as it
--        workshop_engine committer, sign-in and jobs: all rows, owns nothing, no BYPASSRLS
--        workshop_app    REST reads on behalf of one person: what the policies name, nothing else

CREATE SCHEMA identity;
CREATE SCHEMA workbook;
CREATE SCHEMA live;
CREATE SCHEMA ops;
GRANT USAGE ON SCHEMA app, identity, workbook, live TO workshop_app, workshop_engine;
GRANT USAGE ON SCHEMA ops TO workshop_engine;
-- workshop_app may call only what is granted to it by name: the functions of its policies.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO workshop_engine;

-- P1: after a transaction-local set_config the setting is '', not NULL.
CREATE FUNCTION app.current_user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;
GRANT EXECUTE ON FUNCTION app.current_user_id() TO workshop_app;

-- D49: updated_at follows every change, created_at none.
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.created_at := OLD.created_at;
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END $$;

-- Every table of people or sessions: RLS also for its owner, the engine sees all, an administrator reads all, the rest is
-- named by each table's own policies. Whether workshop_app may read at all is a GRANT in the table's file.
CREATE FUNCTION app.protect(entity regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', entity);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', entity);
  -- D25: without this, adding a foreign key later reports false violations.
  EXECUTE format('CREATE POLICY owner ON %s TO workshop_owner USING (true) WITH CHECK (true)', entity);
  EXECUTE format('CREATE POLICY engine ON %s TO workshop_engine USING (true) WITH CHECK (true)', entity);
  EXECUTE format('CREATE POLICY admin ON %s FOR SELECT TO workshop_app USING ((SELECT app.is_admin()))', entity);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO workshop_engine', entity);
  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = entity AND attname = 'updated_at' AND NOT attisdropped) THEN
    EXECUTE format('CREATE TRIGGER touch BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION app.touch()', entity);
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION app.protect(regclass) FROM workshop_engine;

-- Every state machine is rows of this table; from_state '' is the beginning. documented = stated in a seed document.
CREATE TABLE app.transitions (
  machine    text NOT NULL,
  from_state text NOT NULL,
  to_state   text NOT NULL,
  documented boolean NOT NULL,
  reason     text NOT NULL,
  PRIMARY KEY (machine, from_state, to_state)
);
GRANT SELECT ON app.transitions TO workshop_app, workshop_engine;

-- Trigger arguments: machine, column.
CREATE FUNCTION app.enforce_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := '';
  after  text := to_jsonb(NEW) ->> TG_ARGV[1];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    before := to_jsonb(OLD) ->> TG_ARGV[1];
    IF before = after THEN RETURN NEW; END IF;
  END IF;
  IF NOT EXISTS (SELECT FROM app.transitions t
                 WHERE t.machine = TG_ARGV[0] AND t.from_state = before AND t.to_state = after) THEN
    RAISE EXCEPTION 'illegal % transition: % -> %', TG_ARGV[0], coalesce(nullif(before, ''), '(new)'), after
      USING ERRCODE = '23514', CONSTRAINT = TG_ARGV[0] || '_transition';
  END IF;
  RETURN NEW;
END $$;

-- A jsonb array of distinct, non-empty strings, optionally out of a closed list.
CREATE FUNCTION app.is_text_set(value jsonb, allowed text[] DEFAULT NULL, items_max int DEFAULT 64) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(value) <> 'array' THEN false ELSE (
    SELECT count(*) <= items_max AND count(*) = count(DISTINCT item #>> '{}')
       AND coalesce(bool_and(jsonb_typeof(item) = 'string' AND item #>> '{}' <> ''
                             AND (allowed IS NULL OR item #>> '{}' = ANY (allowed))), true)
    FROM jsonb_array_elements(value) item) END $$;

-- D06: a tsvector is limited to 1 MB; an INSERT of a long text must not fail on that.
CREATE FUNCTION app.english_tsv(content text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN to_tsvector('pg_catalog.english'::regconfig, content);
EXCEPTION WHEN program_limit_exceeded THEN
  RETURN to_tsvector('pg_catalog.english'::regconfig, left(content, 100000));
END $$;

-- One row: the cluster and timeline this database was last served from.
CREATE TABLE ops.cluster (
  only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  system_identifier text NOT NULL,
  timeline          text NOT NULL,
  seen_at           timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- Compares with the cluster that answers now. Another one means a restore or promotion that nobody announced: acknowledged
-- events may be missing, so every session gets a new epoch and no client trusts its old position. True when that happened.
CREATE FUNCTION ops.recognise_cluster() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  seen ops.cluster%ROWTYPE;
  now_identifier text := (SELECT system_identifier::text FROM pg_control_system());
  now_timeline   text := left(pg_walfile_name(pg_current_wal_lsn()), 8);
BEGIN
  INSERT INTO ops.cluster (system_identifier, timeline) VALUES (now_identifier, now_timeline) ON CONFLICT DO NOTHING;
  SELECT * INTO seen FROM ops.cluster FOR UPDATE;
  IF (seen.system_identifier, seen.timeline) = (now_identifier, now_timeline) THEN RETURN false; END IF;
  UPDATE live.session_heads SET epoch = gen_random_uuid();
  UPDATE ops.cluster SET system_identifier = now_identifier, timeline = now_timeline, seen_at = clock_timestamp();
  RETURN true;
END $$;

-- Data keys, wrapped by the key that never enters the database (encryption.py). purpose 'row': AES-256-GCM of columns;
-- 'index': HMAC of normalised e-mail addresses.
CREATE TABLE ops.encryption_keys (
  id         smallint PRIMARY KEY CHECK (id > 0),
  purpose    text NOT NULL CHECK (purpose IN ('row', 'index')),
  wrapped    bytea NOT NULL,
  active     boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX idx_encryption_keys_active ON ops.encryption_keys (purpose) WHERE active;
