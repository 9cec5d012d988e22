-- The bootcamp's people, courses and learning (B001-B135, B204-B225, D56-D72); e-mail and names are identity.accounts'.
-- Projects, discussions, certificates and records stand in the files after this one.

CREATE SCHEMA bootcamp;
GRANT USAGE ON SCHEMA bootcamp TO workshop_app, workshop_engine;

CREATE TYPE bootcamp.design_experience_level AS ENUM ('beginner', 'intermediate', 'advanced', 'expert');
CREATE TYPE bootcamp.learning_style AS ENUM ('visual', 'auditory', 'kinesthetic', 'reading');
CREATE TYPE bootcamp.difficulty_level AS ENUM ('beginner', 'intermediate', 'advanced');
CREATE TYPE bootcamp.course_type AS ENUM ('core', 'elective', 'workshop', 'capstone');
CREATE TYPE bootcamp.module_type AS ENUM ('lecture', 'workshop', 'project', 'assessment', 'discussion');
CREATE TYPE bootcamp.content_type AS ENUM ('video', 'text', 'interactive', 'quiz', 'assignment');
CREATE TYPE bootcamp.enrollment_status AS ENUM ('enrolled', 'in_progress', 'completed', 'dropped', 'suspended');
CREATE TYPE bootcamp.lesson_status AS ENUM ('not_started', 'in_progress', 'completed');
CREATE TYPE bootcamp.assignment_type AS ENUM ('design_project', 'quiz', 'peer_review', 'presentation', 'code');
CREATE TYPE bootcamp.submission_status AS ENUM ('draft', 'submitted', 'under_review', 'graded', 'revision_requested');
CREATE TYPE bootcamp.feedback_type AS ENUM ('initial_review', 'revision_feedback', 'final_assessment');
CREATE TYPE bootcamp.letter_grade AS ENUM ('A', 'B', 'C', 'D', 'F');

CREATE FUNCTION app.is_timezone(name text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM now() AT TIME ZONE name;
  RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN false;
END $$;
GRANT EXECUTE ON FUNCTION app.is_timezone(text) TO workshop_app;

-- -- People --

CREATE TABLE bootcamp.users (
  id                          uuid PRIMARY KEY REFERENCES identity.accounts (id) ON DELETE CASCADE,
  fataplus_user_id            uuid NOT NULL,               -- until it is linked: uuid5 of the account's id (D60)
  avatar_url_enc              bytea,
  bio_enc                     bytea,
  location_enc                bytea,
  professional_background_enc bytea,
  design_experience_level     bootcamp.design_experience_level,
  agricultural_experience_enc bytea,
  language_preferences        text[] NOT NULL DEFAULT '{}',
  timezone                    varchar(50) NOT NULL DEFAULT 'UTC' CONSTRAINT check_timezone CHECK (app.is_timezone(timezone)),
  is_active                   boolean NOT NULL DEFAULT true,
  last_login_at               timestamptz,
  created_at                  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at                  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at                  timestamptz,
  CONSTRAINT users_fataplus_pair UNIQUE (id, fataplus_user_id)       -- what an integration refers to cannot disagree
);
CREATE UNIQUE INDEX idx_fataplus_user_id ON bootcamp.users (fataplus_user_id);
CREATE INDEX idx_design_experience ON bootcamp.users (design_experience_level);

CREATE TABLE bootcamp.user_profiles (
  id                       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id                  uuid NOT NULL CONSTRAINT idx_user_profiles_user UNIQUE           -- D61
                           REFERENCES bootcamp.users (id) ON DELETE CASCADE,
  portfolio_url_enc        bytea,
  linkedin_url_enc         bytea,
  github_url_enc           bytea,
  design_tools_proficiency jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_tools CHECK (jsonb_typeof(design_tools_proficiency) = 'object'),
  agricultural_domains     jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_domains CHECK (jsonb_typeof(agricultural_domains) = 'object'),
  learning_goals           text[] NOT NULL DEFAULT '{}',
  preferred_learning_style bootcamp.learning_style,
  availability_hours       jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_availability CHECK (jsonb_typeof(availability_hours) = 'object'),
  mentorship_availability  boolean NOT NULL DEFAULT false,
  created_at               timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at               timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- -- Courses --

CREATE TABLE bootcamp.courses (
  id                       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title                    varchar(255) NOT NULL CONSTRAINT check_course_title CHECK (btrim(title) <> ''),
  slug                     varchar(255) NOT NULL CONSTRAINT check_slug CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  description              text NOT NULL,
  short_description        varchar(500),
  learning_outcomes        text[] NOT NULL DEFAULT '{}',
  prerequisites            text[] NOT NULL DEFAULT '{}',   -- D81: words, shown and not enforced
  difficulty_level         bootcamp.difficulty_level NOT NULL DEFAULT 'beginner',
  estimated_duration_hours integer NOT NULL CONSTRAINT check_course_duration CHECK (estimated_duration_hours > 0),
  course_type              bootcamp.course_type NOT NULL DEFAULT 'core',
  category                 varchar(100),
  tags                     text[] NOT NULL DEFAULT '{}',
  featured                 boolean NOT NULL DEFAULT false,
  published                boolean NOT NULL DEFAULT false,
  published_at             timestamptz,                    -- of the first time
  created_by               uuid REFERENCES bootcamp.users (id) ON DELETE SET NULL,
  created_at               timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at               timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at               timestamptz,
  CONSTRAINT check_published_at CHECK (NOT published OR published_at IS NOT NULL)
);
CREATE UNIQUE INDEX idx_slug ON bootcamp.courses (slug) WHERE deleted_at IS NULL;
CREATE INDEX idx_category ON bootcamp.courses (category);
CREATE INDEX idx_published ON bootcamp.courses (published);
CREATE INDEX idx_courses_creator ON bootcamp.courses (created_by);

-- D62: who teaches. Instructors write and grade, assistants see and give feedback before the final one.
CREATE TABLE bootcamp.course_staff (
  course_id  uuid NOT NULL REFERENCES bootcamp.courses (id) ON DELETE CASCADE,
  user_id    uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE CASCADE,
  role       varchar(20) NOT NULL DEFAULT 'instructor' CONSTRAINT check_course_role CHECK (role IN ('instructor', 'assistant')),
  created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (course_id, user_id)
);
CREATE INDEX idx_course_staff_user ON bootcamp.course_staff (user_id);

CREATE TABLE bootcamp.modules (
  id                       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  course_id                uuid NOT NULL REFERENCES bootcamp.courses (id) ON DELETE CASCADE,
  title                    varchar(255) NOT NULL CONSTRAINT check_module_title CHECK (btrim(title) <> ''),
  description              text,
  module_order             integer NOT NULL CONSTRAINT check_module_order CHECK (module_order > 0),
  estimated_duration_hours integer CONSTRAINT check_module_duration CHECK (estimated_duration_hours > 0),
  learning_objectives      text[] NOT NULL DEFAULT '{}',
  module_type              bootcamp.module_type NOT NULL DEFAULT 'lecture',
  is_required              boolean NOT NULL DEFAULT true,
  created_at               timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at               timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at               timestamptz,
  -- B065: a swap is legal within one transaction, and what was deleted frees its place
  CONSTRAINT idx_course_module_order EXCLUDE USING btree (course_id WITH =, module_order WITH =) WHERE (deleted_at IS NULL)
    DEFERRABLE INITIALLY IMMEDIATE,
  CONSTRAINT modules_course_pair UNIQUE (id, course_id)
);
CREATE INDEX idx_modules_course ON bootcamp.modules (course_id);

CREATE TABLE bootcamp.lessons (
  id                       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  module_id                uuid NOT NULL REFERENCES bootcamp.modules (id) ON DELETE CASCADE,
  title                    varchar(255) NOT NULL CONSTRAINT check_lesson_title CHECK (btrim(title) <> ''),
  description              text,
  lesson_order             integer NOT NULL CONSTRAINT check_lesson_order CHECK (lesson_order > 0),
  content_type             bootcamp.content_type NOT NULL DEFAULT 'text',
  content_url              text CONSTRAINT check_content_url CHECK (content_url ~ '^(https|store)://'),
  content_duration_minutes integer CONSTRAINT check_content_duration CHECK (content_duration_minutes >= 0),
  reading_time_minutes     integer CONSTRAINT check_reading_time CHECK (reading_time_minutes >= 0),
  interactive_elements     jsonb NOT NULL DEFAULT '{}'     -- D72: answers stand under `key`
                           CONSTRAINT check_interactive CHECK (jsonb_typeof(interactive_elements) = 'object'),
  resources                jsonb NOT NULL DEFAULT '[]' CONSTRAINT check_resources CHECK (jsonb_typeof(resources) = 'array'),
  is_preview               boolean NOT NULL DEFAULT false,
  created_at               timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at               timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at               timestamptz,
  CONSTRAINT idx_module_lesson_order EXCLUDE USING btree (module_id WITH =, lesson_order WITH =) WHERE (deleted_at IS NULL)
    DEFERRABLE INITIALLY IMMEDIATE                         -- B080
);
CREATE INDEX idx_lessons_module ON bootcamp.lessons (module_id);

-- -- Learning --

CREATE TABLE bootcamp.enrollments (
  id                    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id               uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE CASCADE,
  course_id             uuid NOT NULL REFERENCES bootcamp.courses (id) ON DELETE CASCADE,
  enrollment_status     bootcamp.enrollment_status NOT NULL DEFAULT 'enrolled',
  enrollment_date       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  completion_date       timestamptz,
  progress_percentage   decimal(5, 2) NOT NULL DEFAULT 0 CONSTRAINT check_enrollment_progress CHECK (progress_percentage BETWEEN 0 AND 100),
  current_module_id     uuid,
  current_lesson_id     uuid REFERENCES bootcamp.lessons (id) ON DELETE SET NULL,
  time_spent_minutes    integer NOT NULL DEFAULT 0 CONSTRAINT check_enrollment_time CHECK (time_spent_minutes >= 0),
  last_accessed_at      timestamptz,
  certificate_issued    boolean NOT NULL DEFAULT false,
  certificate_issued_at timestamptz,
  created_at            timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at            timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT idx_user_course UNIQUE (user_id, course_id),
  CONSTRAINT check_completion_date CHECK ((enrollment_status = 'completed') = (completion_date IS NOT NULL)),
  CONSTRAINT check_completed_progress CHECK (enrollment_status <> 'completed' OR progress_percentage = 100),
  CONSTRAINT check_certificate_issued CHECK (certificate_issued = (certificate_issued_at IS NOT NULL)),
  CONSTRAINT enrollments_current_module_id_fkey FOREIGN KEY (current_module_id, course_id)     -- D64: of this course
    REFERENCES bootcamp.modules (id, course_id) ON DELETE SET NULL (current_module_id)
);
CREATE INDEX idx_enrollment_status ON bootcamp.enrollments (enrollment_status);
CREATE INDEX idx_enrollments_course ON bootcamp.enrollments (course_id);
CREATE INDEX idx_enrollments_module ON bootcamp.enrollments (current_module_id, course_id);
CREATE INDEX idx_enrollments_lesson ON bootcamp.enrollments (current_lesson_id);

CREATE TABLE bootcamp.lesson_progress (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  enrollment_id      uuid NOT NULL REFERENCES bootcamp.enrollments (id) ON DELETE CASCADE,
  lesson_id          uuid NOT NULL REFERENCES bootcamp.lessons (id) ON DELETE CASCADE,
  status             bootcamp.lesson_status NOT NULL DEFAULT 'not_started',
  started_at         timestamptz,
  completed_at       timestamptz,                          -- of the last time; stays when the lesson is visited again
  time_spent_minutes integer NOT NULL DEFAULT 0 CONSTRAINT check_lesson_time CHECK (time_spent_minutes >= 0),
  attempts_count     integer NOT NULL DEFAULT 0 CONSTRAINT check_attempts CHECK (attempts_count >= 0),
  best_score         decimal(5, 2) CONSTRAINT check_best_score CHECK (best_score BETWEEN 0 AND 100),
  notes_enc          bytea,
  created_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT idx_enrollment_lesson UNIQUE (enrollment_id, lesson_id),
  CONSTRAINT check_started_at CHECK (status = 'not_started' OR started_at IS NOT NULL),
  CONSTRAINT check_lesson_completed_at CHECK (status <> 'completed' OR completed_at IS NOT NULL)
);
CREATE INDEX idx_lesson_progress_lesson ON bootcamp.lesson_progress (lesson_id);

CREATE TABLE bootcamp.assignments (
  id                      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  lesson_id               uuid NOT NULL REFERENCES bootcamp.lessons (id) ON DELETE CASCADE,
  title                   varchar(255) NOT NULL CONSTRAINT check_assignment_title CHECK (btrim(title) <> ''),
  description             text NOT NULL,
  instructions            text,
  assignment_type         bootcamp.assignment_type NOT NULL DEFAULT 'design_project',
  max_score               decimal(5, 2) NOT NULL DEFAULT 100 CONSTRAINT check_max_score CHECK (max_score > 0),
  passing_score           decimal(5, 2) CONSTRAINT check_passing_score CHECK (passing_score BETWEEN 0 AND max_score),
  due_date                timestamptz,
  time_limit_minutes      integer CONSTRAINT check_time_limit CHECK (time_limit_minutes > 0),
  submission_format       jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_submission_format CHECK (jsonb_typeof(submission_format) = 'object'),
  rubric                  jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_rubric CHECK (jsonb_typeof(rubric) = 'object'),
  is_graded_automatically boolean NOT NULL DEFAULT false,
  created_at              timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at              timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at              timestamptz
);
CREATE INDEX idx_assignments_lesson ON bootcamp.assignments (lesson_id);

CREATE TABLE bootcamp.submissions (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  assignment_id      uuid NOT NULL REFERENCES bootcamp.assignments (id) ON DELETE CASCADE,
  user_id            uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE CASCADE,
  submission_content jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_submission_content CHECK (jsonb_typeof(submission_content) = 'object'),
  submitted_at       timestamptz,                          -- D65: a draft has none
  status             bootcamp.submission_status NOT NULL DEFAULT 'draft',
  score              decimal(5, 2) CONSTRAINT check_score CHECK (score >= 0),
  feedback           text,
  graded_by          uuid REFERENCES bootcamp.users (id) ON DELETE SET NULL,
  graded_at          timestamptz,
  revision_count     integer NOT NULL DEFAULT 0 CONSTRAINT check_revisions CHECK (revision_count >= 0),
  final_submission   boolean NOT NULL DEFAULT false,
  created_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT check_submitted_at CHECK ((status = 'draft') = (submitted_at IS NULL)),
  CONSTRAINT check_graded CHECK (status <> 'graded' OR (score IS NOT NULL AND graded_at IS NOT NULL)),
  CONSTRAINT check_grader CHECK (graded_by <> user_id),
  CONSTRAINT check_final CHECK (NOT final_submission OR status <> 'draft')
);
CREATE INDEX idx_assignment_user ON bootcamp.submissions (assignment_id, user_id);
CREATE INDEX idx_status ON bootcamp.submissions (status);
CREATE INDEX idx_submissions_user ON bootcamp.submissions (user_id);
CREATE INDEX idx_submissions_grader ON bootcamp.submissions (graded_by);
CREATE UNIQUE INDEX idx_submissions_final ON bootcamp.submissions (assignment_id, user_id) WHERE final_submission;

CREATE TABLE bootcamp.peer_reviews (                       -- made by whoever teaches, filled in by the reviewer
  id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  submission_id     uuid NOT NULL REFERENCES bootcamp.submissions (id) ON DELETE CASCADE,
  reviewer_id       uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE RESTRICT,
  review_criteria   jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_criteria CHECK (jsonb_typeof(review_criteria) = 'object'),
  overall_score     decimal(3, 2) CONSTRAINT check_overall_score CHECK (overall_score BETWEEN 0 AND 5),    -- D66
  strengths         text[] NOT NULL DEFAULT '{}',
  improvements      text[] NOT NULL DEFAULT '{}',
  detailed_feedback text,
  is_anonymous      boolean NOT NULL DEFAULT false,
  created_at        timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at        timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT idx_submission_reviewer UNIQUE (submission_id, reviewer_id)
);
CREATE INDEX idx_peer_reviews_reviewer ON bootcamp.peer_reviews (reviewer_id);

CREATE TABLE bootcamp.instructor_feedback (                -- a record of what was said: nobody changes it
  id                      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  submission_id           uuid NOT NULL REFERENCES bootcamp.submissions (id) ON DELETE CASCADE,
  instructor_id           uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE RESTRICT,
  feedback_type           bootcamp.feedback_type NOT NULL DEFAULT 'initial_review',
  rubric_scores           jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_rubric_scores CHECK (jsonb_typeof(rubric_scores) = 'object'),
  overall_grade           bootcamp.letter_grade,
  detailed_feedback       text,
  improvement_suggestions text[] NOT NULL DEFAULT '{}',
  next_steps              text[] NOT NULL DEFAULT '{}',
  created_at              timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT check_final_grade CHECK (feedback_type <> 'final_assessment' OR overall_grade IS NOT NULL)
);
CREATE INDEX idx_feedback_submission ON bootcamp.instructor_feedback (submission_id);
CREATE INDEX idx_feedback_instructor ON bootcamp.instructor_feedback (instructor_id);
CREATE UNIQUE INDEX idx_feedback_final ON bootcamp.instructor_feedback (submission_id) WHERE feedback_type = 'final_assessment';

-- -- Who is what to whom: sets for policies, each found once per query (P5) --

-- An account that may look around: no guest of one session, and nobody who does not exist.
CREATE FUNCTION app.is_somebody() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM identity.accounts a
                  WHERE a.id = app.current_user_id() AND a.status = 'active' AND a.guest_session_id IS NULL) $$;
-- Enrolled, and neither dropped nor suspended.
CREATE FUNCTION app.my_courses() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(e.course_id), '{}') FROM bootcamp.enrollments e JOIN bootcamp.courses c ON c.id = e.course_id
   WHERE e.user_id = app.current_user_id() AND e.enrollment_status NOT IN ('dropped', 'suspended') AND c.deleted_at IS NULL $$;
-- Of whose staff one is, as instructor or assistant: sees what learners do there.
CREATE FUNCTION app.my_taught_courses() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(taught.id), '{}') FROM (
    SELECT c.id FROM bootcamp.courses c WHERE c.created_by = app.current_user_id()
    UNION SELECT s.course_id FROM bootcamp.course_staff s WHERE s.user_id = app.current_user_id()) taught $$;
-- Which one leads: writes, grades, enrols. Whoever is no instructor of the platform any more leads nothing.
CREATE FUNCTION app.my_led_courses() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(led.id), '{}') FROM (
    SELECT c.id FROM bootcamp.courses c WHERE c.created_by = app.current_user_id()
    UNION SELECT s.course_id FROM bootcamp.course_staff s WHERE s.user_id = app.current_user_id() AND s.role = 'instructor') led
   WHERE app.has_role('instructor') $$;
CREATE FUNCTION app.my_reviewed_submissions() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(r.submission_id), '{}') FROM bootcamp.peer_reviews r WHERE r.reviewer_id = app.current_user_id() $$;
CREATE FUNCTION app.course_of_module(of_module uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.course_id FROM bootcamp.modules m WHERE m.id = of_module $$;
CREATE FUNCTION app.course_of_lesson(of_lesson uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.course_id FROM bootcamp.lessons l JOIN bootcamp.modules m ON m.id = l.module_id WHERE l.id = of_lesson $$;
CREATE FUNCTION app.course_of_assignment(of_assignment uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app.course_of_lesson(a.lesson_id) FROM bootcamp.assignments a WHERE a.id = of_assignment $$;
CREATE FUNCTION app.course_of_submission(of_submission uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT app.course_of_assignment(s.assignment_id) FROM bootcamp.submissions s WHERE s.id = of_submission $$;
CREATE FUNCTION app.submission_owner(of_submission uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.user_id FROM bootcamp.submissions s WHERE s.id = of_submission $$;
-- Whom one teaches: who is in a session that one hosts or assists, or in a course of whose staff one is.
CREATE OR REPLACE FUNCTION app.my_students() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT taught.user_id), '{}') FROM (
    SELECT p.user_id FROM live.session_participants p WHERE p.session_id = ANY (app.my_staffed_sessions())
    UNION SELECT e.user_id FROM bootcamp.enrollments e WHERE e.course_id = ANY (app.my_taught_courses())) taught $$;
GRANT EXECUTE ON FUNCTION app.is_somebody(), app.my_courses(), app.my_taught_courses(), app.my_led_courses(),
  app.my_reviewed_submissions(), app.course_of_module(uuid), app.course_of_lesson(uuid), app.course_of_assignment(uuid),
  app.course_of_submission(uuid), app.submission_owner(uuid) TO workshop_app;

-- Opens the bootcamp to somebody: to oneself, or by an instructor who needs them there. Without effect the second time.
CREATE FUNCTION bootcamp.open_to(of_user uuid, as_fataplus_user uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF of_user IS DISTINCT FROM app.current_user_id() AND NOT app.has_role('instructor', 'admin') THEN
    RAISE EXCEPTION 'only instructors bring others in' USING ERRCODE = '42501', COLUMN = 'user_id';
  END IF;
  INSERT INTO bootcamp.users (id, fataplus_user_id)
    SELECT a.id, as_fataplus_user FROM identity.accounts a
     WHERE a.id = of_user AND a.status IN ('active', 'invited') AND a.guest_session_id IS NULL
    ON CONFLICT (id) DO NOTHING;
END $$;
GRANT EXECUTE ON FUNCTION bootcamp.open_to(uuid, uuid) TO workshop_app;

-- -- State machines (domain.md 3) --

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('enrollment', '', 'enrolled', false, 'default'),
  ('enrollment', 'enrolled', 'in_progress', false, 'first lesson begun'),
  ('enrollment', 'in_progress', 'completed', false, 'all required lessons are completed'),
  ('enrollment', 'enrolled', 'dropped', false, 'leaves'),
  ('enrollment', 'in_progress', 'dropped', false, 'leaves'),
  ('enrollment', 'dropped', 'enrolled', false, 'comes back'),
  ('enrollment', 'enrolled', 'suspended', false, 'by staff'),
  ('enrollment', 'in_progress', 'suspended', false, 'by staff'),
  ('enrollment', 'suspended', 'enrolled', false, 'by staff'),
  ('enrollment', 'suspended', 'in_progress', false, 'by staff'),
  ('enrollment', 'suspended', 'dropped', false, 'by staff'),
  ('lesson', '', 'not_started', false, 'default'),
  ('lesson', '', 'in_progress', false, 'begun at once'),
  ('lesson', 'not_started', 'in_progress', false, 'opened'),
  ('lesson', 'in_progress', 'completed', false, 'finished'),
  ('lesson', 'completed', 'in_progress', false, 'visited again'),
  ('submission', '', 'draft', false, 'default'),
  ('submission', '', 'submitted', false, 'handed in at once'),
  ('submission', 'draft', 'submitted', false, 'handed in'),
  ('submission', 'submitted', 'draft', false, 'withdrawn before somebody looked'),
  ('submission', 'submitted', 'under_review', false, 'somebody looks at it'),
  ('submission', 'submitted', 'graded', false, 'graded at once'),
  ('submission', 'under_review', 'graded', false, 'graded'),
  ('submission', 'under_review', 'revision_requested', false, 'needs more work'),
  ('submission', 'revision_requested', 'draft', false, 'works on it'),
  ('submission', 'revision_requested', 'submitted', false, 'handed in again'),
  ('submission', 'graded', 'under_review', false, 'looked at again'),
  ('feedback', '', 'initial_review', false, 'the first word'),
  ('feedback', 'initial_review', 'revision_feedback', false, 'of a revision'),
  ('feedback', 'revision_feedback', 'revision_feedback', false, 'of another revision'),
  ('feedback', 'initial_review', 'final_assessment', false, 'the last word'),
  ('feedback', 'revision_feedback', 'final_assessment', false, 'the last word');

CREATE TRIGGER state BEFORE INSERT OR UPDATE OF enrollment_status ON bootcamp.enrollments
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('enrollment', 'enrollment_status');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON bootcamp.lesson_progress
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('lesson', 'status');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON bootcamp.submissions
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('submission', 'status');

-- -- Rules of the rows; triggers of one table run by their names: guard, settle, state, touch --

CREATE FUNCTION bootcamp.settle_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.published THEN NEW.published_at := coalesce(NEW.published_at, clock_timestamp()); END IF;
  IF TG_OP = 'UPDATE' THEN
    NEW.published_at := coalesce(OLD.published_at, NEW.published_at);
    IF OLD.published_at IS NOT NULL AND NEW.slug <> OLD.slug THEN
      RAISE EXCEPTION 'the slug of a course that was published stays' USING ERRCODE = '42501', COLUMN = 'slug';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE INSERT OR UPDATE ON bootcamp.courses FOR EACH ROW EXECUTE FUNCTION bootcamp.settle_course();

-- D62: whoever makes a course teaches it.
CREATE FUNCTION bootcamp.appoint_creator() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO bootcamp.course_staff (course_id, user_id) VALUES (NEW.id, NEW.created_by);
  RETURN NULL;
END $$;
CREATE TRIGGER appoint AFTER INSERT ON bootcamp.courses FOR EACH ROW
  WHEN (NEW.created_by IS NOT NULL) EXECUTE FUNCTION bootcamp.appoint_creator();

-- P6: of an enrolment its owner sets only whether they are in it, staff also whether they may be; what was learned sets the rest.
CREATE FUNCTION bootcamp.guard_enrollment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kept constant text[] := ARRAY['id', 'user_id', 'course_id', 'enrollment_date', 'completion_date', 'progress_percentage',
    'time_spent_minutes', 'certificate_issued', 'certificate_issued_at', 'certificate_problem'];
  named text;
  may   boolean;
BEGIN
  IF current_user <> 'workshop_app' OR app.is_admin() THEN RETURN NEW; END IF;
  IF TG_OP = 'INSERT' THEN
    may := NEW.enrollment_status = 'enrolled' AND NEW.progress_percentage = 0 AND NEW.time_spent_minutes = 0
       AND NOT NEW.certificate_issued;
  ELSE
    FOREACH named IN ARRAY kept LOOP
      IF to_jsonb(NEW) -> named IS DISTINCT FROM to_jsonb(OLD) -> named THEN
        RAISE EXCEPTION '% is not yours to set', named USING ERRCODE = '42501', COLUMN = named;
      END IF;
    END LOOP;
    may := NEW.enrollment_status = OLD.enrollment_status OR CASE
      WHEN NEW.user_id = app.current_user_id() THEN NEW.enrollment_status IN ('enrolled', 'dropped') AND OLD.enrollment_status <> 'suspended'
      ELSE NEW.enrollment_status <> 'completed' AND (NEW.enrollment_status <> 'in_progress' OR OLD.enrollment_status = 'suspended') END;
  END IF;
  IF NOT may THEN
    RAISE EXCEPTION 'enrollment_status % is not yours to set', NEW.enrollment_status USING ERRCODE = '42501', COLUMN = 'enrollment_status';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bootcamp.enrollments FOR EACH ROW EXECUTE FUNCTION bootcamp.guard_enrollment();

CREATE FUNCTION bootcamp.guard_lesson_progress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> 'workshop_app' OR app.is_admin() THEN RETURN NEW; END IF;
  IF NEW.attempts_count <> (CASE TG_OP WHEN 'INSERT' THEN 0 ELSE OLD.attempts_count END)
     OR NEW.best_score IS DISTINCT FROM (CASE TG_OP WHEN 'INSERT' THEN NULL ELSE OLD.best_score END) THEN
    RAISE EXCEPTION 'a score follows from an attempt' USING ERRCODE = '42501', COLUMN = 'best_score';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bootcamp.lesson_progress FOR EACH ROW EXECUTE FUNCTION bootcamp.guard_lesson_progress();

-- D64: a lesson of the course that one is enrolled in; times follow the status.
CREATE FUNCTION bootcamp.settle_lesson_progress() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM bootcamp.enrollments e WHERE e.id = NEW.enrollment_id AND e.course_id = app.course_of_lesson(NEW.lesson_id)) THEN
    RAISE EXCEPTION 'this course has no such lesson' USING ERRCODE = '23503', CONSTRAINT = 'lesson_progress_lesson_id_fkey',
      TABLE = 'lesson_progress';
  END IF;
  IF NEW.status <> 'not_started' THEN NEW.started_at := coalesce(NEW.started_at, clock_timestamp()); END IF;
  IF NEW.status = 'completed' AND (TG_OP = 'INSERT' OR OLD.status <> 'completed') THEN NEW.completed_at := clock_timestamp(); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE INSERT OR UPDATE ON bootcamp.lesson_progress
  FOR EACH ROW EXECUTE FUNCTION bootcamp.settle_lesson_progress();

-- Of every assignment that is to be passed, something that was graded well enough (domain.md 2.3).
CREATE FUNCTION bootcamp.has_passed(of_user uuid, of_course uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (
    SELECT FROM bootcamp.assignments a JOIN bootcamp.lessons l ON l.id = a.lesson_id JOIN bootcamp.modules m ON m.id = l.module_id
     WHERE m.course_id = of_course AND m.is_required AND num_nonnulls(a.deleted_at, l.deleted_at, m.deleted_at) = 0
       AND a.passing_score IS NOT NULL AND NOT EXISTS (
         SELECT FROM bootcamp.submissions s
          WHERE s.assignment_id = a.id AND s.user_id = of_user AND s.status = 'graded' AND s.score >= a.passing_score)) $$;

-- B087: how far an enrolment is follows from the lessons of its required modules. What was completed stays so.
CREATE FUNCTION bootcamp.measure(of_enrollment uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  enrolled bootcamp.enrollments%ROWTYPE;
  percent  numeric;
BEGIN
  SELECT * INTO enrolled FROM bootcamp.enrollments e WHERE e.id = of_enrollment FOR UPDATE;
  IF enrolled.enrollment_status NOT IN ('enrolled', 'in_progress') THEN RETURN; END IF;
  SELECT coalesce(round(100.0 * count(p.completed_at) / nullif(count(*), 0), 2), 0) INTO percent
    FROM bootcamp.lessons l JOIN bootcamp.modules m ON m.id = l.module_id
    LEFT JOIN bootcamp.lesson_progress p ON p.lesson_id = l.id AND p.enrollment_id = of_enrollment
   WHERE m.course_id = enrolled.course_id AND m.is_required AND m.deleted_at IS NULL AND l.deleted_at IS NULL;
  UPDATE bootcamp.enrollments e SET progress_percentage = percent,
         enrollment_status = CASE WHEN e.enrollment_status = 'enrolled' AND EXISTS (
           SELECT FROM bootcamp.lesson_progress p WHERE p.enrollment_id = of_enrollment AND p.status <> 'not_started')
           THEN 'in_progress' ELSE e.enrollment_status END
   WHERE e.id = of_enrollment;
  UPDATE bootcamp.enrollments e SET enrollment_status = 'completed', completion_date = clock_timestamp()
   WHERE e.id = of_enrollment AND e.enrollment_status = 'in_progress' AND e.progress_percentage = 100
     AND bootcamp.has_passed(e.user_id, e.course_id);
END $$;

CREATE FUNCTION bootcamp.follow_lesson() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE bootcamp.enrollments e SET last_accessed_at = clock_timestamp(), current_lesson_id = NEW.lesson_id,
         current_module_id = (SELECT l.module_id FROM bootcamp.lessons l WHERE l.id = NEW.lesson_id),
         time_spent_minutes = greatest(0, e.time_spent_minutes + NEW.time_spent_minutes - coalesce(OLD.time_spent_minutes, 0))
   WHERE e.id = NEW.enrollment_id;
  PERFORM bootcamp.measure(NEW.enrollment_id);
  RETURN NULL;
END $$;
CREATE TRIGGER follow AFTER INSERT OR UPDATE ON bootcamp.lesson_progress FOR EACH ROW EXECUTE FUNCTION bootcamp.follow_lesson();

-- What is required changes under those who are learning.
CREATE FUNCTION bootcamp.measure_course() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE changed uuid := CASE TG_TABLE_NAME WHEN 'lessons' THEN app.course_of_module((to_jsonb(NEW) ->> 'module_id')::uuid)
                                           ELSE (to_jsonb(NEW) ->> 'course_id')::uuid END;
BEGIN
  PERFORM bootcamp.measure(e.id) FROM bootcamp.enrollments e
    WHERE e.course_id = changed AND e.enrollment_status = 'in_progress';
  RETURN NULL;
END $$;
CREATE TRIGGER measure AFTER INSERT OR UPDATE OF deleted_at ON bootcamp.lessons
  FOR EACH ROW EXECUTE FUNCTION bootcamp.measure_course();
CREATE TRIGGER measure AFTER UPDATE OF deleted_at, is_required ON bootcamp.modules
  FOR EACH ROW EXECUTE FUNCTION bootcamp.measure_course();

-- D72: a quiz is scored where its answers are. `answers`: what was answered by the id of the question; percent of the right ones.
CREATE FUNCTION bootcamp.attempt(of_progress uuid, answers jsonb) RETURNS numeric
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE reached numeric;
BEGIN
  SELECT round(100.0 * count(*) FILTER (WHERE answers -> (question ->> 'id') = question -> 'key') / nullif(count(*), 0), 2) INTO reached
    FROM bootcamp.lesson_progress p JOIN bootcamp.enrollments e ON e.id = p.enrollment_id JOIN bootcamp.lessons l ON l.id = p.lesson_id,
         jsonb_array_elements(l.interactive_elements -> 'questions') question
   WHERE p.id = of_progress AND e.user_id = app.current_user_id() AND e.enrollment_status NOT IN ('dropped', 'suspended')
     AND l.deleted_at IS NULL AND question ? 'key';
  IF reached IS NULL THEN RETURN NULL; END IF;
  UPDATE bootcamp.lesson_progress p SET attempts_count = p.attempts_count + 1, best_score = greatest(p.best_score, reached),
         status = CASE p.status WHEN 'not_started' THEN 'in_progress' ELSE p.status END
   WHERE p.id = of_progress;
  RETURN reached;
END $$;
GRANT EXECUTE ON FUNCTION bootcamp.attempt(uuid, jsonb) TO workshop_app;

-- P6: the author writes and hands in, staff grade, and neither does the other's part.
CREATE FUNCTION bootcamp.guard_submission() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE named text;
BEGIN
  IF current_user <> 'workshop_app' OR app.is_admin() THEN RETURN NEW; END IF;
  IF TG_OP = 'INSERT' THEN
    named := CASE WHEN NEW.status NOT IN ('draft', 'submitted') THEN 'status' END;
  ELSIF NEW.user_id = app.current_user_id() THEN
    named := CASE WHEN NEW.status <> OLD.status AND NEW.status NOT IN ('draft', 'submitted') THEN 'status'
                  WHEN NEW.submission_content <> OLD.submission_content AND OLD.status NOT IN ('draft', 'revision_requested') THEN 'submission_content' END;
  ELSE
    named := CASE WHEN NEW.status <> OLD.status AND NEW.status NOT IN ('under_review', 'graded', 'revision_requested') THEN 'status'
                  WHEN NEW.submission_content <> OLD.submission_content THEN 'submission_content'
                  WHEN NEW.final_submission <> OLD.final_submission THEN 'final_submission' END;
  END IF;
  IF TG_OP = 'UPDATE' AND (NEW.user_id, NEW.assignment_id) <> (OLD.user_id, OLD.assignment_id) THEN named := 'assignment_id'; END IF;
  IF named IS NOT NULL THEN
    RAISE EXCEPTION '% is not yours to set now', named USING ERRCODE = '42501', COLUMN = named;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bootcamp.submissions
  FOR EACH ROW EXECUTE FUNCTION app.guard_own('user_id', 'score=', 'feedback=', 'graded_by=', 'graded_at=', 'revision_count=0');
CREATE TRIGGER guard_status BEFORE INSERT OR UPDATE ON bootcamp.submissions
  FOR EACH ROW EXECUTE FUNCTION bootcamp.guard_submission();

-- Times, revisions and who graded follow the status; `late` stands in the content; one final submission at a time (B134, D65).
CREATE FUNCTION bootcamp.settle_submission() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asked bootcamp.assignments%ROWTYPE;
  moved boolean := TG_OP = 'INSERT' OR NEW.status <> OLD.status;
BEGIN
  SELECT * INTO asked FROM bootcamp.assignments a WHERE a.id = NEW.assignment_id;
  IF NEW.score > asked.max_score THEN
    RAISE EXCEPTION 'more than the assignment''s %', asked.max_score USING ERRCODE = '23514', CONSTRAINT = 'score_in_range';
  END IF;
  IF moved AND NEW.status = 'draft' THEN
    NEW.submitted_at := NULL;
    NEW.final_submission := false;
  ELSIF moved AND NEW.status = 'submitted' THEN
    NEW.submitted_at := clock_timestamp();
  ELSIF moved AND NEW.status = 'graded' THEN
    NEW.graded_at := clock_timestamp();
    NEW.graded_by := coalesce(app.current_user_id(), NEW.graded_by);
  END IF;
  IF TG_OP = 'UPDATE' AND moved AND OLD.status = 'revision_requested' THEN NEW.revision_count := OLD.revision_count + 1; END IF;
  NEW.submission_content := NEW.submission_content - 'late';
  IF NEW.submitted_at > asked.due_date THEN NEW.submission_content := NEW.submission_content || '{"late": true}'; END IF;
  IF NEW.final_submission THEN
    UPDATE bootcamp.submissions s SET final_submission = false
     WHERE s.assignment_id = NEW.assignment_id AND s.user_id = NEW.user_id AND s.id <> NEW.id AND s.final_submission;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE INSERT OR UPDATE ON bootcamp.submissions FOR EACH ROW EXECUTE FUNCTION bootcamp.settle_submission();

-- B206: somebody else of the same course. Asked after the rights, so that a refusal tells nothing to whom it does not concern.
CREATE FUNCTION bootcamp.settle_peer_review() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.submission_id, NEW.reviewer_id) <> (OLD.submission_id, OLD.reviewer_id) THEN
    RAISE EXCEPTION 'a review stays with its reviewer' USING ERRCODE = '42501', COLUMN = 'reviewer_id';
  END IF;
  IF TG_OP = 'INSERT' AND (NEW.reviewer_id = app.submission_owner(NEW.submission_id) OR NOT EXISTS (
    SELECT FROM bootcamp.enrollments e WHERE e.user_id = NEW.reviewer_id AND e.course_id = app.course_of_submission(NEW.submission_id)
       AND e.enrollment_status NOT IN ('dropped', 'suspended'))) THEN
    RAISE EXCEPTION 'a reviewer is another learner of the course' USING ERRCODE = '23503', CONSTRAINT = 'peer_reviews_reviewer_id_fkey',
      TABLE = 'peer_reviews';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settle AFTER INSERT OR UPDATE ON bootcamp.peer_reviews FOR EACH ROW EXECUTE FUNCTION bootcamp.settle_peer_review();

-- B219: what was said before decides what may be said now; the last word needs a grade.
CREATE FUNCTION bootcamp.follow_feedback() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  graded  boolean := (SELECT s.status = 'graded' FROM bootcamp.submissions s WHERE s.id = NEW.submission_id FOR UPDATE);
  before  text := coalesce((SELECT f.feedback_type::text FROM bootcamp.instructor_feedback f WHERE f.submission_id = NEW.submission_id AND f.id <> NEW.id
                             ORDER BY f.feedback_type DESC LIMIT 1), '');
  allowed text[] := ARRAY(SELECT t.to_state FROM app.transitions t WHERE t.machine = 'feedback' AND t.from_state = before
                             AND (graded OR t.to_state <> 'final_assessment') ORDER BY t.to_state);
BEGIN
  IF NOT NEW.feedback_type::text = ANY (allowed) THEN
    RAISE EXCEPTION 'illegal feedback transition: % -> %', coalesce(nullif(before, ''), '(new)'), NEW.feedback_type
      USING ERRCODE = '23514', CONSTRAINT = 'feedback_transition', DETAIL = array_to_string(allowed, ' ');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER state AFTER INSERT ON bootcamp.instructor_feedback FOR EACH ROW EXECUTE FUNCTION bootcamp.follow_feedback();

CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bootcamp.users
  FOR EACH ROW EXECUTE FUNCTION app.guard_own('id', 'fataplus_user_id=', 'is_active=true', 'last_login_at=', 'deleted_at=');

-- -- Rights (domain.md 4.2) --

SELECT app.protect('bootcamp.users'), app.protect('bootcamp.user_profiles'), app.protect('bootcamp.courses'),
       app.protect('bootcamp.course_staff'), app.protect('bootcamp.modules'), app.protect('bootcamp.lessons'),
       app.protect('bootcamp.enrollments'), app.protect('bootcamp.lesson_progress'), app.protect('bootcamp.assignments'),
       app.protect('bootcamp.submissions'), app.protect('bootcamp.peer_reviews'), app.protect('bootcamp.instructor_feedback');

SELECT app.allow('bootcamp.users', 'own', 'read change', 'id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.users', 'staffed', 'read', 'id = ANY ((SELECT app.my_students())::uuid[])'),
       app.allow('bootcamp.users', 'admin', 'add change', '(SELECT app.is_admin())'),
       app.allow('bootcamp.user_profiles', 'own', 'read add change remove', 'user_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.user_profiles', 'staffed', 'read', 'user_id = ANY ((SELECT app.my_students())::uuid[])'),
       app.allow('bootcamp.user_profiles', 'admin', 'change remove', '(SELECT app.is_admin())');

SELECT app.allow('bootcamp.courses', 'everybody', 'read', 'published AND deleted_at IS NULL AND (SELECT app.is_somebody())'),
       app.allow('bootcamp.courses', 'enrolled', 'read', 'id = ANY ((SELECT app.my_courses())::uuid[])'),   -- also once unpublished
       app.allow('bootcamp.courses', 'own', 'add', 'created_by = (SELECT app.current_user_id()) AND (SELECT app.has_role(''instructor''))'),
       app.allow('bootcamp.courses', 'taught', 'read', 'id = ANY ((SELECT app.my_taught_courses())::uuid[])'),
       app.allow('bootcamp.courses', 'taught', 'change', 'id = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.courses', 'admin', 'add change', '(SELECT app.is_admin())'),
       app.allow('bootcamp.course_staff', 'everybody', 'read', 'EXISTS (SELECT FROM bootcamp.courses c WHERE c.id = course_id)'),
       app.allow('bootcamp.course_staff', 'taught', 'add change remove', 'course_id = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.course_staff', 'admin', 'add change remove', '(SELECT app.is_admin())'),
       app.allow('bootcamp.modules', 'everybody', 'read', 'EXISTS (SELECT FROM bootcamp.courses c WHERE c.id = course_id)'),   -- the syllabus
       app.allow('bootcamp.modules', 'taught', 'add change', 'course_id = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.modules', 'admin', 'add change', '(SELECT app.is_admin())'),
       app.allow('bootcamp.lessons', 'everybody', 'read', 'is_preview AND EXISTS (SELECT FROM bootcamp.modules m WHERE m.id = module_id)'),
       app.allow('bootcamp.lessons', 'enrolled', 'read', 'app.course_of_module(module_id) = ANY ((SELECT app.my_courses())::uuid[])'),
       app.allow('bootcamp.lessons', 'taught', 'read', 'app.course_of_module(module_id) = ANY ((SELECT app.my_taught_courses())::uuid[])'),
       app.allow('bootcamp.lessons', 'taught', 'add change', 'app.course_of_module(module_id) = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.lessons', 'admin', 'add change', '(SELECT app.is_admin())'),
       app.allow('bootcamp.assignments', 'enrolled', 'read', 'app.course_of_lesson(lesson_id) = ANY ((SELECT app.my_courses())::uuid[])'),
       app.allow('bootcamp.assignments', 'taught', 'read', 'app.course_of_lesson(lesson_id) = ANY ((SELECT app.my_taught_courses())::uuid[])'),
       app.allow('bootcamp.assignments', 'taught', 'add change', 'app.course_of_lesson(lesson_id) = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.assignments', 'admin', 'add change', '(SELECT app.is_admin())');

SELECT app.allow('bootcamp.enrollments', 'own', 'read change', 'user_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.enrollments', 'own', 'add', 'user_id = (SELECT app.current_user_id())
         AND EXISTS (SELECT FROM bootcamp.courses c WHERE c.id = course_id AND c.published AND c.deleted_at IS NULL)'),
       app.allow('bootcamp.enrollments', 'taught', 'read', 'course_id = ANY ((SELECT app.my_taught_courses())::uuid[])'),
       app.allow('bootcamp.enrollments', 'taught', 'add change', 'course_id = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.enrollments', 'admin', 'add change', '(SELECT app.is_admin())'),
       app.allow('bootcamp.lesson_progress', 'own', 'read', 'EXISTS (SELECT FROM bootcamp.enrollments e
         WHERE e.id = enrollment_id AND e.user_id = (SELECT app.current_user_id()))'),
       app.allow('bootcamp.lesson_progress', 'own', 'add change', 'EXISTS (SELECT FROM bootcamp.enrollments e
         WHERE e.id = enrollment_id AND e.user_id = (SELECT app.current_user_id()) AND e.enrollment_status NOT IN (''dropped'', ''suspended''))'),
       app.allow('bootcamp.lesson_progress', 'taught', 'read', 'EXISTS (SELECT FROM bootcamp.enrollments e
         WHERE e.id = enrollment_id AND e.course_id = ANY ((SELECT app.my_taught_courses())::uuid[]))'),
       app.allow('bootcamp.submissions', 'own', 'read', 'user_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.submissions', 'own', 'add change', 'user_id = (SELECT app.current_user_id())
         AND app.course_of_assignment(assignment_id) = ANY ((SELECT app.my_courses())::uuid[])'),
       app.allow('bootcamp.submissions', 'taught', 'read', 'status <> ''draft''
         AND app.course_of_assignment(assignment_id) = ANY ((SELECT app.my_taught_courses())::uuid[])'),
       app.allow('bootcamp.submissions', 'taught', 'change', 'status <> ''draft''
         AND app.course_of_assignment(assignment_id) = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.submissions', 'shared', 'read', 'status <> ''draft'' AND id = ANY ((SELECT app.my_reviewed_submissions())::uuid[])'),
       app.allow('bootcamp.submissions', 'admin', 'change', '(SELECT app.is_admin())'),
       app.allow('bootcamp.peer_reviews', 'own', 'read', 'reviewer_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.peer_reviews', 'own', 'change', 'reviewer_id = (SELECT app.current_user_id())
         AND app.course_of_submission(submission_id) = ANY ((SELECT app.my_courses())::uuid[])'),
       -- the author reads it once it says something
       app.allow('bootcamp.peer_reviews', 'shared', 'read', 'overall_score IS NOT NULL AND app.submission_owner(submission_id) = (SELECT app.current_user_id())'),
       app.allow('bootcamp.peer_reviews', 'taught', 'read add remove', 'app.course_of_submission(submission_id) = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.peer_reviews', 'admin', 'add remove', '(SELECT app.is_admin())'),
       app.allow('bootcamp.instructor_feedback', 'shared', 'read', 'app.submission_owner(submission_id) = (SELECT app.current_user_id())'),
       app.allow('bootcamp.instructor_feedback', 'taught', 'read', 'app.course_of_submission(submission_id) = ANY ((SELECT app.my_taught_courses())::uuid[])'),
       app.allow('bootcamp.instructor_feedback', 'taught', 'add', 'instructor_id = (SELECT app.current_user_id())
         AND app.submission_owner(submission_id) <> (SELECT app.current_user_id())
         AND (app.course_of_submission(submission_id) = ANY ((SELECT app.my_led_courses())::uuid[])
           OR feedback_type <> ''final_assessment'' AND app.course_of_submission(submission_id) = ANY ((SELECT app.my_taught_courses())::uuid[]))'),
       app.allow('bootcamp.instructor_feedback', 'admin', 'add', '(SELECT app.is_admin()) AND instructor_id = (SELECT app.current_user_id())
         AND app.submission_owner(submission_id) <> (SELECT app.current_user_id())');

-- A published module is for whoever has an account, not for everybody who names an id: else no server starts beside one
-- (preconditions.py).
DROP POLICY IF EXISTS published ON workbook.workshop_modules;
CREATE POLICY published ON workbook.workshop_modules FOR SELECT TO workshop_app
  USING (is_published AND (SELECT EXISTS (SELECT FROM identity.accounts a WHERE a.id = app.current_user_id())));
