-- Times are milliseconds since 1970-01-01 00:00 UTC. Ids are UUIDs in 16 bytes. `body` and `payload` are stored forms.

CREATE TABLE conversations (
    id         BLOB PRIMARY KEY NOT NULL,
    channel    TEXT NOT NULL,
    address    TEXT NOT NULL,
    customer   TEXT NOT NULL,
    session    BLOB,             -- the session that stands
    ended_at   INTEGER,          -- when the last session ended
    changed_at INTEGER NOT NULL, -- or when it was last found to be still needed
    last_line  INTEGER,          -- the newest line of its transcript
    body       TEXT NOT NULL,
    UNIQUE (channel, address, customer)
) STRICT;
CREATE INDEX conversations_by_session ON conversations (session) WHERE session IS NOT NULL;
CREATE INDEX conversations_by_end ON conversations (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX conversations_by_change ON conversations (changed_at);

-- What changed in conversations and is not folded into their rows yet, in the order in which it was written: a batch
-- writes a few pages at the end of this table, and not one for each conversation.
CREATE TABLE conversation_changes (
    n            INTEGER PRIMARY KEY NOT NULL,
    conversation BLOB NOT NULL,
    last_line    INTEGER,
    chat_seq     INTEGER,
    heard_at     INTEGER,          -- of a session that an agent has: when somebody was heard last
    body         TEXT              -- none where these two alone have changed
) STRICT;

CREATE TABLE sessions (
    id           BLOB PRIMARY KEY NOT NULL,
    conversation BLOB NOT NULL REFERENCES conversations (id),
    hook_address TEXT NOT NULL,
    opened_at    INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_conversation ON sessions (conversation);
CREATE INDEX sessions_by_age ON sessions (COALESCE(ended_at, opened_at));

-- The accepted events that can come again: one whose key was minted on its arrival cannot.
CREATE TABLE inbox (
    key TEXT PRIMARY KEY NOT NULL,
    at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_by_age ON inbox (at);

-- The outbox, in lanes, and the dead letters. A table with a rowid: payloads are long, and rows come and go. A row's
-- conversation is its lane's: it costs no column, index or foreign key of its own.
CREATE TABLE deliveries (
    lane_kind  TEXT NOT NULL,             -- desk, chat or bot
    lane       BLOB NOT NULL,             -- the session of a desk lane (which has a row), else the conversation
    seq        INTEGER NOT NULL,
    door       TEXT NOT NULL,
    payload    TEXT NOT NULL,
    blob       BLOB,                      -- the file that it needs
    attempts   INTEGER NOT NULL DEFAULT 0,
    due        INTEGER,                   -- of one that is tried again
    maybe_sent INTEGER NOT NULL DEFAULT 0,
    started    INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    dead_at    INTEGER,                   -- of a dead letter alone
    detail     TEXT,                      -- of a dead letter alone: why
    PRIMARY KEY (lane_kind, lane, seq)
) STRICT;
CREATE INDEX deliveries_by_blob ON deliveries (blob) WHERE blob IS NOT NULL;
CREATE INDEX deliveries_by_death ON deliveries (dead_at) WHERE dead_at IS NOT NULL;

CREATE TABLE receipts (
    lane_kind TEXT NOT NULL,
    lane      BLOB NOT NULL,
    seq       INTEGER NOT NULL,
    body      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (lane_kind, lane, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_by_age ON receipts (at);

-- In the order in which they were written: `n` rises. Each line names the one before it of its conversation, which costs
-- no index: a conversation's lines are read from its newest one back.
CREATE TABLE transcript_lines (
    n            INTEGER PRIMARY KEY NOT NULL,
    before       INTEGER,
    conversation BLOB NOT NULL,
    session      BLOB,             -- none for the bot's part
    body         TEXT NOT NULL,
    at           INTEGER NOT NULL
) STRICT;

CREATE TABLE timers (
    session BLOB NOT NULL,
    kind    TEXT NOT NULL,
    due     INTEGER NOT NULL,
    PRIMARY KEY (session, kind)
) STRICT, WITHOUT ROWID;

-- A file is here from its first piece on; its size tells that it is whole.
CREATE TABLE blobs (
    id    BLOB PRIMARY KEY NOT NULL,
    bytes INTEGER,
    at    INTEGER NOT NULL         -- when the last piece came, or the end
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_by_age ON blobs (at);

CREATE TABLE blob_pieces (
    blob  BLOB NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
    piece INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (blob, piece)
) STRICT;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
