-- What was done about backups (domain.md 5.4), and what came of it. The word in a row is sealed with the keys of its database.
CREATE TABLE ops.backup_runs (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind       text NOT NULL CONSTRAINT check_kind CHECK (kind IN ('full', 'incremental', 'verify', 'expire', 'rehearsal')),
  status     text NOT NULL DEFAULT 'running' CONSTRAINT check_status CHECK (status IN ('running', 'done', 'failed')),
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at   timestamptz CONSTRAINT check_ended CHECK (ended_at >= started_at),
  details    jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_details CHECK (jsonb_typeof(details) = 'object'),
  error      text,
  canary_enc bytea NOT NULL,
  CONSTRAINT check_running CHECK ((status = 'running') = (ended_at IS NULL))
);
CREATE INDEX idx_backup_runs_kind ON ops.backup_runs (kind, started_at DESC);
SELECT app.protect('ops.backup_runs');
