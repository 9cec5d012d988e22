-- Working and talking together: design projects with their teams and files, discussions with replies and votes (B137-B203).

CREATE TYPE bootcamp.project_type AS ENUM ('individual', 'pair', 'team');
CREATE TYPE bootcamp.project_status AS ENUM ('planning', 'in_progress', 'review', 'completed', 'archived');
CREATE TYPE bootcamp.team_role AS ENUM ('lead_designer', 'ux_researcher', 'visual_designer', 'developer', 'researcher');
CREATE TYPE bootcamp.asset_type AS ENUM ('figma_file', 'image', 'document', 'prototype', 'research', 'presentation');
CREATE TYPE bootcamp.discussion_type AS ENUM ('question', 'clarification', 'feedback', 'showcase', 'general');

-- What a row is once it is made: trigger arguments are columns that nobody changes over REST.
CREATE FUNCTION app.keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE named text;
BEGIN
  IF current_user <> 'workshop_app' THEN RETURN NEW; END IF;
  FOREACH named IN ARRAY TG_ARGV LOOP
    IF to_jsonb(NEW) -> named IS DISTINCT FROM to_jsonb(OLD) -> named THEN
      RAISE EXCEPTION '% stays as it is', named USING ERRCODE = '42501', COLUMN = named;
    END IF;
  END LOOP;
  RETURN NEW;
END $$;

-- D64: a lesson is of its module and a module of its course, also where a row names all three; what is left out follows. Not while
-- a foreign key is being cleared: triggers with WHEN (pg_trigger_depth() = 0).
CREATE FUNCTION bootcamp.settle_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  lesson uuid := to_jsonb(NEW) ->> 'lesson_id';
  found_ uuid;
BEGIN
  IF lesson IS NOT NULL THEN
    SELECT l.module_id INTO found_ FROM bootcamp.lessons l WHERE l.id = lesson;
    NEW.module_id := coalesce(NEW.module_id, found_);
    IF NEW.module_id <> found_ THEN
      RAISE EXCEPTION 'this module has no such lesson' USING ERRCODE = '23503', TABLE = TG_TABLE_NAME,
        CONSTRAINT = TG_TABLE_NAME || '_lesson_id_fkey';
    END IF;
  END IF;
  IF NEW.module_id IS NOT NULL THEN
    SELECT m.course_id INTO found_ FROM bootcamp.modules m WHERE m.id = NEW.module_id;
    NEW.course_id := coalesce(NEW.course_id, found_);
    IF NEW.course_id <> found_ THEN
      RAISE EXCEPTION 'this course has no such module' USING ERRCODE = '23503', TABLE = TG_TABLE_NAME,
        CONSTRAINT = TG_TABLE_NAME || '_module_id_fkey';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE TABLE bootcamp.design_projects (
  id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title               varchar(255) NOT NULL CONSTRAINT check_project_title CHECK (btrim(title) <> ''),
  description         text NOT NULL,
  project_brief       text,
  course_id           uuid REFERENCES bootcamp.courses (id) ON DELETE SET NULL,
  module_id           uuid REFERENCES bootcamp.modules (id) ON DELETE SET NULL,
  project_type        bootcamp.project_type NOT NULL DEFAULT 'team',
  max_team_size       integer NOT NULL DEFAULT 4 CONSTRAINT check_team_size CHECK (max_team_size BETWEEN 1 AND 50),
  client_organization varchar(255),
  project_domain      varchar(100),
  technologies        text[] NOT NULL DEFAULT '{}' CONSTRAINT check_technologies CHECK (cardinality(technologies) <= 50),
  deliverables        jsonb NOT NULL DEFAULT '[]' CONSTRAINT check_deliverables CHECK (jsonb_typeof(deliverables) = 'array'),
  timeline_weeks      integer CONSTRAINT check_timeline CHECK (timeline_weeks > 0),
  status              bootcamp.project_status NOT NULL DEFAULT 'planning',
  created_by          uuid REFERENCES bootcamp.users (id) ON DELETE SET NULL,
  created_at          timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at          timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at          timestamptz,
  CONSTRAINT check_individual CHECK (project_type <> 'individual' OR max_team_size = 1),        -- D68
  CONSTRAINT check_pair CHECK (project_type <> 'pair' OR max_team_size = 2)
);
CREATE INDEX idx_projects_course ON bootcamp.design_projects (course_id, created_at DESC);
CREATE INDEX idx_projects_module ON bootcamp.design_projects (module_id);
CREATE INDEX idx_projects_creator ON bootcamp.design_projects (created_by);

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('project', '', 'planning', false, 'default'),
  ('project', 'planning', 'in_progress', false, 'team starts'),
  ('project', 'in_progress', 'review', false, 'handed in'),
  ('project', 'review', 'in_progress', false, 'changes requested'),
  ('project', 'review', 'completed', false, 'accepted'),
  ('project', 'completed', 'in_progress', false, 'reopened'),
  ('project', 'completed', 'archived', false, 'archived'),
  ('project', 'planning', 'archived', false, 'abandoned'),
  ('project', 'in_progress', 'archived', false, 'abandoned'),
  ('project', 'archived', 'in_progress', false, 'restored');

CREATE TABLE bootcamp.project_teams (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id         uuid NOT NULL REFERENCES bootcamp.design_projects (id) ON DELETE CASCADE,
  user_id            uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE CASCADE,
  role               bootcamp.team_role NOT NULL DEFAULT 'researcher',
  joined_at          timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  is_active          boolean NOT NULL DEFAULT true,
  contribution_score decimal(3,2) CONSTRAINT check_contribution CHECK (contribution_score BETWEEN 0 AND 5),   -- D66
  CONSTRAINT idx_project_user UNIQUE (project_id, user_id)                                       -- B161, B162, D58
);
CREATE INDEX idx_project_teams_user ON bootcamp.project_teams (user_id);

-- D68: how many seats a project has follows from its type, and they are counted under a lock of the project.
CREATE FUNCTION bootcamp.settle_project() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.max_team_size := CASE NEW.project_type WHEN 'individual' THEN 1 WHEN 'pair' THEN 2 ELSE NEW.max_team_size END;
  IF (SELECT count(*) FROM bootcamp.project_teams t WHERE t.project_id = NEW.id AND t.is_active) > NEW.max_team_size THEN
    RAISE EXCEPTION 'more people work on it than that' USING ERRCODE = '23P01', CONSTRAINT = 'team_has_room';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE INSERT OR UPDATE OF project_type, max_team_size ON bootcamp.design_projects
  FOR EACH ROW EXECUTE FUNCTION bootcamp.settle_project();
CREATE TRIGGER fill BEFORE INSERT OR UPDATE OF course_id, module_id ON bootcamp.design_projects
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION bootcamp.settle_place();
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON bootcamp.design_projects
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('project', 'status');
CREATE TRIGGER keep BEFORE UPDATE ON bootcamp.design_projects
  FOR EACH ROW EXECUTE FUNCTION app.keep('created_by', 'course_id');

-- Asked after the rights, so that a refusal tells nothing to whom it does not concern.
CREATE FUNCTION bootcamp.settle_team() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE project bootcamp.design_projects%ROWTYPE;
BEGIN
  SELECT * INTO project FROM bootcamp.design_projects d WHERE d.id = NEW.project_id FOR NO KEY UPDATE;
  IF NOT NEW.is_active THEN RETURN NULL; END IF;
  IF (SELECT count(*) FROM bootcamp.project_teams t
       WHERE t.project_id = NEW.project_id AND t.is_active) > project.max_team_size THEN
    RAISE EXCEPTION 'the team is full' USING ERRCODE = '23P01', CONSTRAINT = 'team_has_room';
  END IF;
  -- A course's project is for those of the course.
  IF project.course_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM bootcamp.enrollments e WHERE e.course_id = project.course_id AND e.user_id = NEW.user_id
       AND e.enrollment_status NOT IN ('dropped', 'suspended')
    UNION ALL SELECT 1 FROM bootcamp.course_staff s WHERE s.course_id = project.course_id AND s.user_id = NEW.user_id
    UNION ALL SELECT 1 FROM bootcamp.courses c WHERE c.id = project.course_id AND c.created_by = NEW.user_id) THEN
    RAISE EXCEPTION 'is not of this course' USING ERRCODE = '23503', TABLE = 'project_teams',
      CONSTRAINT = 'project_teams_user_id_fkey';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER settle AFTER INSERT OR UPDATE OF is_active ON bootcamp.project_teams
  FOR EACH ROW EXECUTE FUNCTION bootcamp.settle_team();
CREATE TRIGGER keep BEFORE UPDATE ON bootcamp.project_teams
  FOR EACH ROW EXECUTE FUNCTION app.keep('project_id', 'user_id', 'joined_at');
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bootcamp.project_teams                           -- B160: peers evaluate
  FOR EACH ROW EXECUTE FUNCTION app.guard_own('user_id', 'contribution_score=');

CREATE TABLE bootcamp.design_assets (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id      uuid NOT NULL REFERENCES bootcamp.design_projects (id) ON DELETE CASCADE,
  uploaded_by     uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE RESTRICT,
  asset_type      bootcamp.asset_type NOT NULL DEFAULT 'document',
  file_name       varchar(255) NOT NULL CONSTRAINT check_asset_name CHECK (file_name !~ '[/\\[:cntrl:]]' AND btrim(file_name) <> ''),
  file_url        text NOT NULL CONSTRAINT check_asset_url CHECK (file_url ~ '^(https|s3|store)://'),
  file_size_bytes bigint CONSTRAINT check_asset_size CHECK (file_size_bytes >= 0),
  mime_type       varchar(100),
  version         integer NOT NULL DEFAULT 1 CONSTRAINT check_asset_version CHECK (version > 0),
  is_final        boolean NOT NULL DEFAULT false,
  description     text,
  tags            text[] NOT NULL DEFAULT '{}' CONSTRAINT check_asset_tags CHECK (cardinality(tags) <= 50),
  figma_file_key  varchar(255),
  created_at      timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at      timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at      timestamptz,
  CONSTRAINT idx_assets_version UNIQUE (project_id, file_name, version)
);
CREATE INDEX idx_assets_uploader ON bootcamp.design_assets (uploaded_by);
CREATE UNIQUE INDEX idx_assets_final ON bootcamp.design_assets (project_id, file_name) WHERE is_final AND deleted_at IS NULL;

-- The same name again is the next version; the one that is final takes that from the one before (domain.md 3).
CREATE FUNCTION bootcamp.settle_asset() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM bootcamp.design_projects d WHERE d.id = NEW.project_id FOR NO KEY UPDATE;
  IF TG_OP = 'INSERT' THEN
    NEW.version := 1 + coalesce((SELECT max(a.version) FROM bootcamp.design_assets a
                                  WHERE a.project_id = NEW.project_id AND a.file_name = NEW.file_name), 0);
  END IF;
  IF NEW.is_final AND NEW.deleted_at IS NULL THEN
    UPDATE bootcamp.design_assets a SET is_final = false
     WHERE a.project_id = NEW.project_id AND a.file_name = NEW.file_name AND a.id <> NEW.id AND a.is_final;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE INSERT OR UPDATE OF is_final, deleted_at ON bootcamp.design_assets
  FOR EACH ROW EXECUTE FUNCTION bootcamp.settle_asset();
CREATE TRIGGER keep BEFORE UPDATE ON bootcamp.design_assets FOR EACH ROW EXECUTE FUNCTION
  app.keep('project_id', 'uploaded_by', 'file_name', 'file_url', 'file_size_bytes', 'mime_type', 'version');

CREATE TABLE bootcamp.discussions (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  course_id       uuid REFERENCES bootcamp.courses (id) ON DELETE SET NULL,
  module_id       uuid REFERENCES bootcamp.modules (id) ON DELETE SET NULL,
  lesson_id       uuid REFERENCES bootcamp.lessons (id) ON DELETE SET NULL,
  project_id      uuid REFERENCES bootcamp.design_projects (id) ON DELETE SET NULL,
  author_id       uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE RESTRICT,
  title           varchar(255) NOT NULL CONSTRAINT check_discussion_title CHECK (btrim(title) <> ''),
  content         text NOT NULL CONSTRAINT check_discussion_content CHECK (btrim(content) <> '' AND octet_length(content) <= 262144),
  discussion_type bootcamp.discussion_type NOT NULL DEFAULT 'general',
  is_pinned       boolean NOT NULL DEFAULT false,
  is_resolved     boolean NOT NULL DEFAULT false,
  resolved_by     uuid REFERENCES bootcamp.users (id) ON DELETE SET NULL,
  resolved_at     timestamptz,
  view_count      integer NOT NULL DEFAULT 0 CONSTRAINT check_view_count CHECK (view_count >= 0),
  reply_count     integer NOT NULL DEFAULT 0 CONSTRAINT check_reply_count CHECK (reply_count >= 0),
  search_vector   tsvector GENERATED ALWAYS AS (app.english_tsv(title || ' ' || content)) STORED,
  created_at      timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at      timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at      timestamptz,
  CONSTRAINT check_resolved CHECK (is_resolved = (resolved_at IS NOT NULL))
);
CREATE INDEX idx_discussions_course ON bootcamp.discussions (course_id, created_at DESC);
CREATE INDEX idx_discussions_module ON bootcamp.discussions (module_id);
CREATE INDEX idx_discussions_lesson ON bootcamp.discussions (lesson_id);
CREATE INDEX idx_discussions_project ON bootcamp.discussions (project_id);
CREATE INDEX idx_discussions_resolver ON bootcamp.discussions (resolved_by);
CREATE INDEX idx_discussions_author ON bootcamp.discussions (author_id);
CREATE INDEX idx_discussions_search ON bootcamp.discussions USING gin (search_vector);

-- B200: both ends of "the same discussion" in one key, so that a reply never answers one of another thread (D64).
CREATE TABLE bootcamp.discussion_replies (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  discussion_id   uuid NOT NULL REFERENCES bootcamp.discussions (id) ON DELETE CASCADE,
  author_id       uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE RESTRICT,
  parent_reply_id uuid CONSTRAINT check_reply_parent CHECK (parent_reply_id <> id),
  content         text NOT NULL CONSTRAINT check_reply_content CHECK (btrim(content) <> '' AND octet_length(content) <= 65536),
  is_solution     boolean NOT NULL DEFAULT false,
  helpful_votes   integer NOT NULL DEFAULT 0 CONSTRAINT check_helpful_votes CHECK (helpful_votes >= 0),
  created_at      timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at      timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at      timestamptz,
  CONSTRAINT idx_replies_thread UNIQUE (id, discussion_id),
  CONSTRAINT discussion_replies_parent_reply_id_fkey FOREIGN KEY (parent_reply_id, discussion_id)
    REFERENCES bootcamp.discussion_replies (id, discussion_id) ON DELETE SET NULL (parent_reply_id)
);
CREATE INDEX idx_replies_discussion ON bootcamp.discussion_replies (discussion_id, created_at);
CREATE INDEX idx_replies_parent ON bootcamp.discussion_replies (parent_reply_id, discussion_id);
CREATE INDEX idx_replies_author ON bootcamp.discussion_replies (author_id);
CREATE UNIQUE INDEX idx_replies_one_solution ON bootcamp.discussion_replies (discussion_id) WHERE is_solution AND deleted_at IS NULL;

CREATE TABLE bootcamp.discussion_reply_votes (             -- D69: helpful_votes needs its voters
  reply_id   uuid NOT NULL REFERENCES bootcamp.discussion_replies (id) ON DELETE CASCADE,
  user_id    uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (reply_id, user_id)
);
CREATE INDEX idx_reply_votes_user ON bootcamp.discussion_reply_votes (user_id);

CREATE TABLE bootcamp.discussion_views (                   -- B191, D70: whoever looks again on the same day writes nothing
  discussion_id uuid NOT NULL REFERENCES bootcamp.discussions (id) ON DELETE CASCADE,
  user_id       uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE CASCADE,
  day           date NOT NULL DEFAULT CURRENT_DATE,
  PRIMARY KEY (discussion_id, user_id)
);
CREATE INDEX idx_discussion_views_user ON bootcamp.discussion_views (user_id);

SELECT app.protect('bootcamp.design_projects'), app.protect('bootcamp.project_teams'), app.protect('bootcamp.design_assets'),
       app.protect('bootcamp.discussions'), app.protect('bootcamp.discussion_replies'), app.protect('bootcamp.discussion_reply_votes'),
       app.protect('bootcamp.discussion_views');

-- Counters do not make what somebody wrote newer: only a change that names one of these columns does.
DROP TRIGGER touch ON bootcamp.discussions;
CREATE TRIGGER touch BEFORE UPDATE OF title, content, discussion_type, is_pinned, is_resolved, deleted_at, created_at, updated_at
  ON bootcamp.discussions FOR EACH ROW EXECUTE FUNCTION app.touch();
DROP TRIGGER touch ON bootcamp.discussion_replies;
CREATE TRIGGER touch BEFORE UPDATE OF content, is_solution, deleted_at, created_at, updated_at
  ON bootcamp.discussion_replies FOR EACH ROW EXECUTE FUNCTION app.touch();

CREATE FUNCTION bootcamp.count_replies() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE of_discussion uuid := coalesce(NEW.discussion_id, OLD.discussion_id);
BEGIN
  PERFORM FROM bootcamp.discussions d WHERE d.id = of_discussion FOR NO KEY UPDATE;       -- two replies at once are both counted
  UPDATE bootcamp.discussions SET reply_count =
    (SELECT count(*) FROM bootcamp.discussion_replies r WHERE r.discussion_id = of_discussion AND r.deleted_at IS NULL)
   WHERE id = of_discussion;
  RETURN NULL;
END $$;
CREATE TRIGGER count_ AFTER INSERT OR DELETE OR UPDATE OF deleted_at ON bootcamp.discussion_replies
  FOR EACH ROW EXECUTE FUNCTION bootcamp.count_replies();

CREATE FUNCTION bootcamp.count_votes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE of_reply uuid := coalesce(NEW.reply_id, OLD.reply_id);
BEGIN
  PERFORM FROM bootcamp.discussion_replies r WHERE r.id = of_reply FOR NO KEY UPDATE;     -- two votes at once are both counted
  UPDATE bootcamp.discussion_replies SET helpful_votes =
    (SELECT count(*) FROM bootcamp.discussion_reply_votes v WHERE v.reply_id = of_reply)
   WHERE id = of_reply;
  RETURN NULL;
END $$;
CREATE TRIGGER count_ AFTER INSERT OR DELETE ON bootcamp.discussion_reply_votes
  FOR EACH ROW EXECUTE FUNCTION bootcamp.count_votes();

CREATE FUNCTION bootcamp.count_view(of_discussion uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO bootcamp.discussion_views AS v (discussion_id, user_id) VALUES (of_discussion, app.current_user_id())
    ON CONFLICT (discussion_id, user_id) DO UPDATE SET day = CURRENT_DATE WHERE v.day < CURRENT_DATE;
  IF FOUND THEN UPDATE bootcamp.discussions SET view_count = view_count + 1 WHERE id = of_discussion; END IF;
END $$;
GRANT EXECUTE ON FUNCTION bootcamp.count_view(uuid) TO workshop_app;

-- What is left of a course or project is not suddenly for everybody.
CREATE FUNCTION bootcamp.hide_orphan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.deleted_at := coalesce(NEW.deleted_at, clock_timestamp());
  RETURN NEW;
END $$;
CREATE TRIGGER orphan BEFORE UPDATE OF course_id, project_id ON bootcamp.discussions FOR EACH ROW
  WHEN ((OLD.course_id IS NOT NULL AND NEW.course_id IS NULL) OR (OLD.project_id IS NOT NULL AND NEW.project_id IS NULL))
  EXECUTE FUNCTION bootcamp.hide_orphan();
CREATE TRIGGER fill BEFORE INSERT ON bootcamp.discussions
  FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION bootcamp.settle_place();
CREATE TRIGGER keep BEFORE UPDATE ON bootcamp.discussions FOR EACH ROW EXECUTE FUNCTION
  app.keep('author_id', 'course_id', 'module_id', 'lesson_id', 'project_id', 'view_count', 'reply_count');
CREATE TRIGGER keep BEFORE UPDATE ON bootcamp.discussion_replies FOR EACH ROW EXECUTE FUNCTION
  app.keep('author_id', 'discussion_id', 'parent_reply_id', 'is_solution', 'helpful_votes');

-- -- Who sees what --

CREATE FUNCTION app.my_projects() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(t.project_id), '{}') FROM bootcamp.project_teams t JOIN bootcamp.design_projects d ON d.id = t.project_id
   WHERE t.user_id = app.current_user_id() AND t.is_active AND d.deleted_at IS NULL $$;
-- Of which one says who works on them: made by oneself, or of a course that one leads.
CREATE FUNCTION app.my_led_projects() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(d.id), '{}') FROM bootcamp.design_projects d
   WHERE d.created_by = app.current_user_id() OR d.course_id = ANY (app.my_led_courses()) $$;
-- Of which discussions one keeps order (domain.md 4.2 "moderate").
CREATE FUNCTION app.moderates(of_course uuid, of_project uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(of_course = ANY (app.my_taught_courses()), false) OR coalesce(of_project = ANY (app.my_led_projects()), false)
      OR app.is_admin() $$;
GRANT EXECUTE ON FUNCTION app.my_projects(), app.my_led_projects(), app.moderates(uuid, uuid) TO workshop_app;

-- P6: a right is for a whole row. The author's are the words, a moderator's the pin, both say that it is resolved.
CREATE FUNCTION bootcamp.guard_discussion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was     bootcamp.discussions%ROWTYPE;
  refused text;
BEGIN
  IF TG_OP = 'UPDATE' THEN was := OLD; END IF;
  IF NEW.is_resolved IS DISTINCT FROM coalesce(was.is_resolved, false) THEN
    NEW.resolved_by := CASE WHEN NEW.is_resolved THEN app.current_user_id() END;
    NEW.resolved_at := CASE WHEN NEW.is_resolved THEN clock_timestamp() END;
  ELSIF current_user = 'workshop_app' THEN
    NEW.resolved_by := was.resolved_by;
    NEW.resolved_at := was.resolved_at;
  END IF;
  IF current_user <> 'workshop_app' OR app.is_admin() THEN RETURN NEW; END IF;
  IF NEW.is_pinned <> coalesce(was.is_pinned, false) AND NOT app.moderates(NEW.course_id, NEW.project_id) THEN
    refused := 'is_pinned';
  ELSIF TG_OP = 'INSERT' AND (NEW.view_count, NEW.reply_count) <> (0, 0) THEN
    refused := 'view_count';
  ELSIF TG_OP = 'UPDATE' AND NEW.author_id <> app.current_user_id()
    AND (NEW.title, NEW.content, NEW.discussion_type) IS DISTINCT FROM (OLD.title, OLD.content, OLD.discussion_type) THEN
    refused := 'content';
  END IF;
  IF refused IS NOT NULL THEN
    RAISE EXCEPTION '% is not yours to set', refused USING ERRCODE = '42501', COLUMN = refused;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bootcamp.discussions
  FOR EACH ROW EXECUTE FUNCTION bootcamp.guard_discussion();

CREATE FUNCTION bootcamp.guard_reply() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> 'workshop_app' THEN RETURN NEW; END IF;
  IF TG_OP = 'INSERT' AND (NEW.is_solution OR NEW.helpful_votes <> 0) THEN
    RAISE EXCEPTION 'is_solution is not yours to set' USING ERRCODE = '42501', COLUMN = 'is_solution';
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.content <> OLD.content AND NEW.author_id <> app.current_user_id() AND NOT app.is_admin() THEN
    RAISE EXCEPTION 'content is not yours to set' USING ERRCODE = '42501', COLUMN = 'content';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bootcamp.discussion_replies
  FOR EACH ROW EXECUTE FUNCTION bootcamp.guard_reply();

-- A question that is open again has no solution.
CREATE FUNCTION bootcamp.unmark_solution() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE bootcamp.discussion_replies SET is_solution = false WHERE discussion_id = NEW.id AND is_solution;
  RETURN NULL;
END $$;
CREATE TRIGGER unmark AFTER UPDATE OF is_resolved ON bootcamp.discussions FOR EACH ROW
  WHEN (OLD.is_resolved AND NOT NEW.is_resolved) EXECUTE FUNCTION bootcamp.unmark_solution();

-- B200, D69: by who asked, or by who keeps order; at most one, and the question is resolved with it.
CREATE FUNCTION bootcamp.mark_solution(of_reply uuid, marked boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE thread bootcamp.discussions%ROWTYPE;
BEGIN
  SELECT d.* INTO thread FROM bootcamp.discussions d JOIN bootcamp.discussion_replies r ON r.discussion_id = d.id
   WHERE r.id = of_reply AND r.deleted_at IS NULL AND d.deleted_at IS NULL FOR NO KEY UPDATE OF d;
  IF thread.id IS NULL OR NOT (thread.author_id = app.current_user_id() OR app.moderates(thread.course_id, thread.project_id)) THEN
    RAISE EXCEPTION 'is_solution is for who asked to set' USING ERRCODE = '42501', COLUMN = 'is_solution';
  END IF;
  UPDATE bootcamp.discussion_replies SET is_solution = false
   WHERE discussion_id = thread.id AND is_solution AND (id = of_reply) <> marked;
  IF marked THEN
    UPDATE bootcamp.discussion_replies SET is_solution = true WHERE id = of_reply AND NOT is_solution;
    UPDATE bootcamp.discussions SET is_resolved = true WHERE id = thread.id AND NOT is_resolved;
  ELSIF NOT EXISTS (SELECT FROM bootcamp.discussion_replies r WHERE r.discussion_id = thread.id AND r.is_solution) THEN
    UPDATE bootcamp.discussions SET is_resolved = false WHERE id = thread.id AND is_resolved;
  END IF;
END $$;
GRANT EXECUTE ON FUNCTION bootcamp.mark_solution(uuid, boolean) TO workshop_app;

SELECT app.allow('bootcamp.design_projects', 'own', 'read change', 'created_by = (SELECT app.current_user_id())'),
       app.allow('bootcamp.design_projects', 'own', 'add', 'created_by = (SELECT app.current_user_id())
         AND (course_id IS NULL OR course_id = ANY ((SELECT app.my_courses() || app.my_taught_courses())::uuid[]))'),
       app.allow('bootcamp.design_projects', 'taught', 'read change', 'course_id = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.design_projects', 'team', 'read change', 'id = ANY ((SELECT app.my_projects())::uuid[])',
         'id = ANY ((SELECT app.my_projects())::uuid[]) AND deleted_at IS NULL'),
       app.allow('bootcamp.design_projects', 'admin', 'add change remove', '(SELECT app.is_admin())'),
       app.allow('bootcamp.project_teams', 'own', 'read change', 'user_id = (SELECT app.current_user_id())',
         'user_id = (SELECT app.current_user_id()) AND NOT is_active'),
       app.allow('bootcamp.project_teams', 'team', 'read', 'project_id = ANY ((SELECT app.my_projects())::uuid[])'),
       app.allow('bootcamp.project_teams', 'led', 'read add change remove', 'project_id = ANY ((SELECT app.my_led_projects())::uuid[])'),
       app.allow('bootcamp.project_teams', 'admin', 'add change remove', '(SELECT app.is_admin())'),
       app.allow('bootcamp.design_assets', 'team', 'read change',
         'project_id = ANY ((SELECT app.my_projects() || app.my_led_projects())::uuid[])'),
       app.allow('bootcamp.design_assets', 'team', 'add', 'uploaded_by = (SELECT app.current_user_id())
         AND project_id = ANY ((SELECT app.my_projects() || app.my_led_projects())::uuid[])'),
       app.allow('bootcamp.design_assets', 'admin', 'add change remove', '(SELECT app.is_admin())'),
       app.allow('bootcamp.discussions', 'own', 'read change', 'author_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.discussions', 'own', 'add', 'author_id = (SELECT app.current_user_id())
         AND (course_id IS NULL OR course_id = ANY ((SELECT app.my_courses() || app.my_taught_courses())::uuid[]))
         AND (project_id IS NULL OR project_id = ANY ((SELECT app.my_projects() || app.my_led_projects())::uuid[]))'),
       app.allow('bootcamp.discussions', 'everybody', 'read',
         'course_id IS NULL AND project_id IS NULL AND deleted_at IS NULL AND (SELECT app.is_somebody())'),
       app.allow('bootcamp.discussions', 'enrolled', 'read',
         'course_id = ANY ((SELECT app.my_courses())::uuid[]) AND project_id IS NULL AND deleted_at IS NULL'),
       app.allow('bootcamp.discussions', 'team', 'read', 'project_id = ANY ((SELECT app.my_projects())::uuid[]) AND deleted_at IS NULL'),
       app.allow('bootcamp.discussions', 'taught', 'read change', 'course_id = ANY ((SELECT app.my_taught_courses())::uuid[])'),
       app.allow('bootcamp.discussions', 'led', 'read change', 'project_id = ANY ((SELECT app.my_led_projects())::uuid[])'),
       app.allow('bootcamp.discussions', 'admin', 'add change remove', '(SELECT app.is_admin())'),
       -- a reply is for whoever may read what it answers
       app.allow('bootcamp.discussion_replies', 'own', 'read change', 'author_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.discussion_replies', 'own', 'add', 'author_id = (SELECT app.current_user_id())
         AND EXISTS (SELECT FROM bootcamp.discussions d WHERE d.id = discussion_id AND d.deleted_at IS NULL)'),
       app.allow('bootcamp.discussion_replies', 'shared', 'read',
         'EXISTS (SELECT FROM bootcamp.discussions d WHERE d.id = discussion_id AND d.deleted_at IS NULL)'),
       app.allow('bootcamp.discussion_replies', 'taught', 'change', 'EXISTS (SELECT FROM bootcamp.discussions d WHERE d.id = discussion_id
         AND (d.course_id = ANY ((SELECT app.my_taught_courses())::uuid[]) OR d.project_id = ANY ((SELECT app.my_led_projects())::uuid[])))'),
       app.allow('bootcamp.discussion_replies', 'admin', 'add change remove', '(SELECT app.is_admin())'),
       app.allow('bootcamp.discussion_reply_votes', 'own', 'read remove', 'user_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.discussion_reply_votes', 'own', 'add', 'user_id = (SELECT app.current_user_id()) AND EXISTS (
         SELECT FROM bootcamp.discussion_replies r
          WHERE r.id = reply_id AND r.author_id <> (SELECT app.current_user_id()) AND r.deleted_at IS NULL)');
