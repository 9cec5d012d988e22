-- A refusal that was told of a command sent again holds: whichever process still has the first copy, it is not done any more
-- (docs/protocol.md P5). Such a refusal is recorded where commands are, without what it said.
ALTER TABLE live.session_commands
  ADD COLUMN refusal text CONSTRAINT check_refusal CHECK (refusal IS NULL OR (refusal <> '' AND body_hash IS NULL));
GRANT UPDATE (refusal) ON live.session_commands TO workshop_engine;

-- Whoever was removed from a session, or banned, reads and hears nothing more of it, also over REST; an assistant is staff no more.
ALTER TABLE live.session_participants ADD COLUMN admitted boolean NOT NULL DEFAULT true;
CREATE OR REPLACE FUNCTION app.my_staffed_sessions() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(mine.id), '{}') FROM (
    SELECT s.id FROM live.live_sessions s WHERE s.instructor_id = app.current_user_id()
    UNION
    SELECT p.session_id FROM live.session_participants p
     WHERE p.user_id = app.current_user_id() AND p.role IN ('instructor', 'assistant') AND p.admitted
    UNION
    SELECT r.session_id FROM live.session_registrations r
     WHERE r.user_id = app.current_user_id() AND r.role = 'assistant' AND r.status IN ('registered', 'attended')
       AND NOT EXISTS (SELECT FROM live.session_participants p
                        WHERE p.session_id = r.session_id AND p.user_id = r.user_id AND NOT p.admitted)) mine $$;
CREATE OR REPLACE FUNCTION app.my_recordings() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(r.recording_id), '{}')
    FROM live.session_recordings r JOIN live.session_participants p USING (session_id)
   WHERE p.user_id = app.current_user_id() AND p.admitted AND r.track = 'mix' AND r.published $$;

-- As in 0047, and where somebody is removed or let in again.
DO $$
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER audit AFTER UPDATE ON live.session_participants FOR EACH ROW '
    'WHEN ((OLD.role, OLD.permissions, OLD.admitted) IS DISTINCT FROM (NEW.role, NEW.permissions, NEW.admitted)) '
    'EXECUTE FUNCTION audit.capture(%s)', audit.arguments('live.session_participants'));
  EXECUTE format('CREATE OR REPLACE TRIGGER audit_gone AFTER DELETE ON live.session_participants FOR EACH ROW EXECUTE FUNCTION audit.capture(%s)',
    audit.arguments('live.session_participants'));
END $$;

-- As in 0030, and `refuse`, which names commands of this batch; a participant is `admitted` unless it says otherwise.
CREATE OR REPLACE FUNCTION live.carry_out(sessions uuid[], granted int[], doing jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF doing ? 'refuse' THEN
    UPDATE live.session_commands c SET refusal = r.code
      FROM jsonb_to_recordset(doing -> 'refuse') AS r (batch int, user_id uuid, command_id uuid, code text)
     WHERE r.batch = ANY (granted) AND c.session_id = sessions[r.batch] AND c.user_id = r.user_id AND c.command_id = r.command_id;
  END IF;
  IF doing ? 'disarm' THEN
    DELETE FROM live.timers t
     USING jsonb_to_recordset(doing -> 'disarm') AS d (batch int, prefix text)
     WHERE d.batch = ANY (granted) AND t.session_id = sessions[d.batch] AND starts_with(t.key, d.prefix);
  END IF;
  IF doing ? 'arm' THEN
    INSERT INTO live.timers AS t (session_id, key, due_at, command, command_id)
    SELECT sessions[a.batch], a.key, a.due_at, a.command, a.command_id
      FROM jsonb_to_recordset(doing -> 'arm') AS a (batch int, key text, due_at timestamptz, command jsonb, command_id uuid)
     WHERE a.batch = ANY (granted)
    ON CONFLICT (session_id, key) DO UPDATE
       SET due_at = excluded.due_at, command = excluded.command, taken_until = NULL;
  END IF;
  IF doing ? 'drop' THEN
    DELETE FROM live.session_secrets s
     USING jsonb_to_recordset(doing -> 'drop') AS d (batch int, name text)
     WHERE d.batch = ANY (granted) AND s.session_id = sessions[d.batch] AND s.name = d.name;
  END IF;
  IF doing ? 'secret' THEN
    INSERT INTO live.session_secrets (session_id, name, wrapped)
    SELECT sessions[s.batch], s.name, decode(s.wrapped, 'hex')
      FROM jsonb_to_recordset(doing -> 'secret') AS s (batch int, name text, wrapped text)
     WHERE s.batch = ANY (granted)
    ON CONFLICT (session_id, name) DO UPDATE SET wrapped = excluded.wrapped;
  END IF;
  IF doing ? 'blank' THEN
    INSERT INTO live.redactions (session_id, seq)
    SELECT sessions[b.batch], b.seq FROM jsonb_to_recordset(doing -> 'blank') AS b (batch int, seq bigint)
     WHERE b.batch = ANY (granted)
    ON CONFLICT DO NOTHING;
    UPDATE live.session_heads h SET redacted_seq = h.last_seq
      FROM (SELECT DISTINCT sessions[b.batch] AS session_id
              FROM jsonb_to_recordset(doing -> 'blank') AS b (batch int) WHERE b.batch = ANY (granted)) marked
     WHERE h.session_id = marked.session_id;
  END IF;
  IF doing ? 'enqueue' THEN
    INSERT INTO ops.jobs (session_id, kind, key, payload)
    SELECT sessions[j.batch], j.kind, j.key, j.payload
      FROM jsonb_to_recordset(doing -> 'enqueue') AS j (batch int, kind text, key text, payload jsonb)
     WHERE j.batch = ANY (granted)
    ON CONFLICT (session_id, kind, key) WHERE status IN ('queued', 'running') DO NOTHING;
  END IF;
  IF doing ? 'session' THEN
    PERFORM live.project_session(sessions[s.batch], s.row)
       FROM jsonb_to_recordset(doing -> 'session') AS s (batch int, "row" jsonb) WHERE s.batch = ANY (granted);
  END IF;
  IF doing ? 'participant' THEN
    INSERT INTO live.session_participants AS p (session_id, user_id, role, permissions, joined_at, left_at, admitted)
    SELECT sessions[r.batch], r.user_id, r.role, r.permissions, r.joined_at,
           CASE WHEN r.left_at IS NOT NULL THEN greatest(r.left_at, r.joined_at) END,  -- two clocks: joined is the server's
           coalesce(r.admitted, true)
      FROM jsonb_to_recordset(doing -> 'participant')
           AS r (batch int, user_id uuid, role text, permissions jsonb, joined_at timestamptz, left_at timestamptz, admitted boolean)
     WHERE r.batch = ANY (granted)
    ON CONFLICT (session_id, user_id) DO UPDATE
       SET role = excluded.role, permissions = excluded.permissions, joined_at = excluded.joined_at, left_at = excluded.left_at,
           admitted = excluded.admitted;
  END IF;
END $$;

-- As in 0030, and what repeated commands were refused with. Processes of the release before ask by the names they know.
DROP FUNCTION live.append_batches(uuid[], text[], bigint[], bigint[], timestamptz[], int[], bigint[], timestamptz[], uuid[], uuid[],
                                  int[], text[], text[], int[], uuid[], uuid[], bigint[], bytea[], jsonb);
CREATE FUNCTION live.append_batches(
  sessions uuid[], epochs text[], expected bigint[], reached bigint[], reached_at timestamptz[],
  event_batches int[], event_seqs bigint[], event_ats timestamptz[], event_actors uuid[], event_commands uuid[],
  event_versions int[], event_types text[], event_payloads text[],
  command_batches int[], command_users uuid[], command_ids uuid[], command_seqs bigint[], command_hashes bytea[],
  doing jsonb
) RETURNS TABLE (outcome text, batch int, head_epoch text, head_seq bigint, head_at timestamptz,
                 repeated_user uuid, repeated_id uuid, repeated_seq bigint, repeated_hash bytea,
                 repeated_refusal text)
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  free    uuid[];
  locked  int[];
  granted int[];
BEGIN
  -- Whoever waits in turn for a session (append_holding_lock) is let past: SKIP LOCKED alone would overtake them for ever.
  free := ARRAY (SELECT s FROM unnest(sessions) s WHERE pg_try_advisory_xact_lock_shared(live.turn_of(s)));

  -- The heads as they stand once locked; each statement below sees what was committed until then. NO KEY: a foreign key to
  -- the head, checked by somebody else at this moment, must not look like an append.
  WITH head AS MATERIALIZED (
    SELECT h.session_id, h.epoch, h.last_seq FROM live.session_heads h
     WHERE h.session_id = ANY (free) ORDER BY h.session_id FOR NO KEY UPDATE SKIP LOCKED
  )
  SELECT array_agg(b.batch), array_agg(b.batch) FILTER (WHERE b.epoch = head.epoch AND b.expected = head.last_seq)
    INTO locked, granted
    FROM unnest(sessions, epochs, expected) WITH ORDINALITY AS b (session_id, epoch, expected, batch)
    JOIN head USING (session_id);
  locked := coalesce(locked, '{}');
  granted := coalesce(granted, '{}');

  IF cardinality(locked) < cardinality(sessions) THEN
    IF EXISTS (SELECT FROM unnest(sessions) s WHERE NOT EXISTS (SELECT FROM live.session_heads h WHERE h.session_id = s)) THEN
      RAISE EXCEPTION 'a session without a log' USING ERRCODE = 'no_data_found';
    END IF;
    RETURN QUERY SELECT 'busy', b.n, NULL::text, NULL::bigint, NULL::timestamptz, NULL::uuid, NULL::uuid, NULL::bigint, NULL::bytea,
        NULL::text
      FROM generate_subscripts(sessions, 1) AS b (n) WHERE b.n <> ALL (locked);
  END IF;

  IF cardinality(command_ids) > 0 THEN
    RETURN QUERY SELECT 'repeated', c.batch, NULL::text, NULL::bigint, NULL::timestamptz, s.user_id, s.command_id, s.seq, s.body_hash,
        s.refusal
      FROM unnest(command_batches, command_users, command_ids) AS c (batch, user_id, command_id)
      JOIN live.session_commands s
        ON s.session_id = sessions[c.batch] AND s.user_id = c.user_id AND s.command_id = c.command_id
     WHERE c.batch = ANY (locked);
    IF FOUND THEN
      SELECT array_agg(g) INTO granted FROM unnest(granted) g
       WHERE NOT EXISTS (SELECT FROM unnest(command_batches, command_users, command_ids) AS c (batch, user_id, command_id)
                           JOIN live.session_commands s
                             ON s.session_id = sessions[g] AND s.user_id = c.user_id AND s.command_id = c.command_id
                          WHERE c.batch = g);
      granted := coalesce(granted, '{}');
    END IF;
  END IF;

  IF cardinality(granted) < cardinality(locked) THEN
    RETURN QUERY SELECT 'moved', l.n, h.epoch, h.last_seq, h.last_at, NULL::uuid, NULL::uuid, NULL::bigint, NULL::bytea,
        NULL::text
      FROM unnest(locked) AS l (n) JOIN live.session_heads h ON h.session_id = sessions[l.n]
     WHERE l.n <> ALL (granted);
  END IF;

  INSERT INTO live.session_events (session_id, seq, at, actor, command_id, version, type, payload)
  SELECT sessions[e.batch], e.seq, e.at, e.actor, e.command_id, e.version, e.type, e.payload::jsonb
    FROM unnest(event_batches, event_seqs, event_ats, event_actors, event_commands, event_versions, event_types, event_payloads)
         AS e (batch, seq, at, actor, command_id, version, type, payload)
   WHERE e.batch = ANY (granted);
  UPDATE live.session_heads h SET last_seq = b.reached, last_at = b.reached_at
    FROM unnest(sessions, reached, reached_at) WITH ORDINALITY AS b (session_id, reached, reached_at, batch)
   WHERE h.session_id = b.session_id AND b.batch = ANY (granted) AND b.reached > h.last_seq;

  IF cardinality(command_ids) > 0 THEN
    INSERT INTO live.session_commands (session_id, user_id, command_id, seq, body_hash)
    SELECT sessions[c.batch], c.user_id, c.command_id, c.seq, c.body_hash
      FROM unnest(command_batches, command_users, command_ids, command_seqs, command_hashes)
           AS c (batch, user_id, command_id, seq, body_hash)
     WHERE c.batch = ANY (granted);
    IF nobody = ANY (command_users) THEN
      DELETE FROM live.timers t
       USING unnest(command_batches, command_users, command_ids) AS c (batch, user_id, command_id)
       WHERE c.batch = ANY (granted) AND c.user_id = nobody
         AND t.session_id = sessions[c.batch] AND t.command_id = c.command_id;
    END IF;
  END IF;
  IF doing IS NOT NULL THEN PERFORM live.carry_out(sessions, granted, doing); END IF;
END $$;
REVOKE EXECUTE ON FUNCTION
  live.append_batches(uuid[], text[], bigint[], bigint[], timestamptz[], int[], bigint[], timestamptz[], uuid[], uuid[],
                      int[], text[], text[], int[], uuid[], uuid[], bigint[], bytea[], jsonb) FROM workshop_app;
