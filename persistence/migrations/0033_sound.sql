-- What sound needs beside the log: who mixes and records a session, which tracks were recorded under which keys, and the jobs
-- that make recordings of them. Numbers of seconds are in persistence/media_homes.py and jobs.py; all times are the database's.

-- The sound of a session has one home at a time (design.md 1). The row stays when the home goes: the generation never runs back.
CREATE TABLE live.media_homes (
  session_id  uuid PRIMARY KEY REFERENCES live.session_heads (session_id) ON DELETE CASCADE,
  process_id  uuid NOT NULL,
  generation  bigint NOT NULL DEFAULT 1,
  lease_until timestamptz NOT NULL,
  settled     uuid[] NOT NULL DEFAULT '{}'   -- recordings of which no home will write any more
);

-- One row per track of a recording: 'mix', or the id of who speaks on it. A row exists from the first sound on.
CREATE TABLE live.session_recordings (
  recording_id  uuid NOT NULL,               -- of the log: recording.started
  track         varchar(36) NOT NULL,
  session_id    uuid NOT NULL REFERENCES live.live_sessions (id) ON DELETE CASCADE,
  speaker_id    uuid GENERATED ALWAYS AS (CASE WHEN track <> 'mix' THEN track::uuid END) STORED
                REFERENCES workbook.workbook_users (id) ON DELETE CASCADE,
  status        varchar(12) NOT NULL DEFAULT 'capturing' CONSTRAINT check_capture_status
                CHECK (status IN ('capturing', 'finalizing', 'stored', 'failed')),
  started_at    timestamptz NOT NULL,        -- position 0 of every track of the recording
  length_s      double precision CONSTRAINT check_track_length CHECK (length_s >= 0),
  loudness_lufs real,
  incomplete    text,                        -- why something is missing from it
  published     boolean NOT NULL DEFAULT true,   -- to those who attended; staff may withhold it
  created_at    timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at    timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (recording_id, track),
  CONSTRAINT check_stored_length CHECK (status <> 'stored' OR length_s IS NOT NULL)
);
CREATE INDEX idx_session_recordings_session ON live.session_recordings (session_id);
CREATE INDEX idx_session_recordings_speaker ON live.session_recordings (speaker_id);

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('capture', '', 'capturing', false, 'the first sound of a track'),
  ('capture', 'capturing', 'finalizing', false, 'recording stopped'),
  ('capture', 'capturing', 'failed', false, 'no sound'),
  ('capture', 'finalizing', 'stored', false, 'its parts are in the store and have their rows'),
  ('capture', 'finalizing', 'failed', false, 'unreadable'),
  ('capture', 'failed', 'finalizing', false, 'tried again'),
  ('capture', 'stored', 'finalizing', false, 'made again, without a voice or after a crash');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON live.session_recordings
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('capture', 'status');

-- Voice at rest (domain.md 2.9): a data key per track, wrapped by the key outside the database. Without the row the sound is
-- noise, also in the buckets' backups. An upload's key has the id of its row as `recording_id` and the track 'upload'.
CREATE TABLE live.recording_keys (
  recording_id uuid NOT NULL,
  track        varchar(36) NOT NULL,
  session_id   uuid REFERENCES live.live_sessions (id) ON DELETE CASCADE,   -- NULL: an upload
  wrapped      bytea NOT NULL,
  PRIMARY KEY (recording_id, track)
);
CREATE INDEX idx_recording_keys_session ON live.recording_keys (session_id);

-- Durable work. Whoever leases a row may finish it as long as nobody leased it after them: `attempts` is the fence. Work that is
-- put back without fault is granted another attempt.
CREATE TABLE ops.jobs (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id   uuid,                         -- of the log that asked for it
  kind         varchar(40) NOT NULL,
  key          text NOT NULL,
  payload      jsonb NOT NULL CONSTRAINT check_job_payload CHECK (jsonb_typeof(payload) = 'object'),
  status       varchar(10) NOT NULL DEFAULT 'queued' CONSTRAINT check_job_status
               CHECK (status IN ('queued', 'running', 'done', 'dead')),
  due_at       timestamptz NOT NULL DEFAULT clock_timestamp(),   -- queued: not before; running: the end of the lease
  attempts     integer NOT NULL DEFAULT 0,
  attempts_max integer NOT NULL DEFAULT 5,
  worker       text,
  last_error   text,
  created_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX idx_jobs_once ON ops.jobs (session_id, kind, key) NULLS NOT DISTINCT WHERE status IN ('queued', 'running');
CREATE INDEX idx_jobs_due ON ops.jobs (due_at) WHERE status IN ('queued', 'running');
CREATE INDEX idx_jobs_over ON ops.jobs (updated_at) WHERE status IN ('done', 'dead');

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('job', '', 'queued', false, 'asked for'),
  ('job', 'queued', 'running', false, 'leased'),
  ('job', 'running', 'queued', false, 'failed, or put back'),
  ('job', 'running', 'done', false, 'carried out'),
  ('job', 'running', 'dead', false, 'no attempt left'),
  ('job', 'dead', 'queued', false, 'an operator tries again');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON ops.jobs
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('job', 'status');

SELECT app.protect('live.media_homes'), app.protect('live.session_recordings'), app.protect('live.recording_keys'),
       app.protect('ops.jobs');

-- Recordings whose mix one may hear because one was there.
CREATE FUNCTION app.my_recordings() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(r.recording_id), '{}')
    FROM live.session_recordings r JOIN live.session_participants p USING (session_id)
   WHERE p.user_id = app.current_user_id() AND r.track = 'mix' AND r.published $$;
GRANT EXECUTE ON FUNCTION app.my_recordings() TO workshop_app;

GRANT SELECT ON live.session_recordings TO workshop_app;
CREATE POLICY own ON live.session_recordings FOR SELECT TO workshop_app USING (speaker_id = (SELECT app.current_user_id()));
CREATE POLICY attended ON live.session_recordings FOR SELECT TO workshop_app
  USING (track = 'mix' AND recording_id = ANY ((SELECT app.my_recordings())::uuid[]));
CREATE POLICY staff ON live.session_recordings FOR SELECT TO workshop_app
  USING (session_id = ANY ((SELECT app.my_staffed_sessions())::uuid[]));
