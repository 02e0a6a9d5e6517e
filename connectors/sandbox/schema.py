"""The tables of the sandbox's own file. Statements only; who reads and writes them lives in the noun modules."""

from __future__ import annotations

#: Bump when a table changes; a file with another number is refused with a clear message.
VERSION = 2

STATEMENTS = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sequence (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS person (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE COLLATE NOCASE, role TEXT NOT NULL,
    suspended INTEGER NOT NULL DEFAULT 0, locale TEXT NOT NULL DEFAULT 'en-US',
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, organization_id INTEGER
);
CREATE TABLE IF NOT EXISTS organization (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, domains TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS profile (owner_id INTEGER PRIMARY KEY, fields TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS team (id INTEGER PRIMARY KEY, name TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS membership (
    id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, group_id INTEGER NOT NULL,
    is_default INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, UNIQUE (user_id, group_id)
);

CREATE TABLE IF NOT EXISTS ticket (
    id INTEGER PRIMARY KEY, external_id TEXT, subject TEXT NOT NULL, description TEXT NOT NULL,
    status TEXT NOT NULL, priority TEXT, type TEXT,
    requester_id INTEGER NOT NULL, submitter_id INTEGER NOT NULL, assignee_id INTEGER, group_id INTEGER,
    tags TEXT NOT NULL, fields TEXT NOT NULL, cc_ids TEXT NOT NULL, channel TEXT NOT NULL,
    is_public INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, generated INTEGER NOT NULL,
    organization_id INTEGER, is_spam INTEGER NOT NULL DEFAULT 0, ended_from TEXT
);
CREATE TABLE IF NOT EXISTS status (
    word TEXT PRIMARY KEY, code INTEGER NOT NULL UNIQUE, label TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ticket_generated ON ticket (generated);
CREATE INDEX IF NOT EXISTS ticket_assignee ON ticket (assignee_id, status);
CREATE INDEX IF NOT EXISTS ticket_external ON ticket (external_id);

CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL, author_id INTEGER NOT NULL, channel TEXT NOT NULL,
    client TEXT NOT NULL, custom TEXT NOT NULL, events TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_ticket ON audit (ticket_id, id);
CREATE TABLE IF NOT EXISTS comment (
    id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL, audit_id INTEGER NOT NULL, author_id INTEGER NOT NULL,
    body TEXT NOT NULL, public INTEGER NOT NULL, channel TEXT NOT NULL, client TEXT NOT NULL, custom TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS comment_ticket ON comment (ticket_id, id);

CREATE TABLE IF NOT EXISTS follow_up (ticket_id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS follow_up_source ON follow_up (source_id);

CREATE TABLE IF NOT EXISTS macro (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, active INTEGER NOT NULL, actions TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, description TEXT
);
CREATE TABLE IF NOT EXISTS ticket_field (
    id INTEGER PRIMARY KEY, type TEXT NOT NULL, title TEXT NOT NULL, tag TEXT, options TEXT NOT NULL,
    removable INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, agent_description TEXT
);
CREATE TABLE IF NOT EXISTS rule (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, active INTEGER NOT NULL, conditions TEXT NOT NULL,
    actions TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, description TEXT
);
CREATE TABLE IF NOT EXISTS listing (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, active INTEGER NOT NULL, description TEXT, conditions TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS job (
    id TEXT PRIMARY KEY, total INTEGER NOT NULL, results TEXT NOT NULL, created_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS rating (
    id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL, requester_id INTEGER NOT NULL, assignee_id INTEGER,
    group_id INTEGER, score TEXT NOT NULL, comment TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS rating_ticket ON rating (ticket_id, id);
CREATE TABLE IF NOT EXISTS survey_response (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, ticket_id INTEGER NOT NULL, responder_id INTEGER NOT NULL,
    token TEXT NOT NULL, rating INTEGER, comment TEXT, created_ms INTEGER NOT NULL, answered_at TEXT,
    expires_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS survey_ticket ON survey_response (ticket_id, number);
CREATE TABLE IF NOT EXISTS satisfaction (
    id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL, user_id INTEGER NOT NULL, agent_id INTEGER,
    group_id INTEGER, code INTEGER NOT NULL, feedback TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS satisfaction_ticket ON satisfaction (ticket_id, id);

CREATE TABLE IF NOT EXISTS automation (
    id INTEGER PRIMARY KEY, type INTEGER NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL,
    active INTEGER NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS canned_folder (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS canned_response (
    id INTEGER PRIMARY KEY, folder_id INTEGER NOT NULL, title TEXT NOT NULL, content TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS webhook (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, name TEXT NOT NULL, description TEXT, endpoint TEXT NOT NULL,
    status TEXT NOT NULL, subscriptions TEXT NOT NULL, http_method TEXT NOT NULL, request_format TEXT NOT NULL,
    secret TEXT NOT NULL, authentication TEXT, created_by INTEGER NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY, invocation_id TEXT UNIQUE NOT NULL, webhook_id TEXT NOT NULL, ticket_id INTEGER,
    event_id TEXT NOT NULL, event_type TEXT NOT NULL, body BLOB NOT NULL, stream TEXT NOT NULL,
    state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL, ended_at TEXT, queued REAL NOT NULL DEFAULT 0, actor_id INTEGER
);
CREATE INDEX IF NOT EXISTS delivery_pending ON delivery (stream, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS delivery_ticket ON delivery (ticket_id, id);
CREATE INDEX IF NOT EXISTS delivery_state ON delivery (state);
CREATE TABLE IF NOT EXISTS attempt (
    id TEXT PRIMARY KEY, delivery_id INTEGER NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL,
    status TEXT NOT NULL, request_headers TEXT NOT NULL, response_status INTEGER, response_headers TEXT NOT NULL,
    response_body TEXT NOT NULL, error TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS attempt_delivery ON attempt (delivery_id, number);

CREATE TABLE IF NOT EXISTS oauth_client (
    id INTEGER PRIMARY KEY, identifier TEXT UNIQUE NOT NULL, name TEXT NOT NULL, secret_hash TEXT NOT NULL,
    redirect_uris TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS oauth_code (
    code_hash TEXT PRIMARY KEY, client_id INTEGER NOT NULL, consent TEXT NOT NULL, until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS oauth_token (
    id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL, user_id INTEGER NOT NULL, scope TEXT NOT NULL,
    access_hash TEXT UNIQUE NOT NULL, refresh_hash TEXT UNIQUE, created REAL NOT NULL, access_until REAL NOT NULL,
    refresh_until REAL
);

CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY, recipient TEXT NOT NULL COLLATE NOCASE, sender TEXT NOT NULL, subject TEXT NOT NULL,
    text TEXT NOT NULL, headers TEXT NOT NULL, received_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_recipient ON mail (recipient, id);
"""
