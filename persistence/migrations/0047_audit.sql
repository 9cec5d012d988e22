-- Who changed what, and who read what of other people (domain.md 2.8, B323, B324, D82, D83). Words are never copied: of what is text,
-- JSON, bytes, an address or a list only the column's name stands here, so that nothing has to be erased from it.

CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO workshop_app, workshop_engine;

-- By month of its id, as recordings are. `actor` is an account's random id, which outlives its account; NULL: the server itself.
CREATE TABLE audit.log (
  id          uuid PRIMARY KEY DEFAULT app.uuid7(),
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor       uuid,
  db_role     text NOT NULL,
  request_id  text,
  transaction bigint NOT NULL,
  entity      text NOT NULL,
  key         jsonb NOT NULL,
  action      varchar(6) NOT NULL CONSTRAINT check_action CHECK (action IN ('insert', 'update', 'delete')),
  changed     text[] NOT NULL,                             -- names of columns; of a row that is new or gone, those that hold something
  before      jsonb,
  after       jsonb
) PARTITION BY RANGE (id);
CREATE INDEX idx_audit_actor ON audit.log (actor, id);
CREATE INDEX idx_audit_entity ON audit.log (entity, id);
CREATE INDEX idx_audit_request ON audit.log (request_id);

-- One row for each request that read personal data of others (live/api/exchange.py); `subjects` are whose.
CREATE TABLE audit.access (
  id         uuid PRIMARY KEY DEFAULT app.uuid7(),
  at         timestamptz NOT NULL,
  actor      uuid NOT NULL,
  request_id text NOT NULL,
  route      text NOT NULL,
  entity     text NOT NULL,
  ids        uuid[] NOT NULL,
  subjects   uuid[] NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX idx_access_actor ON audit.access (actor, id);
CREATE INDEX idx_access_subjects ON audit.access USING gin (subjects);
CREATE INDEX idx_access_request ON audit.access (request_id);

-- Append-only: by these grants, and by a trigger for whoever has more. Only what is older than 13 months may go.
CREATE FUNCTION audit.is_over(id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT id < app.uuid7_floor(date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '13 months') $$;
CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND audit.is_over(OLD.id) THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'what was noted stays as it is' USING ERRCODE = '42501';
END $$;

DO $$
DECLARE entity text;
BEGIN
  FOREACH entity IN ARRAY ARRAY['audit.log', 'audit.access'] LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', entity);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', entity);
    EXECUTE format('CREATE POLICY owner ON %s TO workshop_owner USING (true) WITH CHECK (true)', entity);
    EXECUTE format('CREATE POLICY admin ON %s FOR SELECT TO workshop_app USING ((SELECT app.is_admin()))', entity);
    EXECUTE format('GRANT SELECT ON %s TO workshop_app', entity);
    EXECUTE format('CREATE TRIGGER refuse BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION audit.refuse_change()', entity);
    EXECUTE format('CREATE TRIGGER refuse_all BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', entity);
    EXECUTE format('CREATE TABLE %s_default PARTITION OF %s DEFAULT', entity, entity);
    PERFORM ops.shut_partition((entity || '_default')::regclass);
  END LOOP;
END $$;
CREATE POLICY engine ON audit.access FOR INSERT TO workshop_engine WITH CHECK (true);
GRANT INSERT ON audit.access TO workshop_engine;

-- Makes this month's partitions and the next ones, and drops what is over; how many were made.
CREATE FUNCTION audit.turn_months(months_ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entity   text;
  month    timestamp;
  floor_   uuid;
  ceiling_ uuid;
  name     text;
  taken    boolean;
  made     int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('audit.turn_months'));
  FOREACH entity IN ARRAY ARRAY['audit.log', 'audit.access'] LOOP
    FOR ahead IN 0..months_ahead LOOP
      month := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + make_interval(months => ahead);
      floor_ := app.uuid7_floor(month AT TIME ZONE 'UTC');
      ceiling_ := app.uuid7_floor((month + interval '1 month') AT TIME ZONE 'UTC');
      name := entity || to_char(month, '_YYYY_MM');
      CONTINUE WHEN to_regclass(name) IS NOT NULL;
      EXECUTE format('SELECT EXISTS (SELECT FROM %s_default WHERE id >= %L AND id < %L)', entity, floor_, ceiling_) INTO taken;
      CONTINUE WHEN taken;                                 -- these stay there
      EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, entity);
      PERFORM ops.shut_partition(name::regclass);
      EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', entity, name, floor_, ceiling_);
      made := made + 1;
    END LOOP;
    FOR name IN SELECT c.oid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = entity::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'
                   AND audit.is_over(app.uuid7_floor(to_timestamp(right(c.relname, 7), 'YYYY_MM'))) LOOP
      EXECUTE format('DROP TABLE %s', name);
    END LOOP;
    EXECUTE format('DELETE FROM %s_default WHERE audit.is_over(id)', entity);
  END LOOP;
  RETURN made;
END $$;
SELECT audit.turn_months(3);

-- Trigger arguments: the table's name (a partition has another), its key, and the columns whose values are no words.
CREATE FUNCTION audit.capture() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  plain constant text[] := string_to_array(TG_ARGV[2], ',');
  was   constant jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE to_jsonb(OLD) - '{search_vector,updated_at}'::text[] END;
  now_  constant jsonb := CASE TG_OP WHEN 'DELETE' THEN '{}' ELSE to_jsonb(NEW) - '{search_vector,updated_at}'::text[] END;
  named text[];
BEGIN
  SELECT coalesce(array_agg(each.key ORDER BY each.key), '{}') INTO named FROM jsonb_each(was || now_) each
   WHERE coalesce(was -> each.key, 'null') <> coalesce(now_ -> each.key, 'null');
  IF TG_OP = 'UPDATE' AND named = '{}' THEN RETURN NULL; END IF;
  -- Sealed anew (0049_keys.sql): what it says is what it said.
  IF TG_OP = 'UPDATE' AND current_setting('app.resealing', true) = 'on' AND session_user <> 'workshop_app' THEN RETURN NULL; END IF;
  INSERT INTO audit.log (actor, db_role, request_id, transaction, entity, key, action, changed, before, after)
  SELECT app.current_user_id(), session_user, nullif(current_setting('app.request_id', true), ''), pg_current_xact_id()::text::bigint,
         TG_ARGV[0],
         (SELECT coalesce(jsonb_object_agg(k, (was || now_) -> k), '{}') FROM unnest(string_to_array(TG_ARGV[1], ',')) k),
         lower(TG_OP), named,
         (SELECT jsonb_object_agg(k, was -> k) FROM unnest(plain) k WHERE k = ANY (named) AND TG_OP <> 'INSERT'),
         (SELECT jsonb_object_agg(k, now_ -> k) FROM unnest(plain) k WHERE k = ANY (named) AND TG_OP <> 'DELETE');
  RETURN NULL;
END $$;

-- Columns of ids, numbers, truth, time, enums, and varchar that is too short to say anything.
CREATE FUNCTION audit.arguments(entity regclass) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH plain AS (
    SELECT a.attname, a.attnum FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = entity AND a.attnum > 0 AND NOT a.attisdropped
       AND (t.typtype = 'e' OR t.typcategory IN ('B', 'N', 'D', 'T') OR t.typname = 'uuid'
            OR t.typname = 'varchar' AND a.atttypmod - 4 BETWEEN 1 AND 40))
  SELECT format('%L, %L, %L', entity::text,
    (SELECT string_agg(p.attname, ',' ORDER BY p.attnum) FROM plain p JOIN pg_index i ON i.indrelid = entity AND i.indisprimary
      WHERE p.attnum = ANY (i.indkey)),
    (SELECT string_agg(p.attname, ',' ORDER BY p.attnum) FROM plain p)) $$;

-- From now on changes of this table are noted. `of_columns`: an update only where it names one of them. Again after its columns
-- changed: the values of what came later are not copied until then.
CREATE FUNCTION audit.watch(entity regclass, of_columns text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE %s ON %s FOR EACH ROW EXECUTE FUNCTION audit.capture(%s)',
    'OF ' || of_columns, entity, audit.arguments(entity));
END $$;
REVOKE EXECUTE ON FUNCTION audit.capture(), audit.refuse_change(), audit.watch(regclass, text), audit.arguments(regclass) FROM workshop_engine;

-- Protected from now on means watched too. `watched` false: for what the machine notes for itself, and for the live log.
ALTER FUNCTION app.protect(regclass) RENAME TO secure;
CREATE FUNCTION app.protect(entity regclass, watched boolean DEFAULT true) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM app.secure(entity);
  IF watched THEN PERFORM audit.watch(entity); END IF;
END $$;
REVOKE EXECUTE ON FUNCTION app.protect(regclass, boolean) FROM workshop_engine;

-- Everything that was protected before, but for these:
--   the live log and what an append writes beside it: it is itself the record of who did what, and when, in order; a second one would
--   cost each append as much again. Of its projections the session's row is watched without the counters that follow the log, a
--   participant's row where a role or right changes or the row goes; that somebody came or left stands in the log.
--   presence, leases, cursors, timers, jobs, repeated requests, views of the day: beats of the machine, often many a second, about
--   nobody's data; some of their keys are words of whoever calls.
DO $$
DECLARE
  entity regclass;
  left_out constant text[] := ARRAY[
    'live.session_heads', 'live.session_events', 'live.session_commands', 'live.session_snapshots', 'live.session_secrets',
    'live.redactions', 'live.session_participants', 'live.timers', 'live.processes', 'live.presence', 'live.service',
    'live.interruptions', 'live.projection_cursors', 'live.media_homes',
    'ops.cluster', 'ops.idempotency_keys', 'ops.jobs', 'ops.backup_runs', 'bootcamp.discussion_views'];
BEGIN
  FOR entity IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.relforcerowsecurity AND NOT c.relispartition
                   AND n.nspname IN ('identity', 'workbook', 'live', 'bootcamp', 'ops') ORDER BY c.oid LOOP
    CONTINUE WHEN entity = ANY (left_out::regclass[]);
    PERFORM audit.watch(entity);
  END LOOP;
END $$;
SELECT audit.watch('live.live_sessions', 'title, description, instructor_id, module_id, scheduled_start, scheduled_end, actual_start, '
  'actual_end, max_participants, status, features, deleted_at');
DO $$
BEGIN
  EXECUTE format('CREATE TRIGGER audit AFTER UPDATE ON live.session_participants FOR EACH ROW '
    'WHEN ((OLD.role, OLD.permissions) IS DISTINCT FROM (NEW.role, NEW.permissions)) EXECUTE FUNCTION audit.capture(%s)',
    audit.arguments('live.session_participants'));
  EXECUTE format('CREATE TRIGGER audit_gone AFTER DELETE ON live.session_participants FOR EACH ROW EXECUTE FUNCTION audit.capture(%s)',
    audit.arguments('live.session_participants'));
END $$;
