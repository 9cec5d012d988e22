-- Counters, scores and summaries follow the log by cursor, within seconds; all of it can be made again from the log
-- (persistence/projections.py). What gates behaviour is not here: the append itself writes it.

CREATE TABLE live.projection_cursors (
  session_id   uuid PRIMARY KEY REFERENCES live.session_heads (session_id) ON DELETE CASCADE,
  seq          bigint NOT NULL DEFAULT 0,        -- the rows of the session stand for the log up to here
  projected_at timestamptz,                      -- and for this time: while a session runs, being there counts by itself
  worker       uuid NOT NULL,                    -- who follows this session, and so has its evidence in memory
  leased_until timestamptz NOT NULL
);
SELECT app.protect('live.projection_cursors');

-- Sessions that are behind and had their `rest`, or run and were not looked at for a `step`; each goes to one worker, and
-- stays with it.
CREATE FUNCTION live.claim_projections(me uuid, lease interval, rest interval, step interval, sessions_max int)
RETURNS TABLE (session_id uuid, last_seq bigint, at timestamptz) LANGUAGE sql AS $$
  WITH behind AS (
    SELECT h.session_id, h.last_seq
      FROM live.session_heads h
      JOIN live.live_sessions s ON s.id = h.session_id
      LEFT JOIN live.projection_cursors c ON c.session_id = h.session_id
     WHERE ((h.last_seq > coalesce(c.seq, 0) AND coalesce(c.projected_at <= clock_timestamp() - rest, true))
            OR (s.status = 'active' AND c.projected_at <= clock_timestamp() - step))
       AND (c.session_id IS NULL OR c.worker = me OR c.leased_until < clock_timestamp())
     ORDER BY c.projected_at NULLS FIRST, h.session_id LIMIT sessions_max
  ), claimed AS (
    INSERT INTO live.projection_cursors AS c (session_id, worker, leased_until)
    SELECT b.session_id, me, clock_timestamp() + lease FROM behind b ORDER BY b.session_id
    ON CONFLICT (session_id) DO UPDATE SET worker = me, leased_until = excluded.leased_until
     WHERE c.worker = me OR c.leased_until < clock_timestamp()
    RETURNING c.session_id
  )
  SELECT session_id, b.last_seq, clock_timestamp() FROM claimed JOIN behind b USING (session_id) $$;

-- Writes what the evidence up to `upto` comes to, unless somebody has projected a later state already (then false). Rows that
-- would not change are left alone. `people` are {userId, score, metadata}; metadata is merged into what is there.
CREATE FUNCTION live.project_scores(session uuid, upto bigint, seen_at timestamptz, me uuid, people jsonb, about jsonb, anew boolean)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM live.session_heads h WHERE h.session_id = session FOR NO KEY UPDATE;
  INSERT INTO live.projection_cursors AS c (session_id, seq, projected_at, worker, leased_until)
  VALUES (session, upto, seen_at, me, clock_timestamp())
  ON CONFLICT (session_id) DO UPDATE SET seq = upto, projected_at = seen_at
   WHERE anew OR (c.seq, coalesce(c.projected_at, '-infinity')) <= (upto, seen_at);
  IF NOT FOUND THEN RETURN false; END IF;

  UPDATE live.session_participants p
     SET participation_score = r.score, metadata = p.metadata || r.metadata
    FROM jsonb_to_recordset(people) AS r ("userId" uuid, score int, metadata jsonb)
   WHERE p.session_id = session AND p.user_id = r."userId"
     AND (p.participation_score <> r.score OR NOT p.metadata @> r.metadata
          OR p.metadata -> 'scoreBreakdown' IS DISTINCT FROM r.metadata -> 'scoreBreakdown');
  UPDATE live.live_sessions s SET metadata = s.metadata || about
   WHERE s.id = session AND s.metadata || about <> s.metadata;
  RETURN true;
END $$;
REVOKE EXECUTE ON FUNCTION live.claim_projections(uuid, interval, interval, interval, int),
  live.project_scores(uuid, bigint, timestamptz, uuid, jsonb, jsonb, boolean) FROM workshop_app;
