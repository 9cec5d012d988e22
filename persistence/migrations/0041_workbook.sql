-- What people make of the workbook: progress through its modules, and notes (W052-W075, W137-W166).

CREATE TABLE workbook.user_progress (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id            uuid NOT NULL REFERENCES workbook.workbook_users (id) ON DELETE CASCADE,
  module_id          uuid NOT NULL REFERENCES workbook.workshop_modules (id) ON DELETE CASCADE,
  lesson_id          varchar(50),                          -- NULL: of the module as a whole
  progress_percent   integer NOT NULL DEFAULT 0 CONSTRAINT check_progress_percent CHECK (progress_percent BETWEEN 0 AND 100),
  status             varchar(20) NOT NULL DEFAULT 'not_started' CONSTRAINT check_progress_status
                     CHECK (status IN ('not_started', 'in_progress', 'completed', 'locked')),
  time_spent_minutes integer NOT NULL DEFAULT 0 CONSTRAINT check_time_spent CHECK (time_spent_minutes >= 0),
  last_accessed_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  completed_at       timestamptz,
  first_completed_at timestamptz,                          -- D14: outlives a revisit, and opens what follows
  created_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT idx_progress_user UNIQUE NULLS NOT DISTINCT (user_id, module_id, lesson_id),        -- W064, D07
  CONSTRAINT check_completed_at CHECK ((status = 'completed') = (completed_at IS NOT NULL)),     -- W071
  CONSTRAINT check_completed_percent CHECK (status <> 'completed' OR progress_percent = 100),    -- W250
  CONSTRAINT check_unstarted_percent CHECK (status NOT IN ('locked', 'not_started') OR progress_percent = 0)   -- D16
);
CREATE INDEX idx_progress_module ON workbook.user_progress (module_id);
CREATE INDEX idx_progress_status ON workbook.user_progress (status);

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('progress', '', 'not_started', true, 'default'),
  ('progress', '', 'locked', false, 'prerequisites are not met'),
  ('progress', '', 'in_progress', false, 'begun at once'),
  ('progress', 'not_started', 'in_progress', true, 'user starts module'),
  ('progress', 'in_progress', 'completed', true, 'progress reaches 100 %'),
  ('progress', 'completed', 'in_progress', true, 'user revisits content'),
  ('progress', 'locked', 'not_started', true, 'prerequisites met'),
  ('progress', 'not_started', 'locked', false, 'a prerequisite was added');

-- A module is open when each of its prerequisites was completed once; a later revisit does not close it again (D14).
CREATE FUNCTION workbook.prerequisites_met(of_user uuid, of_module uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (
    SELECT FROM workbook.workshop_modules m, jsonb_array_elements_text(m.prerequisites) needed
     WHERE m.id = of_module AND NOT EXISTS (
       SELECT FROM workbook.user_progress p
        WHERE p.user_id = of_user AND p.module_id = needed::uuid AND p.lesson_id IS NULL AND p.first_completed_at IS NOT NULL)) $$;
GRANT EXECUTE ON FUNCTION workbook.prerequisites_met(uuid, uuid) TO workshop_app;

-- D15: what is closed begins as locked, and nothing else is; 'completed' keeps its time; a lesson is one of the module's own (W056).
CREATE FUNCTION workbook.settle_progress() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE is_open boolean := workbook.prerequisites_met(NEW.user_id, NEW.module_id);
BEGIN
  IF (NEW.user_id, NEW.module_id, NEW.lesson_id) IS DISTINCT FROM (OLD.user_id, OLD.module_id, OLD.lesson_id) THEN
    IF TG_OP = 'UPDATE' THEN
      RAISE EXCEPTION 'progress stays that of one person with one thing' USING ERRCODE = '23514', CONSTRAINT = 'progress_is_of_one';
    END IF;
    IF NEW.lesson_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM workbook.workshop_modules m, jsonb_array_elements(m.content -> 'lessons') lesson
       WHERE m.id = NEW.module_id AND lesson ->> 'id' = NEW.lesson_id) THEN
      RAISE EXCEPTION 'this module has no such lesson' USING ERRCODE = '23503', CONSTRAINT = 'user_progress_lesson_id_fkey',
        TABLE = 'user_progress';
    END IF;
  END IF;
  IF TG_OP = 'INSERT' AND NEW.status = 'not_started' AND NOT is_open THEN NEW.status := 'locked'; END IF;
  IF NOT is_open AND NEW.status IN ('not_started', 'in_progress') AND (TG_OP = 'INSERT' OR OLD.status = 'locked') THEN
    RAISE EXCEPTION 'the modules before it are not completed' USING ERRCODE = '23514', CONSTRAINT = 'prerequisites_met';
  END IF;
  IF is_open AND NEW.status = 'locked' AND (TG_OP = 'INSERT' OR OLD.status = 'not_started') THEN
    RAISE EXCEPTION 'illegal progress transition: % -> locked', coalesce(OLD.status, '(new)') USING ERRCODE = '23514',
      CONSTRAINT = 'progress_transition', DETAIL = 'in_progress';
  END IF;
  IF NEW.status = 'completed' THEN
    NEW.completed_at := coalesce(NEW.completed_at, clock_timestamp());
    NEW.first_completed_at := coalesce(NEW.first_completed_at, NEW.completed_at);
  ELSE
    NEW.completed_at := NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE INSERT OR UPDATE ON workbook.user_progress
  FOR EACH ROW EXECUTE FUNCTION workbook.settle_progress();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON workbook.user_progress
  FOR EACH ROW EXECUTE FUNCTION app.guard_own('user_id', 'completed_at', 'first_completed_at');   -- P6
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON workbook.user_progress
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('progress', 'status');

-- Completing a module opens what waited for it, in the same transaction (D15); also a draft that nobody sees yet, hence as the owner.
CREATE FUNCTION workbook.unlock_dependents() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE workbook.user_progress p SET status = 'not_started'
    FROM workbook.workshop_modules m
   WHERE p.user_id = NEW.user_id AND p.status = 'locked' AND m.id = p.module_id AND m.prerequisites ? NEW.module_id::text
     AND workbook.prerequisites_met(p.user_id, p.module_id);
  RETURN NULL;
END $$;
CREATE TRIGGER unlock AFTER INSERT OR UPDATE OF status ON workbook.user_progress FOR EACH ROW
  WHEN (NEW.status = 'completed' AND NEW.lesson_id IS NULL) EXECUTE FUNCTION workbook.unlock_dependents();

-- Other prerequisites open and close what nobody has begun yet.
CREATE FUNCTION workbook.lock_anew() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE workbook.user_progress p SET status = CASE p.status WHEN 'locked' THEN 'not_started' ELSE 'locked' END
   WHERE p.module_id = NEW.id AND p.status IN ('locked', 'not_started')
     AND (p.status = 'locked') = workbook.prerequisites_met(p.user_id, p.module_id);
  RETURN NULL;
END $$;
CREATE TRIGGER lock_anew AFTER UPDATE OF prerequisites ON workbook.workshop_modules FOR EACH ROW
  WHEN (NEW.prerequisites IS DISTINCT FROM OLD.prerequisites) EXECUTE FUNCTION workbook.lock_anew();

-- D09: two that change what comes before what do so one after the other, or together they would make a cycle that neither sees.
CREATE FUNCTION workbook.one_at_a_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('workbook.workshop_modules'));
  RETURN NEW;
END $$;
CREATE TRIGGER alone BEFORE INSERT OR UPDATE OF prerequisites, deleted_at ON workbook.workshop_modules
  FOR EACH ROW EXECUTE FUNCTION workbook.one_at_a_time();

-- Words as they are read: without the tags of HTML.
CREATE FUNCTION app.plain_text(html text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT btrim(regexp_replace(html, '<[^>]*>', ' ', 'g')) $$;
GRANT EXECUTE ON FUNCTION app.plain_text(text) TO workshop_app;

CREATE TABLE workbook.workbook_notes (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id            uuid NOT NULL REFERENCES workbook.workbook_users (id) ON DELETE CASCADE,
  title              varchar(200) NOT NULL CONSTRAINT check_note_title CHECK (length(btrim(title)) BETWEEN 1 AND 200),
  content            text NOT NULL CONSTRAINT check_note_content CHECK (app.plain_text(content) <> '' AND octet_length(content) <= 262144),
  module_id          uuid REFERENCES workbook.workshop_modules (id) ON DELETE SET NULL,
  lesson_id          varchar(50),
  audio_recording_id uuid REFERENCES workbook.audio_recordings (id) ON DELETE SET NULL,
  session_id         uuid REFERENCES live.live_sessions (id) ON DELETE SET NULL,   -- taken beside a live session
  "timestamp"        integer CONSTRAINT check_note_timestamp CHECK ("timestamp" >= 0),   -- seconds, into what it refers to
  tags               jsonb NOT NULL DEFAULT '[]' CONSTRAINT check_note_tags CHECK (app.is_text_set(tags, NULL, 32)),   -- W165
  is_private         boolean NOT NULL DEFAULT true,
  is_pinned          boolean NOT NULL DEFAULT false,
  metadata           jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_note_metadata CHECK (jsonb_typeof(metadata) = 'object'),
  search_vector      tsvector GENERATED ALWAYS AS (app.english_tsv(title || ' ' || app.plain_text(content))) STORED,
  created_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at         timestamptz,
  CONSTRAINT check_note_moment CHECK                       -- W166, D34; a live session is sound, too
    ("timestamp" IS NULL OR num_nonnulls(audio_recording_id, lesson_id, session_id) > 0)
);
CREATE INDEX idx_notes_user ON workbook.workbook_notes (user_id, created_at DESC, id DESC);
CREATE INDEX idx_notes_module ON workbook.workbook_notes (module_id);
CREATE INDEX idx_notes_tags ON workbook.workbook_notes USING gin (tags);
CREATE INDEX idx_notes_search ON workbook.workbook_notes USING gin (search_vector);
CREATE INDEX idx_notes_pinned ON workbook.workbook_notes (user_id) WHERE is_pinned;
CREATE INDEX idx_notes_recording ON workbook.workbook_notes (audio_recording_id);
CREATE INDEX idx_notes_session ON workbook.workbook_notes (session_id);

-- What a note refers to is something its writer may read; asked when it is named and not at every change, for what one noted stays
-- one's own. A moment is one of sound or of a video (W166, D34), and goes with what it was a moment of (D33).
CREATE FUNCTION workbook.settle_note_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  unknown text;
  kind    text;
BEGIN
  IF NEW.module_id IS NULL AND NEW.lesson_id IS NOT DISTINCT FROM OLD.lesson_id THEN NEW.lesson_id := NULL; END IF;
  kind := (SELECT lesson ->> 'type' FROM workbook.workshop_modules m, jsonb_array_elements(m.content -> 'lessons') lesson
            WHERE m.id = NEW.module_id AND lesson ->> 'id' = NEW.lesson_id);
  unknown := CASE
    WHEN NEW.module_id IS DISTINCT FROM OLD.module_id AND NEW.module_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM workbook.workshop_modules m WHERE m.id = NEW.module_id AND m.deleted_at IS NULL) THEN 'module_id'
    WHEN (NEW.module_id, NEW.lesson_id) IS DISTINCT FROM (OLD.module_id, OLD.lesson_id)
         AND NEW.lesson_id IS NOT NULL AND kind IS NULL THEN 'lesson_id'
    WHEN NEW.audio_recording_id IS DISTINCT FROM OLD.audio_recording_id AND NEW.audio_recording_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM workbook.audio_recordings r WHERE r.id = NEW.audio_recording_id AND r.deleted_at IS NULL)
         THEN 'audio_recording_id'
    WHEN NEW.session_id IS DISTINCT FROM OLD.session_id AND NEW.session_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM live.live_sessions s WHERE s.id = NEW.session_id) THEN 'session_id'
    WHEN NEW.metadata -> 'linkedNotes' IS DISTINCT FROM OLD.metadata -> 'linkedNotes'
         AND EXISTS (SELECT FROM jsonb_array_elements_text(NEW.metadata -> 'linkedNotes') linked WHERE NOT EXISTS
                     (SELECT FROM workbook.workbook_notes n WHERE n.id = linked::uuid AND n.deleted_at IS NULL)) THEN 'metadata'
  END;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'a note names what its writer does not know' USING ERRCODE = '23503', TABLE = 'workbook_notes',
      CONSTRAINT = 'workbook_notes_' || unknown || '_fkey';
  END IF;
  IF NEW."timestamp" IS NOT NULL AND NEW.audio_recording_id IS NULL AND NEW.session_id IS NULL AND kind IS DISTINCT FROM 'video'
     AND (NEW."timestamp", NEW.audio_recording_id, NEW.lesson_id, NEW.session_id)
         IS DISTINCT FROM (OLD."timestamp", OLD.audio_recording_id, OLD.lesson_id, OLD.session_id) THEN
    IF NEW."timestamp" IS DISTINCT FROM OLD."timestamp" THEN
      RAISE EXCEPTION 'a moment of nothing' USING ERRCODE = '23514', TABLE = 'workbook_notes',
        CONSTRAINT = 'workbook_notes_timestamp_check', HINT = 'needs an audio or video that it is a moment of';
    END IF;
    NEW."timestamp" := NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refer BEFORE INSERT OR UPDATE ON workbook.workbook_notes
  FOR EACH ROW EXECUTE FUNCTION workbook.settle_note_references();

-- The database keeps what the client only shows (W153, W155).
CREATE FUNCTION workbook.settle_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kept  text[] := '{wordCount,version}';
  same  boolean := (NEW.title, NEW.content, NEW.module_id, NEW.lesson_id, NEW.audio_recording_id, NEW.session_id, NEW."timestamp",
                    NEW.tags, NEW.is_private, NEW.is_pinned, NEW.metadata - kept)
                   IS NOT DISTINCT FROM
                   (OLD.title, OLD.content, OLD.module_id, OLD.lesson_id, OLD.audio_recording_id, OLD.session_id, OLD."timestamp",
                    OLD.tags, OLD.is_private, OLD.is_pinned, OLD.metadata - kept);
BEGIN
  NEW.metadata := NEW.metadata || jsonb_build_object(
    'wordCount', app.word_count(app.plain_text(NEW.content)),
    'version', coalesce((OLD.metadata ->> 'version')::int, 0) + CASE WHEN same THEN 0 ELSE 1 END);
  RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE INSERT OR UPDATE ON workbook.workbook_notes
  FOR EACH ROW EXECUTE FUNCTION workbook.settle_note();

-- Whoever keeps answers (persistence/cache.py) hears which of them are over: a module's content under its last version (W242, D52),
-- somebody's dashboard (D53), whoever wrote and in whichever process.
CREATE OR REPLACE FUNCTION workbook.bump_content_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.title, NEW.description, NEW.module_order, NEW.duration_minutes, NEW.content, NEW.prerequisites, NEW.is_published)
     IS DISTINCT FROM
     (OLD.title, OLD.description, OLD.module_order, OLD.duration_minutes, OLD.content, OLD.prerequisites, OLD.is_published) THEN
    NEW.content_version := OLD.content_version + 1;
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION workbook.tell_module() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('cache_invalidate', 'module:' || OLD.id || ':' || OLD.content_version);
  RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER UPDATE OR DELETE ON workbook.workshop_modules
  FOR EACH ROW EXECUTE FUNCTION workbook.tell_module();
CREATE FUNCTION workbook.tell_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('cache_invalidate', 'dash:' || coalesce(NEW.user_id, OLD.user_id));
  RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT OR DELETE OR UPDATE OF status, progress_percent ON workbook.user_progress
  FOR EACH ROW EXECUTE FUNCTION workbook.tell_owner();
CREATE TRIGGER tell AFTER INSERT OR DELETE OR UPDATE OF deleted_at ON workbook.workbook_notes
  FOR EACH ROW EXECUTE FUNCTION workbook.tell_owner();
CREATE TRIGGER tell AFTER INSERT OR DELETE OR UPDATE OF deleted_at ON workbook.audio_recordings
  FOR EACH ROW EXECUTE FUNCTION workbook.tell_owner();

SELECT app.protect('workbook.user_progress'), app.protect('workbook.workbook_notes');

-- Whom one teaches: who is in a session that one hosts or assists.
CREATE FUNCTION app.my_students() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT p.user_id), '{}') FROM live.session_participants p
   WHERE p.session_id = ANY (app.my_staffed_sessions()) $$;
-- Modules one shares with others (D35): open to one, with whatever one notes beside them. Guests have none.
CREATE FUNCTION app.my_modules() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(m.id), '{}') FROM workbook.workshop_modules m
   WHERE m.is_published AND m.deleted_at IS NULL AND workbook.prerequisites_met(app.current_user_id(), m.id)
     AND EXISTS (SELECT FROM workbook.workbook_users u JOIN identity.accounts a USING (id)
                  WHERE u.id = app.current_user_id() AND u.workshop_access_granted AND NOT a.is_guest) $$;
GRANT EXECUTE ON FUNCTION app.my_students(), app.my_modules() TO workshop_app;

GRANT EXECUTE ON FUNCTION workbook.module_content_ok(jsonb) TO workshop_app;

SELECT app.allow('workbook.user_progress', 'own', 'read change', 'user_id = (SELECT app.current_user_id())'),
       app.allow('workbook.user_progress', 'own', 'add', 'user_id = (SELECT app.current_user_id())',
         'user_id = (SELECT app.current_user_id()) AND EXISTS (SELECT FROM workbook.workshop_modules m WHERE m.id = module_id)'),
       app.allow('workbook.user_progress', 'staffed', 'read', 'user_id = ANY ((SELECT app.my_students())::uuid[])'),
       app.allow('workbook.workbook_notes', 'own', 'read add change remove', 'user_id = (SELECT app.current_user_id())'),
       app.allow('workbook.workbook_notes', 'shared', 'read',
         'NOT is_private AND deleted_at IS NULL AND module_id = ANY ((SELECT app.my_modules())::uuid[])'),
       app.allow('workbook.workshop_modules', 'instructor', 'add change', '(SELECT app.has_role(''instructor'', ''admin''))');

-- Query 2 as corrected (W235, D12), over notes and what was said. As the owner, because row-level security keeps the planner from a
-- GIN index (P3); whose rows these are is therefore written out: one's own notes and those shared with one; one's own recordings and
-- what was said where one was. Of a session one hears the mix, and only where one may not hear it one's own track.
CREATE OR REPLACE FUNCTION workbook.search(query text, before timestamptz, before_id uuid, hits_max int)
RETURNS TABLE (type text, id uuid, title text, text text, created_at timestamptz, rank real, audio_recording_id uuid, session_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH asked AS MATERIALIZED (
    SELECT websearch_to_tsquery('pg_catalog.english', query) AS words, app.current_user_id() AS me, app.my_modules() AS modules,
           app.my_recordings() AS attended, app.my_staffed_sessions() AS staffed
  ), hits AS (
    (SELECT 'note' AS type, n.id, n.created_at
       FROM asked a JOIN workbook.workbook_notes n ON n.user_id = a.me
      WHERE n.search_vector @@ a.words AND n.deleted_at IS NULL
        AND (before IS NULL OR (n.created_at, n.id) < (before, before_id))
      ORDER BY n.created_at DESC, n.id DESC LIMIT hits_max)
    UNION ALL
    (SELECT 'note', n.id, n.created_at
       FROM asked a JOIN workbook.workbook_notes n ON n.search_vector @@ a.words
      WHERE n.user_id <> a.me AND NOT n.is_private AND n.module_id = ANY (a.modules) AND n.deleted_at IS NULL
        AND (before IS NULL OR (n.created_at, n.id) < (before, before_id))
      ORDER BY n.created_at DESC, n.id DESC LIMIT hits_max)
    UNION ALL
    (SELECT 'transcription', t.id, t.created_at
       FROM asked a
       JOIN workbook.transcription_records t ON t.search_vector @@ a.words
       JOIN workbook.audio_recordings r ON r.id = t.audio_recording_id
      WHERE t.status = 'completed' AND r.deleted_at IS NULL
        AND (before IS NULL OR (t.created_at, t.id) < (before, before_id))
        AND CASE WHEN r.recording_id = ANY (a.attended) OR r.session_id = ANY (a.staffed) THEN r.track = 'mix'
                 ELSE r.user_id = a.me END
      ORDER BY t.created_at DESC, t.id DESC LIMIT hits_max)
  ), latest AS MATERIALIZED (
    SELECT * FROM hits h ORDER BY h.created_at DESC, h.id DESC LIMIT hits_max
  ), told AS (                                             -- texts and ranks of those alone, one by one
    SELECT l.type, l.id, l.created_at, each.*
      FROM latest l, LATERAL (
        SELECT n.title::text AS title, app.plain_text(n.content) AS text, n.search_vector, n.audio_recording_id, n.session_id
          FROM workbook.workbook_notes n WHERE n.id = l.id AND l.type = 'note'
        UNION ALL
        SELECT 'Audio Transcription', t.text, t.search_vector, t.audio_recording_id, r.session_id
          FROM workbook.transcription_records t JOIN workbook.audio_recordings r ON r.id = t.audio_recording_id
         WHERE t.id = l.id AND l.type = 'transcription') each
  )
  SELECT h.type, h.id, h.title,
         ts_headline('pg_catalog.english', left(h.text, 100000), a.words, 'StartSel=«, StopSel=», MaxFragments=2, MaxWords=24, ShortWord=0'),
         h.created_at, ts_rank_cd(h.search_vector, a.words), h.audio_recording_id, h.session_id
    FROM told h, asked a ORDER BY h.created_at DESC, h.id DESC $$;
