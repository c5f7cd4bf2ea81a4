-- For *legacy's* database, and only if an endpoint with `effects: true` shall be served by the candidate.
-- Run it as the owner of legacy's tables. It adds one table and changes nothing else:
--
--     psql "$LEGACY_DATABASE_URL" -f deploy/legacy-effects.sql
--
-- Crossfade writes a row in the transaction in which it makes an effect (an activity row, a charge). A request that
-- is ordered again, after a time-out or a crash, finds its key and changes nothing.
--
-- Retention: a key is needed as long as an order may still be repeated. Orders wait at most 7 days in a worker's
-- outbox (docs/operating.md), so keep rows for 30 days, e.g. once a day:
--
--     DELETE FROM crossfade_effects WHERE made_at < now() - interval '30 days';
--
-- Back: set the endpoint's percent to 0, wait until `crossfade_effects_waiting` is 0, then DROP TABLE crossfade_effects.
CREATE TABLE IF NOT EXISTS crossfade_effects (
    key      text PRIMARY KEY,
    made_at  timestamptz NOT NULL DEFAULT now(),
    endpoint text NOT NULL,
    user_id  text NOT NULL
);
CREATE INDEX IF NOT EXISTS crossfade_effects_made_at ON crossfade_effects (made_at);

-- The role of LEGACY_DATABASE_URL, where it is not the owner, needs these (put its name in the place of crossfade):
--
--     GRANT SELECT, INSERT ON crossfade_effects TO crossfade;
--     GRANT SELECT ON users TO crossfade;
--     GRANT INSERT ON user_activities TO crossfade;
--     GRANT USAGE ON SEQUENCE user_activities_id_seq TO crossfade;
--     GRANT SELECT, UPDATE ON user_profiles TO crossfade;
