-- What is counted, and other services that people connect (B252-B298, D60, D76-D79).

-- The last two are ours, for attendance at live sessions (D76).
CREATE TYPE bootcamp.analytics_event AS ENUM ('lesson_started', 'lesson_completed', 'quiz_attempted', 'assignment_submitted',
  'forum_post', 'peer_review', 'live_session_joined', 'live_session_attended');
CREATE TYPE bootcamp.sync_status AS ENUM ('active', 'error', 'disabled');

CREATE TABLE bootcamp.learning_analytics (
  id                       uuid PRIMARY KEY DEFAULT app.uuid7(),
  user_id                  uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE CASCADE,
  course_id                uuid REFERENCES bootcamp.courses (id) ON DELETE SET NULL,
  module_id                uuid REFERENCES bootcamp.modules (id) ON DELETE SET NULL,
  lesson_id                uuid REFERENCES bootcamp.lessons (id) ON DELETE SET NULL,
  event_type               bootcamp.analytics_event NOT NULL,
  event_data               jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_event_data CHECK (jsonb_typeof(event_data) = 'object'),
  session_duration_minutes integer CONSTRAINT check_session_duration CHECK (session_duration_minutes >= 0),
  device_type              varchar(50),
  browser_info             jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_browser_info       -- family and major version, nothing finer
                           CHECK (jsonb_typeof(browser_info) = 'object' AND browser_info - ARRAY['family', 'major'] = '{}'),
  ip_address               inet CONSTRAINT check_ip_network CHECK                          -- B262: a network is no person
                           (masklen(ip_address) <= CASE family(ip_address) WHEN 4 THEN 24 ELSE 48 END
                            AND ip_address = network(ip_address)::inet),
  "timestamp"              timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  source_key               text CONSTRAINT idx_analytics_source UNIQUE     -- of what was projected from elsewhere: once only
);
CREATE INDEX idx_user_timestamp ON bootcamp.learning_analytics (user_id, "timestamp");
CREATE INDEX idx_course_analytics ON bootcamp.learning_analytics (course_id, event_type, "timestamp");
CREATE INDEX idx_analytics_module ON bootcamp.learning_analytics (module_id);
CREATE INDEX idx_analytics_lesson ON bootcamp.learning_analytics (lesson_id);
CREATE TRIGGER fill BEFORE INSERT ON bootcamp.learning_analytics
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION bootcamp.settle_place();

CREATE TABLE bootcamp.platform_metrics (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  metric_date  date NOT NULL,
  metric_type  varchar(100) NOT NULL                       -- D77: `course_completions:<slug>` is the part of one course
               CONSTRAINT check_metric_type CHECK (metric_type ~ '^[a-z][a-z0-9_]*(:[a-z0-9-]+)?$'),
  metric_value decimal(15,2) NOT NULL,
  metadata     jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_metric_metadata CHECK (jsonb_typeof(metadata) = 'object'),
  created_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT idx_metric_date_type UNIQUE (metric_date, metric_type)                          -- B272, B273
);

CREATE TRIGGER keep BEFORE UPDATE ON bootcamp.platform_metrics FOR EACH ROW EXECUTE FUNCTION app.keep('created_at');

-- What happened on a day (UTC); measuring it again replaces what was measured.
CREATE FUNCTION bootcamp.measure_day(of_day date) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH day AS (SELECT of_day::timestamp AT TIME ZONE 'UTC' AS begins, (of_day + 1)::timestamp AT TIME ZONE 'UTC' AS ends),
  completed AS (SELECT c.slug, count(*) AS times FROM day, bootcamp.enrollments e JOIN bootcamp.courses c ON c.id = e.course_id
                 WHERE e.completion_date >= day.begins AND e.completion_date < day.ends GROUP BY c.slug),
  held AS (SELECT s.id, (s.metadata ->> 'engagementScore')::numeric AS score FROM day, live.live_sessions s
            WHERE s.status = 'ended' AND s.actual_end >= day.begins AND s.actual_end < day.ends),
  measured (metric_type, metric_value) AS (
    SELECT 'daily_active_users', (SELECT count(DISTINCT a.user_id)::numeric FROM bootcamp.learning_analytics a, day
                                   WHERE a."timestamp" >= day.begins AND a."timestamp" < day.ends)
    UNION ALL SELECT 'course_completions', (SELECT coalesce(sum(times), 0) FROM completed)
    UNION ALL SELECT 'course_completions:' || slug, times FROM completed WHERE length(slug) <= 80
    UNION ALL SELECT 'certificates_issued', (SELECT count(*) FROM bootcamp.certificates c, day
                                              WHERE c.issue_date >= day.begins AND c.issue_date < day.ends)
    UNION ALL SELECT 'live_sessions_held', (SELECT count(*) FROM held)
    UNION ALL SELECT 'live_minutes_attended', (SELECT coalesce(sum((p.metadata ->> 'totalTimeMinutes')::numeric), 0)
                                                 FROM held JOIN live.session_participants p ON p.session_id = held.id
                                                WHERE p.role IN ('participant', 'observer'))
    UNION ALL SELECT 'live_avg_engagement', avg(score) FROM held HAVING count(score) > 0
    -- a session's sound is counted once, however many spoke
    UNION ALL SELECT 'recordings_minutes', (SELECT coalesce(round(sum(r.duration_seconds) / 60.0, 2), 0) FROM workbook.audio_recordings r, day
                                             WHERE r.created_at >= day.begins AND r.created_at < day.ends
                                               AND (r.track IS NULL OR r.track = 'mix'))
    UNION ALL SELECT 'transcription_failures', (SELECT count(*) FROM workbook.transcription_records t, day
                                                 WHERE t.status = 'failed' AND t.updated_at >= day.begins AND t.updated_at < day.ends))
  INSERT INTO bootcamp.platform_metrics (metric_date, metric_type, metric_value) SELECT of_day, metric_type, metric_value FROM measured
  ON CONFLICT (metric_date, metric_type) DO UPDATE SET metric_value = excluded.metric_value $$;

CREATE TABLE bootcamp.fataplus_integration (
  id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id           uuid NOT NULL CONSTRAINT idx_fataplus_account UNIQUE,
  fataplus_user_id  uuid NOT NULL,
  access_token_enc  bytea,
  refresh_token_enc bytea,
  token_expires_at  timestamptz,
  last_sync_at      timestamptz,
  sync_status       bootcamp.sync_status NOT NULL DEFAULT 'active',
  sync_errors       text[] NOT NULL DEFAULT '{}' CONSTRAINT check_sync_errors CHECK (cardinality(sync_errors) <= 20),
  errors_in_a_row   integer NOT NULL DEFAULT 0 CONSTRAINT check_errors_in_a_row CHECK (errors_in_a_row BETWEEN 0 AND 5),
  created_at        timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at        timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT fataplus_integration_fataplus_user_id_fkey FOREIGN KEY (user_id, fataplus_user_id)     -- D60: cannot disagree
    REFERENCES bootcamp.users (id, fataplus_user_id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX idx_fataplus_user ON bootcamp.fataplus_integration (fataplus_user_id);
CREATE INDEX idx_sync_status ON bootcamp.fataplus_integration (sync_status);
CREATE INDEX idx_fataplus_pair ON bootcamp.fataplus_integration (user_id, fataplus_user_id);

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('sync', '', 'active', false, 'linked'),
  ('sync', '', 'disabled', false, 'made without a link'),
  ('sync', 'active', 'error', false, 'a synchronisation failed'),
  ('sync', 'error', 'active', false, 'a synchronisation succeeded'),
  ('sync', 'active', 'disabled', false, 'by the person or an administrator'),
  ('sync', 'error', 'disabled', false, 'the fifth failure in a row, or by the person'),
  ('sync', 'disabled', 'active', false, 'linked again');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF sync_status ON bootcamp.fataplus_integration
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('sync', 'sync_status');
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bootcamp.fataplus_integration
  FOR EACH ROW EXECUTE FUNCTION app.guard_own('user_id', 'last_sync_at=', 'sync_errors=[]', 'errors_in_a_row=0');

-- Only a synchronisation fails; what is disabled has no tokens any more; what begins anew has not failed yet.
CREATE FUNCTION bootcamp.settle_integration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'workshop_app' AND NEW.sync_status = 'error' AND (TG_OP = 'INSERT' OR OLD.sync_status <> 'error') THEN
    RAISE EXCEPTION 'sync_status is not yours to set' USING ERRCODE = '42501', COLUMN = 'sync_status';
  END IF;
  IF NEW.sync_status = 'active' THEN NEW.errors_in_a_row := 0; END IF;
  IF NEW.sync_status = 'disabled' THEN
    NEW.access_token_enc := NULL;
    NEW.refresh_token_enc := NULL;
    NEW.token_expires_at := NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE INSERT OR UPDATE ON bootcamp.fataplus_integration
  FOR EACH ROW EXECUTE FUNCTION bootcamp.settle_integration();

-- Who somebody is over there: their own to say, and nobody is two people there.
CREATE FUNCTION bootcamp.link_fataplus(as_fataplus_user uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE bootcamp.users SET fataplus_user_id = as_fataplus_user WHERE id = app.current_user_id() $$;
GRANT EXECUTE ON FUNCTION bootcamp.link_fataplus(uuid) TO workshop_app;

-- An account over there that is not linked any more may be linked by somebody else.
CREATE FUNCTION bootcamp.unlink_fataplus() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE bootcamp.users SET fataplus_user_id = gen_random_uuid() WHERE id = OLD.user_id AND fataplus_user_id = OLD.fataplus_user_id;
  RETURN NULL;
END $$;
CREATE TRIGGER unlink AFTER DELETE ON bootcamp.fataplus_integration
  FOR EACH ROW EXECUTE FUNCTION bootcamp.unlink_fataplus();

-- How a synchronisation went; without an error it went well. The last 20 errors are kept, without what may be a secret in them; the
-- fifth in a row is the last (domain.md 3). For the server alone.
CREATE FUNCTION bootcamp.record_sync(of_user uuid, error text) RETURNS bootcamp.sync_status
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  told   text := left(regexp_replace(error, '[A-Za-z0-9_.~+/=-]{20,}', '…', 'g'), 300);
  result bootcamp.sync_status;
BEGIN
  UPDATE bootcamp.fataplus_integration i SET
    last_sync_at = CASE WHEN error IS NULL THEN clock_timestamp() ELSE i.last_sync_at END,
    errors_in_a_row = CASE WHEN error IS NULL THEN 0 ELSE i.errors_in_a_row + 1 END,
    sync_errors = CASE WHEN error IS NULL THEN i.sync_errors
                       ELSE (i.sync_errors || told)[greatest(1, cardinality(i.sync_errors) - 18):] END,
    sync_status = CASE WHEN error IS NULL THEN 'active' WHEN i.errors_in_a_row >= 4 THEN 'disabled' ELSE 'error' END::bootcamp.sync_status
   WHERE i.user_id = of_user AND i.sync_status <> 'disabled'
   RETURNING i.sync_status INTO result;
  RETURN result;
END $$;

CREATE TABLE bootcamp.external_service_tokens (
  id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id             uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE CASCADE,
  service_name        varchar(100) NOT NULL CONSTRAINT check_service_name CHECK (service_name ~ '^[a-z0-9_-]+$'),
  access_token_enc    bytea,
  refresh_token_enc   bytea,                               -- D78: all of it is secret
  token_expires_at    timestamptz,
  service_user_id_enc bytea,
  is_active           boolean NOT NULL DEFAULT true,
  created_at          timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at          timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT idx_user_service UNIQUE (user_id, service_name),                                -- B297, B298
  CONSTRAINT check_inactive_tokens CHECK (is_active OR num_nonnulls(access_token_enc, refresh_token_enc) = 0)
);

CREATE FUNCTION bootcamp.wipe_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.access_token_enc := NULL;
  NEW.refresh_token_enc := NULL;
  NEW.token_expires_at := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER wipe BEFORE INSERT OR UPDATE ON bootcamp.external_service_tokens
  FOR EACH ROW WHEN (NOT NEW.is_active) EXECUTE FUNCTION bootcamp.wipe_tokens();
CREATE TRIGGER keep BEFORE UPDATE ON bootcamp.external_service_tokens
  FOR EACH ROW EXECUTE FUNCTION app.keep('user_id', 'service_name');

SELECT app.protect('bootcamp.learning_analytics'), app.protect('bootcamp.platform_metrics'),
       app.protect('bootcamp.fataplus_integration'), app.protect('bootcamp.external_service_tokens');

-- Of what one leads, by the words that metrics are named with.
CREATE FUNCTION app.my_led_slugs() RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(c.slug::text), '{}') FROM bootcamp.courses c WHERE c.id = ANY (app.my_led_courses()) $$;
GRANT EXECUTE ON FUNCTION app.my_led_slugs(), app.uuid7(timestamptz) TO workshop_app;

SELECT app.allow('bootcamp.learning_analytics', 'own', 'read', 'user_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.learning_analytics', 'own', 'add', 'user_id = (SELECT app.current_user_id()) AND source_key IS NULL
         AND event_type NOT IN (''live_session_joined'', ''live_session_attended'')
         AND (course_id IS NULL OR course_id = ANY ((SELECT app.my_courses() || app.my_taught_courses())::uuid[]))'),
       app.allow('bootcamp.learning_analytics', 'taught', 'read', 'course_id = ANY ((SELECT app.my_taught_courses())::uuid[])'),
       app.allow('bootcamp.platform_metrics', 'taught', 'read',
         'split_part(metric_type, '':'', 2) = ANY ((SELECT app.my_led_slugs())::text[])'),
       app.allow('bootcamp.platform_metrics', 'admin', 'add change remove', '(SELECT app.is_admin())'),
       app.allow('bootcamp.fataplus_integration', 'own', 'read add change remove', 'user_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.external_service_tokens', 'own', 'read add change remove', 'user_id = (SELECT app.current_user_id())');
