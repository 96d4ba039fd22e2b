-- A run of a job. `number << 32` is where its events begin.
CREATE TABLE run (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL,
    graph TEXT NOT NULL,
    started INTEGER NOT NULL,
    sessions INTEGER NOT NULL,
    ended INTEGER,
    status INTEGER,
    error TEXT,
    owner TEXT,
    beat INTEGER,
    cancel INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER NOT NULL
);

CREATE TABLE argument (
    run INTEGER NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, position)
) WITHOUT ROWID;

CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    op TEXT NOT NULL,
    version TEXT,
    outputs TEXT NOT NULL,
    cached INTEGER NOT NULL,
    inputs TEXT
);

CREATE TABLE type_name (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    node INTEGER,
    path TEXT,
    number INTEGER,
    key TEXT,
    at INTEGER,
    duration INTEGER,
    text TEXT,
    fingerprint BLOB,
    meta BLOB NOT NULL,
    value BLOB
);

CREATE TABLE cached_step (
    fingerprint BLOB PRIMARY KEY,
    event INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE value_file (
    run INTEGER NOT NULL,
    hash BLOB NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (run, hash)
) WITHOUT ROWID;

CREATE VIEW runs AS
SELECT
    id AS run,
    job,
    CASE status WHEN 1 THEN 'Success' WHEN 2 THEN 'Failure' WHEN 3 THEN 'Canceled'
        ELSE CASE WHEN owner IS NULL THEN 'Interrupted' ELSE 'Started' END END AS status,
    error,
    datetime(started / 1000000, 'unixepoch') AS started,
    datetime(ended / 1000000, 'unixepoch') AS ended,
    sessions
FROM run
ORDER BY number DESC;

CREATE VIEW steps AS
SELECT
    run.id AS run,
    node.name || coalesce('[' || replace(path, '?', '/') || ']', '') AS step,
    node.op AS op,
    node.version AS version,
    CASE kind WHEN 11 THEN 'Success' WHEN 12 THEN 'Failure' WHEN 13 THEN 'Skipped'
        WHEN 14 THEN 'UpstreamFailed' WHEN 15 THEN 'Canceled' WHEN 16 THEN 'Cached'
        ELSE 'step ' || kind END AS status,
    event.number AS attempts,
    event.text AS error,
    strftime('%Y-%m-%d %H:%M:%f', at / 1000000.0, 'unixepoch') AS started,
    duration / 1000000.0 AS seconds,
    lower(hex(fingerprint)) AS fingerprint,
    value,
    max(event.id) AS event
FROM event JOIN run ON run.number = event.id >> 32 JOIN node ON node.id = event.node
WHERE kind BETWEEN 11 AND 99
GROUP BY event.id >> 32, node.name, path;

CREATE VIEW attempts AS
SELECT
    run.id AS run,
    node.name || coalesce('[' || replace(path, '?', '/') || ']', '') AS step,
    event.number AS attempt,
    event.text AS error,
    CASE kind WHEN 2 THEN duration / 1000000.0 END AS delay,
    event.id AS event
FROM event JOIN run ON run.number = event.id >> 32 JOIN node ON node.id = event.node
WHERE kind IN (2, 11, 12, 15) AND event.number > 0;

CREATE VIEW emitted_keys AS
SELECT
    run.id AS run,
    node.name || coalesce('[' || replace(path, '?', '/') || ']', '') AS step,
    replace(key, '?', '/') AS key,
    event.number AS position,
    value,
    event.id AS event
FROM event JOIN run ON run.number = event.id >> 32 JOIN node ON node.id = event.node
WHERE kind = 1;
