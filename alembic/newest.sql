CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE accounts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	username TEXT NOT NULL,
	email TEXT,
	enabled BOOLEAN NOT NULL,
	level TEXT NOT NULL,
	password_hash TEXT,
	password_set_at DATETIME,
	version INTEGER NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME NOT NULL,
	last_login DATETIME,
	last_active DATETIME, reset_asked_at DATETIME, email_source TEXT DEFAULT 'owner' NOT NULL, address_removed_at DATETIME, role_from_claim BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT ck_accounts_level CHECK (level IN ('viewer', 'editor', 'admin')),
	CONSTRAINT uq_accounts_username UNIQUE (username),
	CONSTRAINT uq_accounts_email UNIQUE (email)
);
CREATE TABLE identities (
	id INTEGER NOT NULL,
	account_id INTEGER NOT NULL,
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL,
	linked_at DATETIME NOT NULL,
	rule TEXT NOT NULL, retired_at DATETIME,
	CONSTRAINT pk_identities PRIMARY KEY (id),
	CONSTRAINT fk_identities_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE,
	CONSTRAINT uq_identities_issuer_subject UNIQUE (issuer, subject),
	CONSTRAINT uq_identities_account_id_issuer UNIQUE (account_id, issuer)
);
CREATE TABLE sign_ins (
	id INTEGER NOT NULL,
	at DATETIME NOT NULL,
	method TEXT NOT NULL,
	outcome TEXT NOT NULL,
	rule TEXT,
	code TEXT,
	issuer TEXT,
	subject_digest TEXT,
	account_id INTEGER,
	address TEXT NOT NULL,
	correlation_id TEXT NOT NULL, received TEXT DEFAULT '' NOT NULL, role_before TEXT, role_after TEXT, warning TEXT, facts TEXT DEFAULT '' NOT NULL, email TEXT, claims TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_sign_ins PRIMARY KEY (id)
);
CREATE INDEX ix_sign_ins_at ON sign_ins (at);
CREATE TABLE password_failures (
	"key" TEXT NOT NULL,
	count INTEGER NOT NULL,
	last_at DATETIME NOT NULL, tried TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_password_failures PRIMARY KEY ("key")
);
CREATE INDEX ix_password_failures_last_at ON password_failures (last_at);
CREATE TABLE devices (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	account_id INTEGER NOT NULL,
	client_device_identifier TEXT NOT NULL,
	name TEXT NOT NULL,
	client TEXT NOT NULL,
	platform TEXT NOT NULL,
	client_version TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	last_paired_at DATETIME NOT NULL, ip_address TEXT DEFAULT '' NOT NULL, mac_address TEXT DEFAULT '' NOT NULL, hostname TEXT DEFAULT '' NOT NULL, sync_mode TEXT DEFAULT 'api' NOT NULL, sync_config TEXT DEFAULT '' NOT NULL, sync_enabled BOOLEAN DEFAULT 1 NOT NULL, updated_at DATETIME DEFAULT '1970-01-01 00:00:00' NOT NULL,
	CONSTRAINT fk_devices_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE,
	CONSTRAINT uq_devices_account_id_client_device_identifier UNIQUE (account_id, client_device_identifier)
);
CREATE TABLE device_authorizations (
	device_code_digest TEXT NOT NULL,
	user_code_digest TEXT NOT NULL,
	shape TEXT NOT NULL,
	state TEXT NOT NULL,
	client_device_identifier TEXT NOT NULL,
	name TEXT NOT NULL,
	client TEXT NOT NULL,
	platform TEXT NOT NULL,
	client_version TEXT NOT NULL,
	requested_scopes TEXT NOT NULL,
	approved_scopes TEXT NOT NULL,
	account_id INTEGER,
	account_version INTEGER,
	device_id INTEGER,
	token_expires_at DATETIME,
	interval_seconds INTEGER NOT NULL,
	last_polled_at DATETIME,
	created_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_device_authorizations PRIMARY KEY (device_code_digest),
	CONSTRAINT fk_device_authorizations_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE,
	CONSTRAINT fk_device_authorizations_device_id_devices FOREIGN KEY(device_id) REFERENCES devices (id) ON DELETE CASCADE,
	CONSTRAINT uq_device_authorizations_user_code_digest UNIQUE (user_code_digest)
);
CREATE INDEX ix_device_authorizations_account_id ON device_authorizations (account_id);
CREATE INDEX ix_device_authorizations_device_id ON device_authorizations (device_id);
CREATE INDEX ix_device_authorizations_expires_at ON device_authorizations (expires_at);
CREATE TABLE "credentials" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	digest TEXT NOT NULL,
	kind TEXT NOT NULL,
	account_id INTEGER NOT NULL,
	scopes TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	last_used_at DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	address TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	issuer TEXT,
	subject TEXT,
	name TEXT DEFAULT '' NOT NULL,
	client TEXT DEFAULT '' NOT NULL,
	binding TEXT DEFAULT '' NOT NULL,
	salt TEXT DEFAULT '' NOT NULL,
	family TEXT DEFAULT '' NOT NULL,
	level TEXT,
	spent_at DATETIME,
	device_id INTEGER, sid TEXT, id_token_alg TEXT, proven_at DATETIME, sealed_id_token TEXT,
	CONSTRAINT fk_credentials_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE,
	CONSTRAINT uq_credentials_digest_kind UNIQUE (digest, kind),
	CONSTRAINT fk_credentials_device_id_devices FOREIGN KEY(device_id) REFERENCES devices (id) ON DELETE CASCADE
);
CREATE INDEX ix_credentials_expires_at ON credentials (expires_at);
CREATE INDEX ix_credentials_family ON credentials (family);
CREATE INDEX ix_credentials_device_id ON credentials (device_id);
CREATE INDEX ix_sign_ins_correlation_id ON sign_ins (correlation_id);
CREATE INDEX ix_credentials_account_id_kind ON credentials (account_id, kind);
CREATE INDEX ix_credentials_sid ON credentials (sid);
CREATE INDEX ix_credentials_subject ON credentials (subject);
CREATE TABLE logout_tokens (
	digest TEXT NOT NULL,
	forgotten_at DATETIME NOT NULL,
	CONSTRAINT pk_logout_tokens PRIMARY KEY (digest)
);
CREATE INDEX ix_logout_tokens_forgotten_at ON logout_tokens (forgotten_at);
CREATE TABLE sealing_keys (
	id TEXT NOT NULL,
	secret TEXT NOT NULL,
	made_at DATETIME NOT NULL,
	expires_at DATETIME,
	CONSTRAINT pk_sealing_keys PRIMARY KEY (id)
);
CREATE TABLE login_attempts (
	state_digest TEXT NOT NULL,
	taken_at DATETIME NOT NULL,
	outcome TEXT,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_login_attempts PRIMARY KEY (state_digest)
);
CREATE INDEX ix_login_attempts_expires_at ON login_attempts (expires_at);
CREATE TABLE known_addresses (
	"key" TEXT NOT NULL,
	seen_at DATETIME NOT NULL,
	CONSTRAINT pk_known_addresses PRIMARY KEY ("key")
);
CREATE INDEX ix_known_addresses_seen_at ON known_addresses (seen_at);
CREATE TABLE pending_sign_ins (
	digest TEXT NOT NULL,
	account_id INTEGER NOT NULL,
	sealed TEXT NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_pending_sign_ins PRIMARY KEY (digest),
	CONSTRAINT fk_pending_sign_ins_account_id_accounts FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX ix_pending_sign_ins_account_id ON pending_sign_ins (account_id);
CREATE INDEX ix_pending_sign_ins_expires_at ON pending_sign_ins (expires_at);
CREATE TABLE checkups (
	name TEXT NOT NULL,
	begun_at DATETIME NOT NULL,
	at DATETIME,
	findings TEXT NOT NULL,
	CONSTRAINT pk_checkups PRIMARY KEY (name)
);
CREATE INDEX ix_accounts_admins ON accounts (enabled) WHERE level = 'admin';
CREATE INDEX ix_accounts_legacy_hash ON accounts (substr(password_hash, 5)) WHERE substr(password_hash, 1, 2) = '$2';
CREATE INDEX ix_accounts_waiting ON accounts (username) WHERE reset_asked_at IS NOT NULL;
CREATE INDEX ix_accounts_disabled ON accounts (username) WHERE NOT enabled;
CREATE INDEX ix_accounts_never ON accounts (username) WHERE last_login IS NULL;
CREATE INDEX ix_accounts_managed ON accounts (username) WHERE role_from_claim;
CREATE INDEX ix_credentials_client_token ON credentials (id) WHERE kind = 'client_token';
CREATE INDEX ix_credentials_invitation ON credentials (id) WHERE kind = 'invitation';
CREATE INDEX ix_sign_ins_outcome_id ON sign_ins (outcome, id);
CREATE INDEX ix_sign_ins_account_id_id ON sign_ins (account_id, id);
CREATE INDEX ix_sign_ins_email_id ON sign_ins (email, id);
CREATE INDEX ix_sign_ins_address_id ON sign_ins (address, id);
CREATE INDEX ix_sign_ins_code_id ON sign_ins (code, id);
INSERT INTO alembic_version VALUES ('0017');
