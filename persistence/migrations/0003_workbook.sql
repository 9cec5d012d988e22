-- The 6FB Workbook's people and modules as documented (W001-W051); e-mail and names are identity.accounts'.

CREATE TABLE workbook.workbook_users (
  id                      uuid PRIMARY KEY REFERENCES identity.accounts (id) ON DELETE CASCADE,
  subscription_tier       varchar(20) NOT NULL DEFAULT 'basic' CONSTRAINT check_subscription_tier
                          CHECK (subscription_tier IN ('basic', 'premium', 'vip')),
  workshop_access_granted boolean NOT NULL DEFAULT true,
  last_login_at           timestamptz,
  created_at              timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at              timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at              timestamptz
);
CREATE INDEX idx_users_subscription ON workbook.workbook_users (subscription_tier);

-- W030-W040: what a module's JSON must hold; persistence/models/module.py checks the rest.
CREATE FUNCTION workbook.module_content_ok(content jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(jsonb_typeof(content -> 'overview') = 'string'
     AND jsonb_typeof(content -> 'learningObjectives') = 'array'
     AND jsonb_typeof(content -> 'resources') = 'array'
     AND CASE WHEN jsonb_typeof(content -> 'lessons') = 'array' THEN (
       SELECT count(*) = count(DISTINCT lesson ->> 'id') AND count(*) = count(DISTINCT lesson ->> 'sortOrder')
          AND coalesce(bool_and(length(lesson ->> 'id') BETWEEN 1 AND 50
                AND lesson ->> 'type' IN ('video', 'text', 'interactive', 'exercise', 'discussion')), true)
       FROM jsonb_array_elements(content -> 'lessons') lesson) ELSE false END, false) $$;

CREATE TABLE workbook.workshop_modules (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title            varchar(100) NOT NULL CONSTRAINT check_module_title CHECK (length(btrim(title)) BETWEEN 5 AND 100),
  description      text,
  module_order     integer NOT NULL CONSTRAINT check_module_order CHECK (module_order BETWEEN 1 AND 6),
  duration_minutes integer NOT NULL CONSTRAINT check_module_duration CHECK (duration_minutes > 0),
  content          jsonb NOT NULL CONSTRAINT check_module_content CHECK (workbook.module_content_ok(content)),
  prerequisites    jsonb NOT NULL DEFAULT '[]' CONSTRAINT check_prerequisites_shape CHECK (app.is_text_set(prerequisites)),
  is_published     boolean NOT NULL DEFAULT false,
  search_vector    tsvector GENERATED ALWAYS AS (app.english_tsv(title || ' ' || coalesce(description, ''))) STORED,  -- D05
  content_version  integer NOT NULL DEFAULT 1,             -- D52: part of every cache key
  created_at       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at       timestamptz,
  -- D08: unique as documented, yet a swap is legal within one transaction, and a deleted module frees its place
  CONSTRAINT idx_modules_order EXCLUDE USING btree (module_order WITH =) WHERE (deleted_at IS NULL)
    DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX idx_modules_published ON workbook.workshop_modules (is_published) WHERE deleted_at IS NULL;
CREATE INDEX idx_modules_search ON workbook.workshop_modules USING gin (search_vector);

-- D09: the ids in a JSON array have no foreign key; existence and absence of cycles are checked here.
CREATE FUNCTION workbook.check_prerequisites() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE missing text;
BEGIN
  SELECT p INTO missing FROM jsonb_array_elements_text(NEW.prerequisites) p
   WHERE NOT EXISTS (SELECT FROM workbook.workshop_modules m WHERE m.id::text = p AND m.deleted_at IS NULL) LIMIT 1;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'prerequisite % is not a module', missing
      USING ERRCODE = '23503', CONSTRAINT = 'check_prerequisites_exist';
  END IF;
  IF EXISTS (
    WITH RECURSIVE needed (id) AS (
      SELECT p FROM jsonb_array_elements_text(NEW.prerequisites) p
      UNION
      SELECT q FROM needed JOIN workbook.workshop_modules m ON m.id::text = needed.id,
                    jsonb_array_elements_text(m.prerequisites) q)
    SELECT FROM needed WHERE id = NEW.id::text) THEN
    RAISE EXCEPTION 'prerequisites of module % form a cycle', NEW.id
      USING ERRCODE = '23514', CONSTRAINT = 'check_prerequisites_acyclic';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER check_prerequisites AFTER INSERT OR UPDATE OF prerequisites ON workbook.workshop_modules
  DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION workbook.check_prerequisites();

CREATE FUNCTION workbook.protect_prerequisite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (TG_OP = 'DELETE' OR (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL))
     AND EXISTS (SELECT FROM workbook.workshop_modules m
                 WHERE m.deleted_at IS NULL AND m.id <> OLD.id AND m.prerequisites ? OLD.id::text) THEN
    RAISE EXCEPTION 'module % is a prerequisite of another module', OLD.id
      USING ERRCODE = '23503', CONSTRAINT = 'module_is_prerequisite';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER protect_prerequisite BEFORE DELETE OR UPDATE OF deleted_at ON workbook.workshop_modules
  FOR EACH ROW EXECUTE FUNCTION workbook.protect_prerequisite();

CREATE FUNCTION workbook.bump_content_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.title, NEW.description, NEW.module_order, NEW.content, NEW.prerequisites, NEW.is_published)
     IS DISTINCT FROM (OLD.title, OLD.description, OLD.module_order, OLD.content, OLD.prerequisites, OLD.is_published) THEN
    NEW.content_version := OLD.content_version + 1;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER bump_content_version BEFORE UPDATE ON workbook.workshop_modules
  FOR EACH ROW EXECUTE FUNCTION workbook.bump_content_version();

SELECT app.protect('workbook.workbook_users'), app.protect('workbook.workshop_modules');
GRANT SELECT ON workbook.workbook_users, workbook.workshop_modules TO workshop_app;
CREATE POLICY own ON workbook.workbook_users FOR SELECT TO workshop_app USING (id = (SELECT app.current_user_id()));
CREATE POLICY published ON workbook.workshop_modules FOR SELECT TO workshop_app
  USING (is_published AND (SELECT app.current_user_id()) IS NOT NULL);
CREATE POLICY staff ON workbook.workshop_modules FOR SELECT TO workshop_app USING ((SELECT app.has_role('instructor')));
