-- What people ask about their own data (domain.md 4.5, 4.6, B325): to have it all, and to be forgotten.

CREATE TABLE identity.privacy_requests (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id      uuid NOT NULL REFERENCES identity.accounts (id) ON DELETE CASCADE,
  kind         varchar(10) NOT NULL CONSTRAINT check_privacy_kind CHECK (kind IN ('export', 'erase')),
  status       varchar(12) NOT NULL DEFAULT 'pending' CONSTRAINT check_privacy_status
               CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
  requested_by uuid REFERENCES identity.accounts (id) ON DELETE SET NULL,   -- NULL: from the command line
  begins_at    timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,              -- of an erasure: when its grace is over
  due_at       timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP + interval '30 days',
  completed_at timestamptz,
  expires_at   timestamptz,                                -- of an export: until when it can be fetched
  bytes        bigint CONSTRAINT check_export_bytes CHECK (bytes >= 0),
  failure      varchar(40),                                -- a stable code
  created_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT check_privacy_completed CHECK ((status = 'completed') = (completed_at IS NOT NULL))
);
CREATE INDEX idx_privacy_user ON identity.privacy_requests (user_id, created_at DESC);
CREATE INDEX idx_privacy_requester ON identity.privacy_requests (requested_by);
CREATE INDEX idx_privacy_expiry ON identity.privacy_requests (expires_at);
CREATE UNIQUE INDEX idx_privacy_open ON identity.privacy_requests (user_id, kind) WHERE status IN ('pending', 'processing', 'failed');

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('privacy', '', 'pending', false, 'asked for'),
  ('privacy', 'pending', 'processing', false, 'a worker is at it'),
  ('privacy', 'processing', 'pending', false, 'its worker died, or it must wait'),
  ('privacy', 'processing', 'completed', false, 'carried out'),
  ('privacy', 'processing', 'failed', false, 'error'),
  ('privacy', 'failed', 'processing', false, 'tried again'),
  ('privacy', 'pending', 'cancelled', false, 'withdrawn'),
  ('privacy', 'failed', 'cancelled', false, 'withdrawn');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON identity.privacy_requests
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('privacy', 'status');

-- Who has been erased. Copies stand outside this database, for it may be restored to a time before (D84).
CREATE TABLE identity.erasure_tombstones (
  user_id   uuid PRIMARY KEY,
  erased_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

SELECT app.protect('identity.privacy_requests'), app.protect('identity.erasure_tombstones');
GRANT SELECT ON identity.privacy_requests TO workshop_app;
CREATE POLICY own ON identity.privacy_requests FOR SELECT TO workshop_app USING (user_id = (SELECT app.current_user_id()));

-- Sessions that are not over and have nobody else to host them.
CREATE FUNCTION identity.hosted_sessions(person uuid) RETURNS uuid[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(s.id ORDER BY s.id), '{}') FROM live.live_sessions s
   WHERE s.deleted_at IS NULL AND s.status NOT IN ('ended', 'cancelled')
     AND (s.instructor_id = person OR EXISTS (SELECT FROM live.session_participants p
           WHERE p.session_id = s.id AND p.user_id = person AND p.role = 'instructor')) $$;

-- From here on nobody signs in as this person.
CREATE FUNCTION identity.shut_account(person uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE identity.tokens SET revoked_at = clock_timestamp() WHERE user_id = person AND revoked_at IS NULL;
  DELETE FROM identity.credentials WHERE user_id = person;
  DELETE FROM identity.user_roles WHERE user_id = person;
  UPDATE identity.accounts SET status = 'deletion_requested' WHERE id = person AND status IN ('active', 'suspended');
END $$;

-- All rows of one person, as domain.md 4.6 says of each. What was said in sessions and the files in the store are
-- persistence/erasure.py's, which comes first. Safe to repeat. The account stays as a shell: an id that names nobody.
CREATE FUNCTION identity.erase_account(person uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE gone constant text := '[removed]';
BEGIN
  PERFORM FROM identity.accounts a WHERE a.id = person FOR UPDATE;
  PERFORM identity.shut_account(person);

  -- Their own.
  DELETE FROM workbook.workbook_notes WHERE user_id = person;
  DELETE FROM workbook.user_progress WHERE user_id = person;
  DELETE FROM workbook.uploads WHERE user_id = person;
  DELETE FROM workbook.audio_recordings WHERE user_id = person AND (session_id IS NULL OR track = person::text);
  DELETE FROM live.session_recordings WHERE track = person::text;
  DELETE FROM live.session_registrations WHERE user_id = person;
  DELETE FROM live.attendance_credits WHERE user_id = person;                  -- 0050
  DELETE FROM bootcamp.fataplus_integration WHERE user_id = person;
  DELETE FROM bootcamp.external_service_tokens WHERE user_id = person;
  DELETE FROM bootcamp.user_profiles WHERE user_id = person;
  DELETE FROM bootcamp.learning_analytics WHERE user_id = person;
  DELETE FROM bootcamp.submissions WHERE user_id = person;                    -- with reviews and feedback about them
  DELETE FROM bootcamp.enrollments WHERE user_id = person;                    -- with what was learned
  DELETE FROM bootcamp.discussion_views WHERE user_id = person;
  DELETE FROM bootcamp.course_staff WHERE user_id = person;
  DELETE FROM bootcamp.design_projects d WHERE d.created_by = person
     AND NOT EXISTS (SELECT FROM bootcamp.project_teams t WHERE t.project_id = d.id AND t.user_id <> person)
     AND NOT EXISTS (SELECT FROM bootcamp.design_assets a WHERE a.project_id = d.id AND a.uploaded_by <> person)
     AND NOT EXISTS (SELECT FROM bootcamp.discussions x WHERE x.project_id = d.id AND x.author_id <> person);
  DELETE FROM ops.idempotency_keys WHERE user_id = person;

  -- Theirs among others: the place stays, the words go.
  DELETE FROM bootcamp.discussions d WHERE d.author_id = person
     AND NOT EXISTS (SELECT FROM bootcamp.discussion_replies r WHERE r.discussion_id = d.id AND r.author_id <> person);
  UPDATE bootcamp.discussions SET title = gone, content = gone WHERE author_id = person AND (title, content) <> (gone, gone);
  UPDATE bootcamp.discussion_replies SET content = gone WHERE author_id = person AND content <> gone;
  UPDATE bootcamp.peer_reviews r SET strengths = '{}', improvements = '{}', detailed_feedback = NULL, review_criteria =
    (SELECT coalesce(jsonb_object_agg(c.key, c.value) FILTER (WHERE jsonb_typeof(c.value) = 'number'), '{}') FROM jsonb_each(r.review_criteria) c)
   WHERE r.reviewer_id = person;
  UPDATE bootcamp.project_teams SET is_active = false WHERE user_id = person AND is_active;
  UPDATE bootcamp.certificates SET is_revoked = true, revoked_at = clock_timestamp(), revoked_reason = 'holder erased'
   WHERE user_id = person AND NOT is_revoked;
  -- The name of its content was made with the holder's.
  UPDATE bootcamp.certificates SET holder_name_enc = NULL, shows_holder = false, blockchain_hash = NULL, revoked_reason = 'holder erased',
         metadata = metadata - 'distinction'
   WHERE user_id = person;
  UPDATE live.session_participants SET metadata = metadata - ARRAY['scoreBreakdown', 'connectionQuality'] WHERE user_id = person;

  -- The person.
  UPDATE workbook.workbook_users SET subscription_tier = 'basic', workshop_access_granted = false, last_login_at = NULL WHERE id = person;
  UPDATE bootcamp.users SET avatar_url_enc = NULL, bio_enc = NULL, location_enc = NULL, professional_background_enc = NULL,
         agricultural_experience_enc = NULL, design_experience_level = NULL, language_preferences = '{}', timezone = 'UTC',
         is_active = false, last_login_at = NULL, fataplus_user_id = gen_random_uuid() WHERE id = person;
  DELETE FROM identity.tokens WHERE user_id = person;
  INSERT INTO identity.erasure_tombstones (user_id) VALUES (person) ON CONFLICT DO NOTHING;
  UPDATE identity.accounts SET status = 'erased', erased_at = coalesce(erased_at, clock_timestamp()), email_enc = NULL, email_bidx = NULL,
         bidx_key_id = NULL, given_name_enc = NULL, family_name_enc = NULL, full_name_enc = NULL
   WHERE id = person AND status <> 'erased';
END $$;

REVOKE EXECUTE ON FUNCTION identity.hosted_sessions(uuid), identity.shut_account(uuid), identity.erase_account(uuid)
  FROM workshop_app;

-- What is derived from the log is all of it written each time, so that what is not in it any more does not stay here.
CREATE OR REPLACE FUNCTION live.project_scores(session uuid, upto bigint, seen_at timestamptz, me uuid, people jsonb, about jsonb, anew boolean)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE derived constant text[] := ARRAY['scoreBreakdown', 'connectionQuality'];
BEGIN
  PERFORM FROM live.session_heads h WHERE h.session_id = session FOR NO KEY UPDATE;
  INSERT INTO live.projection_cursors AS c (session_id, seq, projected_at, worker, leased_until)
  VALUES (session, upto, seen_at, me, clock_timestamp())
  ON CONFLICT (session_id) DO UPDATE SET seq = upto, projected_at = seen_at
   WHERE anew OR (c.seq, coalesce(c.projected_at, '-infinity')) <= (upto, seen_at);
  IF NOT FOUND THEN RETURN false; END IF;

  UPDATE live.session_participants p
     SET participation_score = r.score, metadata = (p.metadata - derived) || r.metadata
    FROM jsonb_to_recordset(people) AS r ("userId" uuid, score int, metadata jsonb)
   WHERE p.session_id = session AND p.user_id = r."userId"
     AND (p.participation_score <> r.score OR (p.metadata - derived) || r.metadata <> p.metadata);
  UPDATE live.live_sessions s SET metadata = s.metadata || about
   WHERE s.id = session AND s.metadata || about <> s.metadata;
  RETURN true;
END $$;
