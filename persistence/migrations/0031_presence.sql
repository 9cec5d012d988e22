-- Who is connected to which process, by the database's clock alone (design.md 1, Presence). Ephemeral: the log keeps only
-- that somebody joined and left. Numbers of seconds are in persistence/presence.py.

CREATE TABLE live.processes (
  id           uuid PRIMARY KEY,
  started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  beat_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  steady_since timestamptz NOT NULL DEFAULT clock_timestamp()   -- since then its beats have come without a gap
);

-- Without a foreign key to processes: what a dead process knew last must outlive it until somebody has acted on it.
CREATE TABLE live.presence (
  session_id uuid NOT NULL REFERENCES live.session_heads (session_id) ON DELETE CASCADE,
  user_id    uuid NOT NULL,
  process_id uuid NOT NULL,
  since      timestamptz NOT NULL DEFAULT clock_timestamp(),
  gone_at    timestamptz,                          -- the last connection here ended
  PRIMARY KEY (session_id, user_id, process_id)
);
CREATE INDEX idx_presence_process ON live.presence (process_id);

-- One row: when anybody served last.
CREATE TABLE live.service (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  beat_at  timestamptz NOT NULL
);

-- Nobody served in between. Reported when every session that ran then has it in its log.
CREATE TABLE live.interruptions (
  from_at     timestamptz PRIMARY KEY,
  to_at       timestamptz NOT NULL CONSTRAINT check_interruption CHECK (to_at > from_at),
  reported_at timestamptz
);

SELECT app.protect('live.processes'), app.protect('live.presence'), app.protect('live.service'), app.protect('live.interruptions');

-- A sign of life. Whoever beats first after a gap of `gap` notes the interruption; the others queue behind that row.
CREATE FUNCTION live.beat(process uuid, gap interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  last timestamptz;
  now_ timestamptz;
BEGIN
  INSERT INTO live.service (beat_at) VALUES (clock_timestamp()) ON CONFLICT DO NOTHING;
  SELECT s.beat_at INTO last FROM live.service s FOR UPDATE;
  now_ := greatest(clock_timestamp(), last);
  IF now_ - last >= gap THEN
    INSERT INTO live.interruptions (from_at, to_at) VALUES (last, now_) ON CONFLICT DO NOTHING;
  END IF;
  UPDATE live.service SET beat_at = now_;
  INSERT INTO live.processes AS p (id, started_at, beat_at, steady_since) VALUES (process, now_, now_, now_)
  ON CONFLICT (id) DO UPDATE
     SET beat_at = now_, steady_since = CASE WHEN now_ - p.beat_at < gap THEN p.steady_since ELSE now_ END;
END $$;
REVOKE EXECUTE ON FUNCTION live.beat(uuid, interval) FROM workshop_app;
