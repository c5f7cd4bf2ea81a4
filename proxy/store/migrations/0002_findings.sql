-- readable from: 1
-- What differed: kinds of mismatch with their counts, and redacted samples of each.

CREATE TABLE crossfade.fingerprints (
    endpoint    text NOT NULL,
    fingerprint text NOT NULL,
    outcome     text NOT NULL,
    paths       jsonb NOT NULL,
    suggestion  jsonb,
    seen        bigint NOT NULL,
    first_seen  timestamptz NOT NULL,
    last_seen   timestamptz NOT NULL,
    PRIMARY KEY (endpoint, fingerprint)
);
CREATE INDEX fingerprints_by_last_seen ON crossfade.fingerprints (last_seen);

CREATE TABLE crossfade.samples (
    id          text PRIMARY KEY,
    endpoint    text NOT NULL,
    fingerprint text NOT NULL,
    at          timestamptz NOT NULL,
    size        integer NOT NULL,
    sample      jsonb NOT NULL
);
CREATE INDEX samples_by_fingerprint ON crossfade.samples (endpoint, fingerprint, at DESC);
CREATE INDEX samples_by_age ON crossfade.samples (at);
COMMENT ON COLUMN crossfade.samples.size IS 'Bytes of the sample as JSON: what retention counts.';
