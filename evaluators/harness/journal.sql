CREATE TABLE IF NOT EXISTS responses (
    task TEXT NOT NULL,
    doc_id INTEGER NOT NULL,
    request INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    key TEXT NOT NULL,
    status TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (task, doc_id, request, repeat)
);
CREATE TABLE IF NOT EXISTS items (position INTEGER NOT NULL, payload TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS items_by_position ON items (position);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counters VALUES ('sent', 0), ('attempts', 0);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
