-- One person is one account with one id; the documented user tables share it as their primary key. Everything here that
-- identifies a person directly is an envelope of encryption.py (*_enc) or a keyed hash; clear text never enters the database.

CREATE TABLE identity.accounts (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email_enc       bytea,
  email_bidx      bytea CONSTRAINT accounts_bidx_length CHECK (octet_length(email_bidx) = 32),  -- HMAC of the normalised address
  bidx_key_id     smallint REFERENCES ops.encryption_keys (id),
  given_name_enc  bytea,                                   -- W004
  family_name_enc bytea,                                   -- W005
  full_name_enc   bytea,                                   -- the name everybody is shown
  status          varchar(20) NOT NULL DEFAULT 'active' CONSTRAINT check_account_status
                  CHECK (status IN ('invited', 'active', 'suspended', 'deletion_requested', 'erased')),
  erased_at       timestamptz,
  created_at      timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at      timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT accounts_personal_present CHECK
    (status = 'erased' OR num_nulls(email_enc, email_bidx, bidx_key_id, full_name_enc) = 0),
  CONSTRAINT accounts_personal_gone CHECK
    (status <> 'erased' OR (erased_at IS NOT NULL
       AND num_nonnulls(email_enc, email_bidx, given_name_enc, family_name_enc, full_name_enc) = 0))
);
CREATE UNIQUE INDEX idx_users_email ON identity.accounts (email_bidx);           -- W012, D51
CREATE INDEX idx_accounts_bidx_key ON identity.accounts (bidx_key_id);

INSERT INTO app.transitions (machine, from_state, to_state, documented, reason) VALUES
  ('account', '', 'invited', false, 'invited by address'),
  ('account', '', 'active', false, 'created'),
  ('account', 'invited', 'active', false, 'accepted'),
  ('account', 'invited', 'erased', false, 'invitation withdrawn'),
  ('account', 'active', 'suspended', false, 'by an administrator'),
  ('account', 'suspended', 'active', false, 'by an administrator'),
  ('account', 'active', 'deletion_requested', false, 'erasure asked for'),
  ('account', 'suspended', 'deletion_requested', false, 'erasure asked for'),
  ('account', 'deletion_requested', 'active', false, 'withdrawn within the grace period'),
  ('account', 'deletion_requested', 'erased', false, 'erased');
CREATE TRIGGER state BEFORE INSERT OR UPDATE OF status ON identity.accounts
  FOR EACH ROW EXECUTE FUNCTION app.enforce_transition('account', 'status');

-- Platform roles, account-wide; a role within one session is a registration's or participant's.
CREATE TABLE identity.user_roles (
  user_id    uuid NOT NULL REFERENCES identity.accounts (id) ON DELETE CASCADE,
  role       varchar(20) NOT NULL CONSTRAINT check_platform_role
             CHECK (role IN ('admin', 'instructor', 'assistant', 'learner', 'service')),
  granted_by uuid REFERENCES identity.accounts (id) ON DELETE SET NULL,
  granted_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (user_id, role)
);
CREATE INDEX idx_user_roles_granter ON identity.user_roles (granted_by);

CREATE TABLE identity.credentials (
  user_id       uuid PRIMARY KEY REFERENCES identity.accounts (id) ON DELETE CASCADE,
  password_hash text NOT NULL CONSTRAINT check_argon2id CHECK (password_hash LIKE '$argon2id$%'),
  created_at    timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at    timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- Secrets handed out, as SHA-256. 'refresh': one sign-in is one family, each renewal replaces the secret; 'api': for programs;
-- 'reset': a link staff hand over, good once.
CREATE TABLE identity.tokens (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id     uuid NOT NULL REFERENCES identity.accounts (id) ON DELETE CASCADE,
  kind        varchar(10) NOT NULL CONSTRAINT check_token_kind CHECK (kind IN ('refresh', 'api', 'reset')),
  family      uuid NOT NULL,
  token_hash  bytea NOT NULL UNIQUE CONSTRAINT check_token_hash CHECK (octet_length(token_hash) = 32),
  label       varchar(100),
  expires_at  timestamptz NOT NULL,
  replaced_at timestamptz,                                 -- renewed (refresh) or spent (reset)
  revoked_at  timestamptz,
  created_at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_tokens_user ON identity.tokens (user_id);
CREATE INDEX idx_tokens_family ON identity.tokens (family);
CREATE INDEX idx_tokens_expiry ON identity.tokens (expires_at);

-- P5: SECURITY DEFINER, so that a policy never queries its own table; called as (SELECT …), once per query.
CREATE FUNCTION app.has_role(VARIADIC roles text[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM identity.user_roles r WHERE r.user_id = app.current_user_id() AND r.role = ANY (roles)) $$;
CREATE FUNCTION app.is_admin() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT app.has_role('admin') $$;
GRANT EXECUTE ON FUNCTION app.has_role(text[]), app.is_admin() TO workshop_app;

SELECT app.protect('ops.cluster'), app.protect('ops.encryption_keys'), app.protect('identity.accounts'),
       app.protect('identity.user_roles'), app.protect('identity.credentials'), app.protect('identity.tokens');

-- No address and no blind index: a reader on somebody's behalf never needs them.
GRANT SELECT (id, given_name_enc, family_name_enc, full_name_enc, status, created_at, updated_at)
  ON identity.accounts TO workshop_app;
GRANT SELECT ON identity.user_roles TO workshop_app;
CREATE POLICY own ON identity.accounts FOR SELECT TO workshop_app USING (id = (SELECT app.current_user_id()));
CREATE POLICY own ON identity.user_roles FOR SELECT TO workshop_app USING (user_id = (SELECT app.current_user_id()));

-- A POST repeated with the same Idempotency-Key gets its first answer; kept for 24 hours.
CREATE TABLE ops.idempotency_keys (
  user_id      uuid NOT NULL REFERENCES identity.accounts (id) ON DELETE CASCADE,
  key          varchar(255) NOT NULL,
  route        text NOT NULL,
  request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
  status       smallint,                                   -- NULL while the first request runs
  response     jsonb,
  created_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (user_id, key, route)
);
CREATE INDEX idx_idempotency_created ON ops.idempotency_keys (created_at);
SELECT app.protect('ops.idempotency_keys');
