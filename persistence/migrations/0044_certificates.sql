-- What somebody has to show for a course: certificates that anybody can check, and how they look (B226-B251, D63, D73-D75).

CREATE TYPE bootcamp.certificate_type AS ENUM ('course_completion', 'program_completion', 'specialization');

CREATE TABLE bootcamp.certificate_templates (
  id                   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  template_name        varchar(255) NOT NULL CONSTRAINT check_template_name CHECK (btrim(template_name) <> ''),
  certificate_type     bootcamp.certificate_type NOT NULL DEFAULT 'course_completion',
  design_file_url      text,
  background_image_url text,
  font_family          varchar(100) NOT NULL DEFAULT 'Inter',
  primary_color        varchar(7) NOT NULL DEFAULT '#10B981' CONSTRAINT check_primary_color CHECK (primary_color ~ '^#[0-9A-Fa-f]{6}$'),
  secondary_color      varchar(7) NOT NULL DEFAULT '#6B7280'
                       CONSTRAINT check_secondary_color CHECK (secondary_color ~ '^#[0-9A-Fa-f]{6}$'),
  layout_config        jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_layout CHECK (jsonb_typeof(layout_config) = 'object'),
  is_active            boolean NOT NULL DEFAULT true,
  created_at           timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX idx_templates_one_active ON bootcamp.certificate_templates (certificate_type) WHERE is_active;   -- B250

-- Whoever becomes the active one of its type ends the former.
CREATE FUNCTION bootcamp.settle_template() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE bootcamp.certificate_templates SET is_active = false
   WHERE certificate_type = NEW.certificate_type AND is_active AND id <> NEW.id;
  RETURN NEW;
END $$;
CREATE TRIGGER settle BEFORE INSERT OR UPDATE OF is_active, certificate_type ON bootcamp.certificate_templates
  FOR EACH ROW WHEN (NEW.is_active) EXECUTE FUNCTION bootcamp.settle_template();

CREATE TRIGGER keep BEFORE UPDATE ON bootcamp.certificate_templates FOR EACH ROW EXECUTE FUNCTION app.keep('created_at');

CREATE SEQUENCE bootcamp.certificate_serial;
GRANT USAGE ON SEQUENCE bootcamp.certificate_serial TO workshop_app, workshop_engine;

-- D63: outlives its holder's account, nameless and revoked, so that its number still answers.
CREATE TABLE bootcamp.certificates (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id            uuid NOT NULL REFERENCES bootcamp.users (id) ON DELETE RESTRICT,
  course_id          uuid NOT NULL REFERENCES bootcamp.courses (id) ON DELETE RESTRICT,
  certificate_type   bootcamp.certificate_type NOT NULL DEFAULT 'course_completion',
  certificate_number varchar(50) NOT NULL
                     CONSTRAINT check_certificate_number CHECK (certificate_number ~ '^FP-[0-9]{4}-[0-9]{6,}-[0-9]$'),
  issue_date         timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expiry_date        timestamptz,
  blockchain_hash    varchar(255),                         -- CIDv1 of the certificate's content (D75)
  verification_url   text,
  is_revoked         boolean NOT NULL DEFAULT false,
  revoked_at         timestamptz,
  revoked_reason     text,
  metadata           jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_certificate_metadata CHECK (jsonb_typeof(metadata) = 'object'),
  holder_name_enc    bytea,                                -- as printed; NULL: erased
  shows_holder       boolean NOT NULL DEFAULT false,       -- the holder wants to be named to whoever checks the number
  template_id        uuid REFERENCES bootcamp.certificate_templates (id) ON DELETE SET NULL,
  CONSTRAINT idx_certificate_number UNIQUE (certificate_number),                                 -- B240, D58
  CONSTRAINT check_expiry CHECK (expiry_date > issue_date),
  CONSTRAINT check_revoked CHECK (is_revoked = (revoked_at IS NOT NULL) AND is_revoked = (revoked_reason IS NOT NULL))
);
CREATE INDEX idx_user_certificate ON bootcamp.certificates (user_id, course_id);
CREATE UNIQUE INDEX idx_certificate_live ON bootcamp.certificates (user_id, course_id, certificate_type) WHERE NOT is_revoked;
CREATE INDEX idx_certificates_course ON bootcamp.certificates (course_id);
CREATE INDEX idx_certificates_template ON bootcamp.certificates (template_id);

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('certificate', '', 'false', false, 'issued'),
  ('certificate', 'false', 'true', false, 'revoked, for good');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF is_revoked ON bootcamp.certificates
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('certificate', 'is_revoked');
CREATE TRIGGER keep BEFORE UPDATE ON bootcamp.certificates FOR EACH ROW EXECUTE FUNCTION
  app.keep('user_id', 'course_id', 'certificate_type', 'certificate_number', 'issue_date', 'expiry_date', 'blockchain_hash',
           'verification_url', 'metadata', 'holder_name_enc');
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bootcamp.certificates
  FOR EACH ROW EXECUTE FUNCTION app.guard_own('user_id', 'is_revoked=false', 'revoked_at=', 'revoked_reason=');

-- P6: revoking is for staff, being named for the holder.
CREATE FUNCTION bootcamp.guard_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'workshop_app' AND NEW.user_id <> app.current_user_id() AND NEW.shows_holder
     AND (TG_OP = 'INSERT' OR NOT OLD.shows_holder) THEN
    RAISE EXCEPTION 'shows_holder is not yours to set' USING ERRCODE = '42501', COLUMN = 'shows_holder';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard_name BEFORE INSERT OR UPDATE OF shows_holder ON bootcamp.certificates
  FOR EACH ROW EXECUTE FUNCTION bootcamp.guard_certificate();

-- B314: for completed courses; several of them, where it is a programme (D73).
CREATE FUNCTION bootcamp.has_completed(of_user uuid, courses uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT FROM unnest(courses) wanted WHERE NOT EXISTS (
    SELECT FROM bootcamp.enrollments e
     WHERE e.user_id = of_user AND e.course_id = wanted AND e.enrollment_status = 'completed')) $$;
GRANT EXECUTE ON FUNCTION bootcamp.has_completed(uuid, uuid[]) TO workshop_app;

CREATE FUNCTION bootcamp.require_completed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT bootcamp.has_completed(NEW.user_id, ARRAY[NEW.course_id]) THEN
    RAISE EXCEPTION 'the course is not completed' USING ERRCODE = '23514', CONSTRAINT = 'certificate_completed';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER completed AFTER INSERT ON bootcamp.certificates
  FOR EACH ROW EXECUTE FUNCTION bootcamp.require_completed();

-- D74: what the enrolment says of it is written with it.
CREATE FUNCTION bootcamp.tell_enrollment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE since timestamptz := (SELECT min(c.issue_date) FROM bootcamp.certificates c
                               WHERE c.user_id = NEW.user_id AND c.course_id = NEW.course_id AND NOT c.is_revoked);
BEGIN
  UPDATE bootcamp.enrollments SET certificate_issued = since IS NOT NULL, certificate_issued_at = since, certificate_problem = NULL
   WHERE user_id = NEW.user_id AND course_id = NEW.course_id;
  RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OF is_revoked ON bootcamp.certificates
  FOR EACH ROW EXECUTE FUNCTION bootcamp.tell_enrollment();

SELECT app.protect('bootcamp.certificates'), app.protect('bootcamp.certificate_templates');

-- Who leads a course signs for it, but not for themselves; assistants do not (domain.md 4.2).
SELECT app.allow('bootcamp.certificates', 'own', 'read change', 'user_id = (SELECT app.current_user_id())'),
       app.allow('bootcamp.certificates', 'taught', 'read change', 'course_id = ANY ((SELECT app.my_led_courses())::uuid[])'),
       app.allow('bootcamp.certificates', 'taught', 'add', 'course_id = ANY ((SELECT app.my_led_courses())::uuid[])
         AND user_id <> (SELECT app.current_user_id())'),
       app.allow('bootcamp.certificates', 'admin', 'add change', '(SELECT app.is_admin())'),
       app.allow('bootcamp.certificate_templates', 'everybody', 'read', 'true'),
       app.allow('bootcamp.certificate_templates', 'admin', 'add change remove', '(SELECT app.is_admin())');
