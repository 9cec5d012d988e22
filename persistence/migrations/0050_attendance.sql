-- What a live session is part of, and what was paid for being there (domain.md 2.3, D17): links to the lessons of either document,
-- credits, and what follows when somebody has completed a course.

-- -- What a session belongs to --

ALTER TABLE live.live_sessions
  ADD COLUMN lesson_id varchar(50),                        -- one of the module's own (W172); NULL: the module as a whole
  ADD CONSTRAINT check_session_lesson CHECK (lesson_id IS NULL OR module_id IS NOT NULL);

CREATE FUNCTION live.settle_lesson() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.module_id IS DISTINCT FROM OLD.module_id AND NEW.lesson_id IS NOT DISTINCT FROM OLD.lesson_id THEN NEW.lesson_id := NULL; END IF;
  IF NEW.lesson_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM workbook.workshop_modules m, jsonb_array_elements(m.content -> 'lessons') lesson
     WHERE m.id = NEW.module_id AND lesson ->> 'id' = NEW.lesson_id) THEN
    RAISE EXCEPTION 'this module has no such lesson' USING ERRCODE = '23503', CONSTRAINT = 'live_sessions_lesson_id_fkey',
      TABLE = 'live_sessions';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER lesson BEFORE UPDATE OF module_id, lesson_id ON live.live_sessions
  FOR EACH ROW EXECUTE FUNCTION live.settle_lesson();

CREATE TABLE live.bootcamp_links (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id       uuid NOT NULL REFERENCES live.live_sessions (id) ON DELETE CASCADE,
  course_id        uuid NOT NULL REFERENCES bootcamp.courses (id) ON DELETE CASCADE,
  module_id        uuid,
  lesson_id        uuid REFERENCES bootcamp.lessons (id) ON DELETE CASCADE,
  completes_lesson boolean NOT NULL DEFAULT false,
  min_attendance   decimal(3,2) NOT NULL DEFAULT 0.60 CONSTRAINT check_min_attendance CHECK (min_attendance BETWEEN 0 AND 1),
  created_at       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT bootcamp_links_once UNIQUE NULLS NOT DISTINCT (session_id, course_id, module_id, lesson_id),
  CONSTRAINT check_link_completes CHECK (lesson_id IS NOT NULL OR NOT completes_lesson),
  CONSTRAINT bootcamp_links_module_id_fkey FOREIGN KEY (module_id, course_id)
    REFERENCES bootcamp.modules (id, course_id) ON DELETE CASCADE
);
CREATE INDEX idx_links_course ON live.bootcamp_links (course_id);
CREATE INDEX idx_links_module ON live.bootcamp_links (module_id, course_id);
CREATE INDEX idx_links_lesson ON live.bootcamp_links (lesson_id);
CREATE TRIGGER fill BEFORE INSERT OR UPDATE ON live.bootcamp_links FOR EACH ROW EXECUTE FUNCTION bootcamp.settle_place();

-- -- What was credited --

-- Of one person for one session, by what it was credited to: `workshop:<module>[/<lesson>]`, `lesson:<id>`, `module:<id>`,
-- `course:<id>`. Whoever folds the log again applies the difference to this.
CREATE TABLE live.attendance_credits (
  session_id  uuid NOT NULL REFERENCES live.live_sessions (id) ON DELETE CASCADE,
  user_id     uuid NOT NULL REFERENCES identity.accounts (id) ON DELETE CASCADE,
  target      varchar(120) NOT NULL,
  minutes     integer NOT NULL CONSTRAINT check_credited_minutes CHECK (minutes >= 0),
  ratio       decimal(4,3) NOT NULL CONSTRAINT check_credited_ratio CHECK (ratio BETWEEN 0 AND 1),
  completed   boolean NOT NULL,                            -- and it stays so: what was completed is not taken back
  seq         bigint NOT NULL,                             -- the log was folded up to here
  created_at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (session_id, user_id, target)
);
CREATE INDEX idx_credits_user ON live.attendance_credits (user_id);

-- Credited anew where what it is part of changed after its end; a job for each such change (persistence/jobs.py).
CREATE FUNCTION live.credit_again(session uuid) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO ops.jobs (session_id, kind, key, payload)
  SELECT s.id, 'attendance', 'links ' || pg_current_xact_id(), '{}' FROM live.live_sessions s WHERE s.id = session AND s.status = 'ended'
  ON CONFLICT (session_id, kind, key) WHERE status IN ('queued', 'running') DO NOTHING $$;

CREATE FUNCTION live.follow_links() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM live.credit_again((to_jsonb(coalesce(NEW, OLD)) ->> TG_ARGV[0])::uuid);
  RETURN NULL;
END $$;
CREATE TRIGGER credit AFTER INSERT OR UPDATE OR DELETE ON live.bootcamp_links
  FOR EACH ROW EXECUTE FUNCTION live.follow_links('session_id');
CREATE TRIGGER credit AFTER UPDATE OF module_id, lesson_id ON live.live_sessions
  FOR EACH ROW WHEN ((NEW.module_id, NEW.lesson_id) IS DISTINCT FROM (OLD.module_id, OLD.lesson_id))
  EXECUTE FUNCTION live.follow_links('id');

-- Sessions that ended before there were credits.
INSERT INTO ops.jobs (session_id, kind, key, payload)
SELECT s.id, 'attendance', 'before', '{}' FROM live.live_sessions s WHERE s.status = 'ended' AND s.module_id IS NOT NULL;

-- -- What completing a course brings --

-- Why somebody who completed the course has no certificate: for them, and for whoever leads it.
ALTER TABLE bootcamp.enrollments ADD COLUMN certificate_problem text;

CREATE FUNCTION bootcamp.ask_for_certificate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO ops.jobs (kind, key, payload) VALUES ('certificate', NEW.id, jsonb_build_object('enrollmentId', NEW.id))
  ON CONFLICT (session_id, kind, key) WHERE status IN ('queued', 'running') DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER certify AFTER UPDATE OF enrollment_status ON bootcamp.enrollments
  FOR EACH ROW WHEN (NEW.enrollment_status = 'completed' AND OLD.enrollment_status <> 'completed')
  EXECUTE FUNCTION bootcamp.ask_for_certificate();

-- A grade may have been what was missing.
CREATE FUNCTION bootcamp.follow_grade() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM bootcamp.measure(e.id) FROM bootcamp.enrollments e
    WHERE e.user_id = NEW.user_id AND e.course_id = app.course_of_assignment(NEW.assignment_id);
  RETURN NULL;
END $$;
CREATE TRIGGER follow AFTER INSERT OR UPDATE OF status, score ON bootcamp.submissions
  FOR EACH ROW WHEN (NEW.status = 'graded') EXECUTE FUNCTION bootcamp.follow_grade();

-- Or what was missing is asked for no more.
CREATE FUNCTION bootcamp.follow_assignment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM bootcamp.measure(e.id) FROM bootcamp.enrollments e
    WHERE e.course_id = app.course_of_lesson(NEW.lesson_id) AND e.enrollment_status = 'in_progress';
  RETURN NULL;
END $$;
CREATE TRIGGER follow AFTER UPDATE OF passing_score, deleted_at ON bootcamp.assignments
  FOR EACH ROW EXECUTE FUNCTION bootcamp.follow_assignment();

-- -- Rights --

-- Which one runs: its host, whoever that is by now.
CREATE FUNCTION app.my_hosted_sessions() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(mine.id), '{}') FROM (
    SELECT p.session_id AS id FROM live.session_participants p
     WHERE p.user_id = app.current_user_id() AND p.role = 'instructor'
    UNION
    SELECT s.id FROM live.live_sessions s WHERE s.instructor_id = app.current_user_id() AND NOT EXISTS (
      SELECT FROM live.session_participants p WHERE p.session_id = s.id AND p.role = 'instructor')) mine $$;
GRANT EXECUTE ON FUNCTION app.my_hosted_sessions() TO workshop_app;

SELECT app.protect('live.bootcamp_links'), app.protect('live.attendance_credits');

-- What part of the workbook it belongs to: for whoever runs it.
CREATE FUNCTION live.place(session uuid, of_module uuid, of_lesson text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT (session = ANY (app.my_hosted_sessions()) OR app.is_admin()) THEN
    RAISE EXCEPTION 'only its host says what a session belongs to' USING ERRCODE = '42501', COLUMN = 'module_id';
  END IF;
  UPDATE live.live_sessions s SET module_id = of_module WHERE s.id = session AND s.module_id IS DISTINCT FROM of_module;
  UPDATE live.live_sessions s SET lesson_id = of_lesson WHERE s.id = session;   -- a module that changes loses its lesson
END $$;
GRANT EXECUTE ON FUNCTION live.place(uuid, uuid, text) TO workshop_app;

-- What a session is part of is known to whoever may know of the session; saying so takes the session and the course.
SELECT app.allow('live.bootcamp_links', 'shared', 'read', 'EXISTS (SELECT FROM live.live_sessions s WHERE s.id = session_id)'),
       app.allow('live.bootcamp_links', 'taught', 'add change remove', 'session_id = ANY ((SELECT app.my_hosted_sessions())::uuid[])
         AND course_id = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('live.bootcamp_links', 'admin', 'add change remove', '(SELECT app.is_admin())');
