-- Ground of all documented entities: rights as data, columns that their owner may not set, and what was changed by whom.

-- Who may do what to which rows (domain.md 4.2). `rows` is a condition over a table's columns, `becomes` one over what a row is
-- after a change. Policies and grants are made of it and of nothing else, so this table is what holds.
CREATE TABLE app.rights (
  entity   regclass NOT NULL,
  relation text NOT NULL,                                  -- own, team, enrolled, taught, everybody, admin
  verb     text NOT NULL CONSTRAINT check_verb CHECK (verb IN ('read', 'add', 'change', 'remove')),
  rows     text NOT NULL,
  becomes  text NOT NULL,
  PRIMARY KEY (entity, relation, verb)
);
GRANT SELECT ON app.rights TO workshop_app, workshop_engine;

CREATE FUNCTION app.allow(of_entity regclass, of_relation text, verbs text, of_rows text, of_becomes text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  verb    text;
  command text;
BEGIN
  FOREACH verb IN ARRAY string_to_array(verbs, ' ') LOOP
    INSERT INTO app.rights VALUES (of_entity, of_relation, verb, of_rows, coalesce(of_becomes, of_rows));
    command := CASE verb WHEN 'read' THEN 'SELECT' WHEN 'add' THEN 'INSERT' WHEN 'change' THEN 'UPDATE' ELSE 'DELETE' END;
    EXECUTE format('GRANT %s ON %s TO workshop_app', command, of_entity);
    EXECUTE format('CREATE POLICY %I ON %s FOR %s TO workshop_app', of_relation || '_' || verb, of_entity, command)
         || CASE WHEN verb = 'add' THEN '' ELSE format(' USING (%s)', of_rows) END
         || CASE WHEN verb IN ('add', 'change') THEN format(' WITH CHECK (%s)', coalesce(of_becomes, of_rows)) ELSE '' END;
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION app.allow(regclass, text, text, text, text) FROM workshop_engine;

-- P6: a right is for a whole row, also for the grade in it. Trigger arguments: the owner's column, then the columns that the owner
-- may not set, each with what it is at first: 'score=' 'progress=0'.
CREATE FUNCTION app.guard_own() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  now_  jsonb := to_jsonb(NEW);
  named text;
  was   text;
BEGIN
  IF current_user <> 'workshop_app' OR (now_ ->> TG_ARGV[0])::uuid IS DISTINCT FROM app.current_user_id() THEN RETURN NEW; END IF;
  IF app.is_admin() THEN RETURN NEW; END IF;
  FOR argument IN 1..TG_NARGS - 1 LOOP
    named := split_part(TG_ARGV[argument], '=', 1);
    was := CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) ->> named ELSE nullif(split_part(TG_ARGV[argument], '=', 2), '') END;
    IF now_ ->> named IS DISTINCT FROM was THEN
      RAISE EXCEPTION '% is not yours to set', named USING ERRCODE = '42501', COLUMN = named;
    END IF;
  END LOOP;
  RETURN NEW;
END $$;

-- What else a refusal of a state tells: where one may go instead.
CREATE OR REPLACE FUNCTION app.enforce_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := '';
  after  text := to_jsonb(NEW) ->> TG_ARGV[1];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    before := to_jsonb(OLD) ->> TG_ARGV[1];
    IF before = after THEN RETURN NEW; END IF;
  END IF;
  IF NOT EXISTS (SELECT FROM app.transitions t
                 WHERE t.machine = TG_ARGV[0] AND t.from_state = before AND t.to_state = after) THEN
    RAISE EXCEPTION 'illegal % transition: % -> %', TG_ARGV[0], coalesce(nullif(before, ''), '(new)'), after
      USING ERRCODE = '23514', CONSTRAINT = TG_ARGV[0] || '_transition', DETAIL =
        coalesce((SELECT string_agg(t.to_state, ' ' ORDER BY t.to_state) FROM app.transitions t
                   WHERE t.machine = TG_ARGV[0] AND t.from_state = before), '');
  END IF;
  RETURN NEW;
END $$;

-- What columns and their checks are made with, whoever writes the row.
GRANT EXECUTE ON FUNCTION app.word_count(text), app.english_tsv(text), app.is_text_set(jsonb, text[], int) TO workshop_app;
