-- The workbook's recordings and their transcripts as documented (W076-W136), uploaded or made of a session's sound.

-- RFC 9562. Postgres 18 has uuidv7(); 15 to 17 have not.
CREATE FUNCTION app.uuid7(at timestamptz DEFAULT clock_timestamp()) RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
           PLACING substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid $$;
-- Below every id of this instant or later: bounds of partitions, and date filters that prune.
CREATE FUNCTION app.uuid7_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (encode(substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3), 'hex') || repeat('0', 20))::uuid $$;
CREATE FUNCTION app.word_count(content text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$   -- D30
  SELECT count(*)::int FROM regexp_split_to_table(content, '\s+') word WHERE word <> '' $$;

-- By month of its id (W245, D24): key and foreign keys stay the id alone, as documented. Of a session: one row per part (D18).
CREATE TABLE workbook.audio_recordings (
  id               uuid PRIMARY KEY DEFAULT app.uuid7() CONSTRAINT check_recording_id_v7 CHECK (get_byte(uuid_send(id), 6) >> 4 = 7),
  user_id          uuid NOT NULL REFERENCES workbook.workbook_users (id) ON DELETE CASCADE,   -- uploader, speaker, host of a mix
  module_id        uuid REFERENCES workbook.workshop_modules (id) ON DELETE SET NULL,
  lesson_id        varchar(50),
  session_id       uuid REFERENCES live.live_sessions (id) ON DELETE CASCADE,                 -- D23
  recording_id     uuid,
  track            varchar(36),
  part             integer CONSTRAINT check_part CHECK (part > 0),
  from_s           double precision CONSTRAINT check_part_from CHECK (from_s >= 0),           -- where in the recording it begins
  file_name        varchar(255) NOT NULL CONSTRAINT check_file_name CHECK (file_name <> '' AND file_name !~ '[/\\[:cntrl:]]'),
  file_url         text NOT NULL CONSTRAINT check_file_url CHECK (file_url ~ '^store://[a-z0-9_./-]+$'),   -- D22: our own names only
  mime_type        varchar(50) NOT NULL CONSTRAINT check_mime_type
                   CHECK (mime_type IN ('audio/wav', 'audio/mp3', 'audio/webm', 'audio/m4a')),
  duration_seconds integer NOT NULL CONSTRAINT check_duration CHECK (duration_seconds > 0),
  file_size_bytes  bigint NOT NULL CONSTRAINT check_file_size CHECK (file_size_bytes BETWEEN 1 AND 104857600),
  metadata         jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_audio_metadata CHECK (jsonb_typeof(metadata) = 'object'),
  transcription_id uuid,
  is_processed     boolean NOT NULL DEFAULT false,
  created_at       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at       timestamptz,
  CONSTRAINT audio_recordings_track_fkey FOREIGN KEY (recording_id, track)
    REFERENCES live.session_recordings (recording_id, track) ON DELETE CASCADE,
  CONSTRAINT check_recording_place CHECK (num_nonnulls(session_id, recording_id, track, part, from_s) IN (0, 5))
) PARTITION BY RANGE (id);
CREATE INDEX idx_recordings_user ON workbook.audio_recordings (user_id);
CREATE INDEX idx_recordings_module ON workbook.audio_recordings (module_id);
CREATE INDEX idx_recordings_processed ON workbook.audio_recordings (is_processed);
CREATE INDEX idx_recordings_session ON workbook.audio_recordings (session_id);
CREATE INDEX idx_recordings_track ON workbook.audio_recordings (recording_id, track);
CREATE INDEX idx_recordings_transcription ON workbook.audio_recordings (transcription_id);

CREATE TABLE workbook.transcription_records (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  audio_recording_id uuid NOT NULL REFERENCES workbook.audio_recordings (id) ON DELETE CASCADE,
  user_id            uuid NOT NULL REFERENCES workbook.workbook_users (id) ON DELETE CASCADE,
  text               text,
  confidence         numeric(3, 2) CONSTRAINT check_confidence CHECK (confidence BETWEEN 0 AND 1),         -- D28
  language           varchar(10) CONSTRAINT check_language CHECK (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),  -- D29
  word_count         integer GENERATED ALWAYS AS (app.word_count(text)) STORED,                            -- D30
  processing_time    integer CONSTRAINT check_processing_time CHECK (processing_time >= 0),                -- seconds
  metadata           jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_transcription_metadata CHECK (jsonb_typeof(metadata) = 'object'),
  status             varchar(20) NOT NULL DEFAULT 'pending' CONSTRAINT check_transcription_status
                     CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
  search_vector      tsvector GENERATED ALWAYS AS (app.english_tsv(coalesce(text, ''))) STORED,
  created_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT check_completed_text CHECK (status <> 'completed' OR (coalesce(app.word_count(text), 0) > 0   -- W133, D27
    AND num_nulls(confidence, language, processing_time) = 0
    AND coalesce(jsonb_typeof(metadata -> 'model') = 'string', false)))
);
CREATE UNIQUE INDEX idx_transcriptions_recording ON workbook.transcription_records (audio_recording_id);   -- D26
CREATE INDEX idx_transcriptions_user ON workbook.transcription_records (user_id);
CREATE INDEX idx_transcriptions_status ON workbook.transcription_records (status);
CREATE INDEX idx_transcriptions_search ON workbook.transcription_records USING gin (search_vector);
ALTER TABLE workbook.audio_recordings ADD CONSTRAINT audio_recordings_transcription_id_fkey
  FOREIGN KEY (transcription_id) REFERENCES workbook.transcription_records (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('transcription', '', 'pending', true, 'default'),
  ('transcription', 'pending', 'processing', false, 'a worker is at it'),
  ('transcription', 'processing', 'completed', false, 'text stored'),
  ('transcription', 'processing', 'failed', false, 'error, or no speech'),
  ('transcription', 'processing', 'pending', false, 'its worker died'),
  ('transcription', 'pending', 'failed', false, 'unreadable, or nothing left to transcribe'),
  ('transcription', 'failed', 'pending', false, 'tried again'),
  ('transcription', 'completed', 'pending', false, 'transcribed again');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON workbook.transcription_records
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('transcription', 'status');

-- D26: the owner is a copy; whoever writes is not asked.
CREATE FUNCTION workbook.transcription_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.user_id := (SELECT r.user_id FROM workbook.audio_recordings r WHERE r.id = NEW.audio_recording_id);
  RETURN NEW;
END $$;
CREATE TRIGGER owner BEFORE INSERT OR UPDATE OF user_id, audio_recording_id ON workbook.transcription_records
  FOR EACH ROW EXECUTE FUNCTION workbook.transcription_owner();

-- W087, W088: the recording says which transcript it has, and whether that has come to its end.
CREATE FUNCTION workbook.note_transcription() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE workbook.audio_recordings r SET transcription_id = NEW.id, is_processed = NEW.status IN ('completed', 'failed')
   WHERE r.id = NEW.audio_recording_id;
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OF status ON workbook.transcription_records
  FOR EACH ROW EXECUTE FUNCTION workbook.note_transcription();

-- W246: what was completed two years ago is kept here, readable and no longer searched.
CREATE TABLE workbook.transcription_archive (
  id                 uuid PRIMARY KEY,
  audio_recording_id uuid NOT NULL UNIQUE REFERENCES workbook.audio_recordings (id) ON DELETE CASCADE,
  user_id            uuid NOT NULL REFERENCES workbook.workbook_users (id) ON DELETE CASCADE,
  text               text NOT NULL,
  confidence         numeric(3, 2) NOT NULL,
  language           varchar(10) NOT NULL,
  word_count         integer NOT NULL,
  processing_time    integer NOT NULL,
  metadata           jsonb NOT NULL,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL
);
CREATE INDEX idx_transcription_archive_user ON workbook.transcription_archive (user_id);

-- Archived ones are read as if they were not, under the policies of whoever reads.
CREATE VIEW workbook.transcriptions WITH (security_invoker = true) AS
  SELECT id, audio_recording_id, user_id, text, confidence, language, word_count, processing_time, created_at, updated_at,
         status, metadata
    FROM workbook.transcription_records
  UNION ALL
  SELECT id, audio_recording_id, user_id, text, confidence, language, word_count, processing_time, created_at, updated_at,
         'completed', metadata
    FROM workbook.transcription_archive;

CREATE FUNCTION ops.archive_transcriptions(age interval, rows_max int) RETURNS int LANGUAGE sql AS $$
  WITH old AS (
    DELETE FROM workbook.transcription_records t
     WHERE t.id IN (SELECT o.id FROM workbook.transcription_records o
                     WHERE o.status = 'completed' AND o.updated_at < clock_timestamp() - age
                     ORDER BY o.updated_at LIMIT rows_max FOR UPDATE SKIP LOCKED)
    RETURNING t.*
  ), kept AS (
    INSERT INTO workbook.transcription_archive (id, audio_recording_id, user_id, text, confidence, language, word_count,
                                                processing_time, metadata, created_at, updated_at)
    SELECT id, audio_recording_id, user_id, text, confidence, language, word_count, processing_time, metadata, created_at, updated_at
      FROM old
    ON CONFLICT (audio_recording_id) DO NOTHING
    RETURNING 1
  )
  SELECT count(*)::int FROM kept $$;

SELECT app.protect('workbook.audio_recordings'), app.protect('workbook.transcription_records'),
       app.protect('workbook.transcription_archive');

-- A partition is reached through its parent only: nobody is granted it, and it shows its rows to its owner alone.
CREATE FUNCTION ops.shut_partition(partition regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', partition);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', partition);
  EXECUTE format('CREATE POLICY owner ON %s TO workshop_owner USING (true) WITH CHECK (true)', partition);
END $$;
REVOKE EXECUTE ON FUNCTION ops.shut_partition(regclass) FROM workshop_engine;

-- What belongs to no month that has been made falls in here, so that no recording is ever refused.
CREATE TABLE workbook.audio_recordings_default PARTITION OF workbook.audio_recordings DEFAULT;
SELECT ops.shut_partition('workbook.audio_recordings_default');

-- Makes this month and the next ones; how many. A month that has rows in the default partition stays there: to move them would
-- delete them first, and with them, by cascade, their transcripts.
CREATE FUNCTION ops.ensure_partitions(months_ahead int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  month timestamp;
  floor_ uuid;
  ceiling_ uuid;
  name  text;
  made  int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('ops.ensure_partitions'));
  FOR ahead IN 0..months_ahead LOOP
    month := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + make_interval(months => ahead);
    floor_ := app.uuid7_floor(month AT TIME ZONE 'UTC');
    ceiling_ := app.uuid7_floor((month + interval '1 month') AT TIME ZONE 'UTC');
    name := 'workbook.audio_recordings_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass(name) IS NOT NULL
               OR EXISTS (SELECT FROM workbook.audio_recordings_default d WHERE d.id >= floor_ AND d.id < ceiling_);
    EXECUTE format('CREATE TABLE %s (LIKE workbook.audio_recordings INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    PERFORM ops.shut_partition(name::regclass);
    EXECUTE format('ALTER TABLE workbook.audio_recordings ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', name, floor_, ceiling_);
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;

GRANT SELECT ON workbook.audio_recordings, workbook.transcription_records, workbook.transcription_archive TO workshop_app;
GRANT SELECT ON workbook.transcriptions TO workshop_app, workshop_engine;
CREATE POLICY own ON workbook.audio_recordings FOR SELECT TO workshop_app USING (user_id = (SELECT app.current_user_id()));
CREATE POLICY attended ON workbook.audio_recordings FOR SELECT TO workshop_app
  USING (track = 'mix' AND recording_id = ANY ((SELECT app.my_recordings())::uuid[]));
CREATE POLICY staff ON workbook.audio_recordings FOR SELECT TO workshop_app
  USING (session_id = ANY ((SELECT app.my_staffed_sessions())::uuid[]));
-- Who may hear it may read it: the inner query sees what the policies above let it see.
CREATE POLICY heard ON workbook.transcription_records FOR SELECT TO workshop_app
  USING (EXISTS (SELECT FROM workbook.audio_recordings r WHERE r.id = audio_recording_id));
CREATE POLICY heard ON workbook.transcription_archive FOR SELECT TO workshop_app
  USING (EXISTS (SELECT FROM workbook.audio_recordings r WHERE r.id = audio_recording_id));

-- Query 2 as corrected (W235, D12): one configuration, a limit, keyset pages. As the owner, because row-level security keeps the
-- planner from a GIN index; whose rows these are is therefore written out: one's own, and what was said where one was. Of a
-- session one hears the mix, and only where one may not hear it one's own track.
CREATE FUNCTION workbook.search(query text, before timestamptz, before_id uuid, hits_max int)
RETURNS TABLE (type text, id uuid, title text, text text, created_at timestamptz, rank real, audio_recording_id uuid, session_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH asked AS MATERIALIZED (
    SELECT websearch_to_tsquery('pg_catalog.english', query) AS words, app.current_user_id() AS me,
           app.my_recordings() AS attended, app.my_staffed_sessions() AS staffed
  ), hits AS (
    (SELECT 'transcription' AS type, t.id, 'Audio Transcription' AS title, t.text, t.created_at,
            ts_rank_cd(t.search_vector, a.words) AS rank, t.audio_recording_id, r.session_id
       FROM asked a
       JOIN workbook.transcription_records t ON t.search_vector @@ a.words
       JOIN workbook.audio_recordings r ON r.id = t.audio_recording_id
      WHERE t.status = 'completed' AND r.deleted_at IS NULL
        AND (before IS NULL OR (t.created_at, t.id) < (before, before_id))
        AND CASE WHEN r.recording_id = ANY (a.attended) OR r.session_id = ANY (a.staffed) THEN r.track = 'mix'
                 ELSE r.user_id = a.me END
      ORDER BY t.created_at DESC, t.id DESC LIMIT hits_max)
  )
  SELECT h.type, h.id, h.title,
         ts_headline('pg_catalog.english', left(h.text, 100000), a.words, 'StartSel=«, StopSel=», MaxFragments=2, MaxWords=24, ShortWord=0'),
         h.created_at, h.rank, h.audio_recording_id, h.session_id
    FROM hits h, asked a ORDER BY h.created_at DESC, h.id DESC LIMIT hits_max $$;
GRANT EXECUTE ON FUNCTION workbook.search(text, timestamptz, uuid, int) TO workshop_app;
