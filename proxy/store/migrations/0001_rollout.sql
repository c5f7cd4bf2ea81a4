-- readable from: 1
-- What the rollout is at, and how it came there.

CREATE TABLE crossfade.judge (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch  bigint NOT NULL DEFAULT 0,
    holder text NOT NULL DEFAULT ''
);
INSERT INTO crossfade.judge DEFAULT VALUES;
COMMENT ON TABLE crossfade.judge IS 'Who judges: its epoch fences the writes of a judge that was replaced.';

CREATE TABLE crossfade.states (
    endpoint   text PRIMARY KEY,
    percent    integer NOT NULL CHECK (percent BETWEEN 0 AND 10000),
    status     text NOT NULL,
    epoch      bigint NOT NULL,
    state      jsonb NOT NULL,
    changed_at timestamptz NOT NULL
);
COMMENT ON COLUMN crossfade.states.percent IS 'Hundredths of a percent.';

CREATE TABLE crossfade.audit (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL,
    endpoint     text NOT NULL,
    who          text NOT NULL,
    kind         text NOT NULL,
    percent_from integer NOT NULL,
    percent_to   integer NOT NULL,
    reason       text NOT NULL,
    bypassed     text,
    transition   jsonb NOT NULL,
    judge        text,
    evidence     text,
    journalled   boolean NOT NULL DEFAULT false
);
CREATE INDEX audit_by_endpoint ON crossfade.audit (endpoint, id DESC);
COMMENT ON COLUMN crossfade.audit.evidence IS 'JSON exactly as written: replaying it must give the same ruling.';
COMMENT ON COLUMN crossfade.audit.journalled IS 'Made while this database was away, and written afterwards.';

CREATE TABLE crossfade.write_backs (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    audit_id bigint NOT NULL REFERENCES crossfade.audit (id),
    endpoint text NOT NULL,
    percent  integer NOT NULL,
    old_hash text NOT NULL,
    new_hash text NOT NULL,
    outcome  text
);
CREATE INDEX write_backs_pending ON crossfade.write_backs (id) WHERE outcome IS NULL;

CREATE TABLE crossfade.windows (
    endpoint text PRIMARY KEY,
    number   bigint NOT NULL,
    saved_at timestamptz NOT NULL,
    evidence text NOT NULL
);

CREATE TABLE crossfade.settings (
    name  text PRIMARY KEY,
    value text NOT NULL
);
