"""A database with many accounts, filled by SQL in seconds, of the same shape on SQLite and PostgreSQL."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

LONG_AGO, NOW, LATER = "2026-03-01 00:00:00.000000", "2026-03-04 05:06:07.000000", "2036-03-04 05:06:07.000000"
ISSUER = "https://auth.example.com"
NO_TIME = {"sqlite": "NULL", "postgresql": "NULL::timestamptz"}
DIGEST = {"sqlite": "lower(hex(randomblob(32)))", "postgresql": "md5(random()::text) || md5(random()::text)"}

ACCOUNTS = """
INSERT INTO accounts (username, email, enabled, level, password_hash, password_set_at, version, created_at, updated_at,
  last_login, last_active, reset_asked_at, email_source, role_from_claim)
SELECT 'person-' || i, 'person-' || i || '@example.org', NOT (i % 1000 = 0), 'viewer', '$argon2id$v=19$m=19456,t=2,p=1$' || i,
  '{long_ago}', 1, '{long_ago}', '{long_ago}', CASE WHEN i % 100 = 0 THEN {no_time} ELSE '{now}' END, '{now}',
  CASE WHEN i % 1000 = 0 THEN '{now}' ELSE {no_time} END, 'provider', i % 2 = 0 FROM numbers"""

IDENTITIES = """
INSERT INTO identities (account_id, issuer, subject, linked_at, rule)
SELECT id, '{issuer}', 'subject-' || id, '{long_ago}', 'L-11a' FROM accounts WHERE username LIKE 'person-%'"""

CREDENTIALS = """
INSERT INTO credentials (digest, kind, account_id, scopes, created_at, last_used_at, expires_at, address, user_agent,
  issuer, subject, sid, name, client, family, binding, salt)
SELECT {digest}, '{kind}', id, 'me.read', '{now}', '{now}', '{later}', '192.0.2.7', 'a browser',
  '{issuer}', 'subject-' || id, 'sid-' || id, '{kind}', '', {family}, '', ''
FROM accounts WHERE username LIKE 'person-%' AND id % {every} = 0"""

KINDS = {
    "session": ("''", 1),
    "refresh_token": ("'family-' || id", 1),
    "client_token": ("''", 1000),
    "invitation": ("''", 1000),
}
"""With the family, and of how many accounts one has it."""

SIGN_INS = """
INSERT INTO sign_ins (at, method, outcome, rule, code, issuer, account_id, address, correlation_id, received, facts, email,
  claims)
SELECT '{now}', 'openid', CASE WHEN i % 50 = 0 THEN 'refused' ELSE 'signed_in' END, 'L-03',
  CASE WHEN i % 50 = 0 THEN 'email_not_verified' END, '{issuer}', CASE WHEN i % 50 = 0 THEN NULL ELSE i END,
  '2001:db8::' || i, 'line-' || i, '', '', CASE WHEN i % 50 = 0 THEN 'person-' || i || '@example.org' END, '' FROM numbers"""

REST = (
    "INSERT INTO login_attempts (state_digest, taken_at, expires_at) SELECT {digest}, '{now}', '{later}' FROM tenth",
    "INSERT INTO password_failures (key, count, last_at) SELECT {digest}, 1, '{later}' FROM tenth",
    "INSERT INTO known_addresses (key, seen_at) SELECT {digest}, '{later}' FROM tenth",
    "INSERT INTO logout_tokens (digest, forgotten_at) SELECT {digest}, '{later}' FROM tenth",
    """
INSERT INTO pending_sign_ins (digest, account_id, sealed, expires_at)
SELECT {digest}, id, '', '{later}' FROM accounts WHERE username LIKE 'person-%' AND id % 10 = 0""",
    """
INSERT INTO device_authorizations (device_code_digest, user_code_digest, shape, state, client_device_identifier, name,
  client, platform, client_version, requested_scopes, approved_scopes, interval_seconds, created_at, expires_at)
SELECT {digest}, {digest}, 'legacy', 'pending', '', '', '', '', '', '', '', 5, '{now}', '{later}' FROM tenth""",
    """
INSERT INTO devices (account_id, client_device_identifier, name, client, platform, client_version, created_at,
  last_paired_at, updated_at)
SELECT id, 'device-' || id, 'Handheld', 'Shelf', '', '', '{long_ago}', '{long_ago}', '{long_ago}'
FROM accounts WHERE username LIKE 'person-%' AND id % 10 = 0""",
)


def fill(connection: Connection, number: int, *, everything: bool = True) -> None:
    """`number` accounts, each with an identity and two credentials, and as many lines of the sign-in log.

    `everything`: rows for each tenth account in every other table that grows.
    """
    connection.execute(text("CREATE TEMPORARY TABLE numbers (i INTEGER)"))
    connection.execute(
        text(
            "INSERT INTO numbers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number)"
            " SELECT i FROM n"
        ),
        {"number": number},
    )
    for statement in _statements(connection.dialect.name, everything=everything):
        connection.execute(text(statement.replace(":", r"\:")))
    connection.execute(text("DROP TABLE numbers"))


def _statements(dialect: str, *, everything: bool) -> Iterator[str]:
    words = {
        "digest": DIGEST[dialect],
        "no_time": NO_TIME[dialect],
        "long_ago": LONG_AGO,
        "now": NOW,
        "later": LATER,
        "issuer": ISSUER,
    }
    yield from (each.format(**words) for each in (ACCOUNTS, IDENTITIES, SIGN_INS))
    for kind, (family, every) in KINDS.items():
        yield CREDENTIALS.format(kind=kind, family=family, every=every, **words)
    tenth = "(SELECT i FROM numbers WHERE i % 10 = 0) AS tenth"
    yield from (each.replace("FROM tenth", f"FROM {tenth}").format(**words) for each in REST if everything)
