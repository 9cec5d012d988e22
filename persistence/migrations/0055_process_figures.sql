-- What a process says about itself beside its sign of life, for operators: whichever process is asked tells of all of them. Numbers only.
ALTER TABLE live.processes
  ADD COLUMN figures jsonb NOT NULL DEFAULT '{}' CONSTRAINT check_figures CHECK (jsonb_typeof(figures) = 'object');
