-- Live sessions, who took part, who intends to, and the links that let people in (W167-W223). What happens inside a session
-- is the event log's (0030 and later); status, role, permissions, joined and left here are its projections.

CREATE FUNCTION live.features_ok(features jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$   -- W184-W187, D40
  SELECT CASE WHEN jsonb_typeof(features) <> 'array' THEN false ELSE (
    SELECT count(*) = count(DISTINCT f ->> 'type') AND coalesce(bool_and(coalesce(
             f ->> 'type' IN ('poll', 'qa', 'breakout', 'whiteboard', 'recording', 'chat')
             AND jsonb_typeof(f -> 'isEnabled') = 'boolean' AND jsonb_typeof(f -> 'config') = 'object', false)), true)
    FROM jsonb_array_elements(features) f) END $$;

CREATE FUNCTION live.session_metadata_ok(metadata jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$   -- W188-W191
  SELECT coalesce(jsonb_typeof(metadata -> 'participantCount') = 'number' AND (metadata ->> 'participantCount')::numeric >= 0
     AND coalesce(jsonb_typeof(metadata -> 'recordingUrl'), 'string') = 'string'
     AND coalesce(jsonb_typeof(metadata -> 'summary'), 'string') = 'string'
     AND coalesce((metadata ->> 'engagementScore')::numeric BETWEEN 0 AND 100, true), false) $$;

CREATE FUNCTION live.participant_metadata_ok(metadata jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$   -- W216-W220, D41
  SELECT coalesce((metadata ->> 'totalTimeMinutes')::numeric >= 0 AND (metadata ->> 'interactionCount')::numeric >= 0
     AND (metadata ->> 'questionsAsked')::numeric >= 0 AND (metadata ->> 'pollsAnswered')::numeric >= 0
     AND coalesce(metadata ->> 'connectionQuality' IN ('good', 'fair', 'poor'), true), false) $$;

CREATE TABLE live.live_sessions (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title            varchar(200) NOT NULL CONSTRAINT check_session_title CHECK (length(btrim(title)) BETWEEN 1 AND 200),
  description      text,
  instructor_id    uuid NOT NULL REFERENCES workbook.workbook_users (id) ON DELETE RESTRICT,   -- D45
  module_id        uuid REFERENCES workbook.workshop_modules (id) ON DELETE SET NULL,
  scheduled_start  timestamptz NOT NULL,
  scheduled_end    timestamptz NOT NULL,
  actual_start     timestamptz,
  actual_end       timestamptz,
  max_participants integer NOT NULL DEFAULT 50 CONSTRAINT check_max_participants CHECK (max_participants BETWEEN 1 AND 10000),
  status           varchar(20) NOT NULL DEFAULT 'scheduled' CONSTRAINT check_session_status
                   CHECK (status IN ('scheduled', 'starting', 'active', 'paused', 'ended', 'cancelled')),
  features         jsonb NOT NULL DEFAULT '[]' CONSTRAINT check_features CHECK (live.features_ok(features)),
  metadata         jsonb NOT NULL DEFAULT '{"participantCount": 0}' CONSTRAINT check_session_metadata
                   CHECK (live.session_metadata_ok(metadata)),
  created_at       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at       timestamptz,
  CONSTRAINT check_session_times CHECK (scheduled_end > scheduled_start),
  CONSTRAINT check_actual_times CHECK (actual_end IS NULL OR (actual_start IS NOT NULL AND actual_end >= actual_start)),
  CONSTRAINT check_started CHECK (status NOT IN ('active', 'paused', 'ended') OR actual_start IS NOT NULL),
  CONSTRAINT check_ended CHECK ((actual_end IS NOT NULL) = (status = 'ended') OR status = 'cancelled')
);
CREATE INDEX idx_sessions_instructor ON live.live_sessions (instructor_id);
CREATE INDEX idx_sessions_status ON live.live_sessions (status);
CREATE INDEX idx_sessions_schedule ON live.live_sessions (scheduled_start, scheduled_end);
CREATE INDEX idx_sessions_module ON live.live_sessions (module_id);

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('session', '', 'scheduled', true, 'default'),
  ('session', 'scheduled', 'starting', true, 'instructor begins'),
  ('session', 'starting', 'active', true, 'session fully started'),
  ('session', 'active', 'paused', true, 'temporary pause'),
  ('session', 'paused', 'active', true, 'resume session'),
  ('session', 'active', 'ended', true, 'natural completion'),
  ('session', 'scheduled', 'cancelled', true, 'manual cancellation'),
  ('session', 'starting', 'cancelled', true, 'manual cancellation'),
  ('session', 'active', 'cancelled', true, 'manual cancellation'),
  ('session', 'paused', 'ended', false, 'D38: a paused session must be able to end'),
  ('session', 'paused', 'cancelled', false, 'D38: and to be cancelled'),
  ('session', 'starting', 'scheduled', false, 'D39: start given up before it was active');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON live.live_sessions
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('session', 'status');

-- A row exists from the first real join on (D43); intervals of presence are the log's.
CREATE TABLE live.session_participants (
  id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id          uuid NOT NULL REFERENCES live.live_sessions (id) ON DELETE CASCADE,
  user_id             uuid NOT NULL REFERENCES workbook.workbook_users (id) ON DELETE CASCADE,
  joined_at           timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,   -- first join
  left_at             timestamptz,                                      -- last leave, NULL while present
  role                varchar(20) NOT NULL DEFAULT 'participant' CONSTRAINT check_participant_role
                      CHECK (role IN ('instructor', 'assistant', 'participant', 'observer')),
  permissions         jsonb NOT NULL DEFAULT '["can_speak"]' CONSTRAINT check_permissions CHECK (app.is_text_set(permissions,
                      ARRAY['can_speak', 'can_share_screen', 'can_use_whiteboard', 'can_create_polls', 'can_moderate'])),
  participation_score integer NOT NULL DEFAULT 0 CONSTRAINT check_participation_score CHECK (participation_score BETWEEN 0 AND 100),
  metadata            jsonb NOT NULL
                      DEFAULT '{"totalTimeMinutes": 0, "interactionCount": 0, "questionsAsked": 0, "pollsAnswered": 0}'
                      CONSTRAINT check_participant_metadata CHECK (live.participant_metadata_ok(metadata)),
  created_at          timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at          timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT session_participants_once UNIQUE (session_id, user_id),    -- W213
  CONSTRAINT check_left_after_join CHECK (left_at IS NULL OR left_at >= joined_at),
  -- One instructor row per session; checked at the end of a statement, so one UPDATE can hand the role over.
  CONSTRAINT one_instructor EXCLUDE USING btree (session_id WITH =) WHERE (role = 'instructor') DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX idx_participants_session ON live.session_participants (session_id) WHERE left_at IS NULL;   -- D58: who is present
CREATE INDEX idx_participants_user ON live.session_participants (user_id);
CREATE INDEX idx_participants_role ON live.session_participants (role);

-- A link per session and role; its token is derived from the id by a key outside the database, here is only its hash.
CREATE TABLE live.session_invitations (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id uuid NOT NULL REFERENCES live.live_sessions (id) ON DELETE CASCADE,
  role       varchar(20) NOT NULL CONSTRAINT check_invitation_role CHECK (role IN ('assistant', 'participant', 'observer')),
  token_hash bytea NOT NULL UNIQUE CONSTRAINT check_invitation_hash CHECK (octet_length(token_hash) = 32),
  used_count integer NOT NULL DEFAULT 0 CONSTRAINT check_used_count CHECK (used_count >= 0),
  created_by uuid REFERENCES identity.accounts (id) ON DELETE SET NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX idx_invitations_open ON live.session_invitations (session_id, role) WHERE revoked_at IS NULL;
CREATE INDEX idx_invitations_session ON live.session_invitations (session_id);
CREATE INDEX idx_invitations_creator ON live.session_invitations (created_by);

-- Who intends to come, in which role.
CREATE TABLE live.session_registrations (
  session_id    uuid NOT NULL REFERENCES live.live_sessions (id) ON DELETE CASCADE,
  user_id       uuid NOT NULL REFERENCES workbook.workbook_users (id) ON DELETE CASCADE,
  role          varchar(20) NOT NULL DEFAULT 'participant' CONSTRAINT check_registration_role
                CHECK (role IN ('assistant', 'participant', 'observer')),
  status        varchar(12) NOT NULL DEFAULT 'registered' CONSTRAINT check_registration_status
                CHECK (status IN ('invited', 'registered', 'waitlisted', 'declined', 'cancelled', 'attended', 'no_show')),
  position      bigint GENERATED BY DEFAULT AS IDENTITY,   -- order of the waitlist
  invitation_id uuid REFERENCES live.session_invitations (id) ON DELETE SET NULL,
  created_at    timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at    timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (session_id, user_id)
);
CREATE INDEX idx_registrations_user ON live.session_registrations (user_id);
CREATE INDEX idx_registrations_waiting ON live.session_registrations (session_id, position) WHERE status = 'waitlisted';
CREATE INDEX idx_registrations_invitation ON live.session_registrations (invitation_id);
GRANT USAGE ON SEQUENCE live.session_registrations_position_seq TO workshop_engine;

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('registration', '', 'invited', false, 'staff invite'),
  ('registration', '', 'registered', false, 'registers or opens an invitation'),
  ('registration', '', 'waitlisted', false, 'session full'),
  ('registration', 'invited', 'registered', false, 'accepts'),
  ('registration', 'invited', 'declined', false, 'declines'),
  ('registration', 'invited', 'waitlisted', false, 'accepts, session full'),
  ('registration', 'waitlisted', 'registered', false, 'place freed'),
  ('registration', 'waitlisted', 'cancelled', false, 'withdraws'),
  ('registration', 'registered', 'cancelled', false, 'withdraws'),
  ('registration', 'declined', 'registered', false, 'changes mind'),
  ('registration', 'declined', 'waitlisted', false, 'changes mind, session full'),
  ('registration', 'cancelled', 'registered', false, 'changes mind'),
  ('registration', 'cancelled', 'waitlisted', false, 'changes mind, session full'),
  ('registration', 'invited', 'attended', false, 'joined without accepting'),
  ('registration', 'registered', 'attended', false, 'joined at least once'),
  ('registration', 'waitlisted', 'attended', false, 'admitted at the door'),
  ('registration', 'invited', 'no_show', false, 'session ended'),
  ('registration', 'registered', 'no_show', false, 'session ended');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON live.session_registrations
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('registration', 'status');

-- A guest's account is for one session only.
ALTER TABLE identity.accounts
  ADD COLUMN guest_session_id uuid REFERENCES live.live_sessions (id) ON DELETE RESTRICT,
  ADD COLUMN is_guest boolean NOT NULL GENERATED ALWAYS AS (guest_session_id IS NOT NULL) STORED;
CREATE INDEX idx_accounts_guest_session ON identity.accounts (guest_session_id);
GRANT SELECT (is_guest, guest_session_id) ON identity.accounts TO workshop_app;

-- Sets of ids, computed once per query (P5).
CREATE FUNCTION app.my_staffed_sessions() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(mine.id), '{}') FROM (
    SELECT s.id FROM live.live_sessions s WHERE s.instructor_id = app.current_user_id()
    UNION
    SELECT p.session_id FROM live.session_participants p
     WHERE p.user_id = app.current_user_id() AND p.role IN ('instructor', 'assistant')
    UNION
    SELECT r.session_id FROM live.session_registrations r
     WHERE r.user_id = app.current_user_id() AND r.role = 'assistant' AND r.status IN ('registered', 'attended')) mine $$;

CREATE FUNCTION app.my_sessions() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(mine.id), '{}') FROM (
    SELECT unnest(app.my_staffed_sessions()) AS id
    UNION
    SELECT p.session_id FROM live.session_participants p WHERE p.user_id = app.current_user_id()
    UNION
    SELECT r.session_id FROM live.session_registrations r
     WHERE r.user_id = app.current_user_id()) mine $$;

-- Whose names one may learn: everybody of sessions one staffs or took part in, and the hosts of sessions one may see.
CREATE FUNCTION app.my_people() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(met.id), '{}') FROM (
    SELECT r.user_id AS id FROM live.session_registrations r WHERE r.session_id = ANY (app.my_staffed_sessions())
    UNION
    SELECT p.user_id FROM live.session_participants p WHERE p.session_id = ANY (app.my_staffed_sessions())
    UNION
    SELECT other.user_id FROM live.session_participants mine JOIN live.session_participants other USING (session_id)
     WHERE mine.user_id = app.current_user_id()
    UNION
    SELECT s.instructor_id FROM live.live_sessions s WHERE s.id = ANY (app.my_sessions())) met $$;

GRANT EXECUTE ON FUNCTION app.my_staffed_sessions(), app.my_sessions(), app.my_people() TO workshop_app;

SELECT app.protect('live.live_sessions'), app.protect('live.session_participants'),
       app.protect('live.session_registrations'), app.protect('live.session_invitations');
GRANT SELECT ON live.live_sessions, live.session_participants, live.session_registrations, live.session_invitations TO workshop_app;

-- D55: none of these mentions deleted_at; queries do.
CREATE POLICY mine ON live.live_sessions FOR SELECT TO workshop_app USING (id = ANY ((SELECT app.my_sessions())::uuid[]));
CREATE POLICY own ON live.session_participants FOR SELECT TO workshop_app USING (user_id = (SELECT app.current_user_id()));
CREATE POLICY own ON live.session_registrations FOR SELECT TO workshop_app USING (user_id = (SELECT app.current_user_id()));
CREATE POLICY staff ON live.session_participants FOR SELECT TO workshop_app
  USING (session_id = ANY ((SELECT app.my_staffed_sessions())::uuid[]));
CREATE POLICY staff ON live.session_registrations FOR SELECT TO workshop_app
  USING (session_id = ANY ((SELECT app.my_staffed_sessions())::uuid[]));
CREATE POLICY staff ON live.session_invitations FOR SELECT TO workshop_app
  USING (session_id = ANY ((SELECT app.my_staffed_sessions())::uuid[]));
CREATE POLICY met ON identity.accounts FOR SELECT TO workshop_app USING (id = ANY ((SELECT app.my_people())::uuid[]));
