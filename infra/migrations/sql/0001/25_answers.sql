-- What a creating request that carried an Idempotency-Key was answered, sealed, for a day (ADR 0037). `owner_id` is the tenant
-- or the partner whose rows it made; the nil UUID stands for the operator.
CREATE TABLE app.kept_answer (
  owner_id uuid NOT NULL,
  actor text NOT NULL,
  target text NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  digest bytea NOT NULL CHECK (length(digest) = 32),
  status smallint,
  answer bytea,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (owner_id, actor, target, key)
);
CREATE INDEX kept_answer_age ON app.kept_answer (created_at);
