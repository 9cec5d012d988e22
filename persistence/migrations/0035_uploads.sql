-- Sound files on their way in (W076, D22): announced, then sent in pieces, then checked, then a recording with the same id. The
-- numbers are in persistence/uploads.py. Rows of what came through stay for a day, so that a repeated answer is the same.

CREATE TABLE workbook.uploads (
  id           uuid PRIMARY KEY CONSTRAINT check_upload_id_v7 CHECK (get_byte(uuid_send(id), 6) >> 4 = 7),
  user_id      uuid NOT NULL REFERENCES workbook.workbook_users (id) ON DELETE CASCADE,
  announced    jsonb NOT NULL CONSTRAINT check_announced CHECK (jsonb_typeof(announced) = 'object'),   -- what its sender says of it
  bytes        bigint NOT NULL CONSTRAINT check_upload_bytes CHECK (bytes BETWEEN 1 AND 104857600),
  sha256       bytea CONSTRAINT check_upload_sha256 CHECK (octet_length(sha256) = 32),
  bytes_here   bigint NOT NULL DEFAULT 0,
  pieces       text[] NOT NULL DEFAULT '{}',     -- names in the store, in order
  status       varchar(10) NOT NULL DEFAULT 'receiving' CONSTRAINT check_upload_status
               CHECK (status IN ('receiving', 'checking', 'stored', 'refused')),
  refusal      text,
  writer       uuid,                             -- who takes a piece or checks the whole: one at a time
  writer_until timestamptz,
  created_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT check_bytes_here CHECK (bytes_here BETWEEN 0 AND bytes),
  CONSTRAINT check_whole CHECK (status IN ('receiving', 'refused') OR bytes_here = bytes)
);
CREATE INDEX idx_uploads_user ON workbook.uploads (user_id);
CREATE INDEX idx_uploads_old ON workbook.uploads (created_at);

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('upload', '', 'receiving', false, 'announced'),
  ('upload', 'receiving', 'checking', false, 'all of it is here'),
  ('upload', 'checking', 'stored', false, 'it is sound, and has its row'),
  ('upload', 'checking', 'refused', false, 'it is not what may be stored');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON workbook.uploads
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('upload', 'status');

SELECT app.protect('workbook.uploads');
GRANT SELECT ON workbook.uploads TO workshop_app;
CREATE POLICY own ON workbook.uploads FOR SELECT TO workshop_app USING (user_id = (SELECT app.current_user_id()));
