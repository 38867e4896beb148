-- People whom a directory of their own provisions over SCIM (ADR 0053). The subject is who they are at the provider where they
-- sign in; `user_key` is their name there, as it is compared; the rest of a name is kept for the directory, which reads it back.
CREATE TABLE app.provisioned_account (
  partner_id uuid NOT NULL,
  account_id uuid NOT NULL,
  tenant_id uuid,
  provider_id uuid NOT NULL,
  subject text NOT NULL,
  user_name text NOT NULL CHECK (length(user_name) BETWEEN 1 AND 255),
  user_key text NOT NULL,
  formatted_name text CHECK (length(formatted_name) BETWEEN 1 AND 200),
  given_name text CHECK (length(given_name) BETWEEN 1 AND 200),
  family_name text CHECK (length(family_name) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (partner_id, account_id),
  UNIQUE (partner_id, provider_id, user_key),
  UNIQUE (partner_id, provider_id, subject),
  FOREIGN KEY (partner_id, account_id) REFERENCES app.account ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, account_id, tenant_id) REFERENCES app.account (partner_id, account_id, tenant_id)
    ON UPDATE CASCADE,
  FOREIGN KEY (partner_id, provider_id, subject) REFERENCES app.account_identity ON UPDATE CASCADE
);
CREATE INDEX provisioned_account_tenant ON app.provisioned_account (tenant_id, account_id);

CREATE POLICY organization ON app.provisioned_account TO waybill_app
  USING (partner_id = app.partner_id() OR tenant_id = app.tenant_id())
  WITH CHECK (partner_id = app.partner_id() OR tenant_id = app.tenant_id());
GRANT SELECT, INSERT, UPDATE, DELETE ON app.provisioned_account TO waybill_app;
-- A directory may call the same person by another subject from now on.
GRANT UPDATE (subject) ON app.account_identity TO waybill_app;
