-- Legacy (pre-migration) relational schema for the reference API.
-- Written from the facts of the ORM models and the table/index notes; PostgreSQL 13+.
-- Everything an endpoint of legacy-api.md reads or writes is here and nothing else.
-- Two conventions matter for every comparison:
--   * business keys are the text `uuid` columns; the bigint `id` never leaves the API;
--   * "_" is the placeholder for "unknown" in contacts.seniority / contacts.status and in all
--     contacts_metadata text columns; companies_metadata uses NULL instead.
-- Timestamps of contacts/companies are naive (no time zone, UTC by convention);
-- timestamps of users/exports/activities are timestamptz.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- ---------------------------------------------------------------------------
-- companies
-- ---------------------------------------------------------------------------
CREATE TABLE companies (
    id              bigserial PRIMARY KEY,
    uuid            text NOT NULL,
    name            text,
    employees_count bigint,
    industries      text[],
    keywords        text[],
    address         text,
    annual_revenue  bigint,                 -- whole dollars
    total_funding   bigint,                 -- whole dollars
    technologies    text[],
    text_search     text,                   -- free text: address, city, state, country
    created_at      timestamp without time zone,
    updated_at      timestamp without time zone
);

-- ---------------------------------------------------------------------------
-- companies_metadata: one optional row per company, joined on uuid = companies.uuid.
-- No foreign key: orphans are possible and the API must tolerate them.
-- ---------------------------------------------------------------------------
CREATE TABLE companies_metadata (
    id                      bigserial PRIMARY KEY,
    uuid                    text NOT NULL,
    linkedin_url            text,
    linkedin_sales_url      text,           -- only surfaced by the LinkedIn search
    facebook_url            text,
    twitter_url             text,
    website                 text,
    normalized_domain       text,           -- used by the e-mail finder only, never serialised
    company_name_for_emails text,
    phone_number            text,
    latest_funding          text,
    latest_funding_amount   bigint,
    last_raised_at          text,           -- free text, NOT a date
    city                    text,
    state                   text,
    country                 text
);

-- ---------------------------------------------------------------------------
-- contacts
-- ---------------------------------------------------------------------------
CREATE TABLE contacts (
    id           bigserial PRIMARY KEY,
    uuid         text NOT NULL,
    first_name   text,
    last_name    text,
    company_id   text,                      -- companies.uuid
    email        text,
    title        text,
    departments  text[],
    mobile_phone text,
    email_status text,
    text_search  text,                      -- free text: person-level location
    created_at   timestamp without time zone,
    updated_at   timestamp without time zone,
    seniority    text DEFAULT '_',
    status       text DEFAULT '_'           -- accepted as a filter, but the filter has no effect
);

-- ---------------------------------------------------------------------------
-- contacts_metadata: one optional row per contact, joined on uuid = contacts.uuid. No foreign key.
-- ---------------------------------------------------------------------------
CREATE TABLE contacts_metadata (
    id                 bigserial PRIMARY KEY,
    uuid               text NOT NULL,
    linkedin_url       text DEFAULT '_',
    linkedin_sales_url text DEFAULT '_',
    facebook_url       text DEFAULT '_',
    twitter_url        text DEFAULT '_',
    website            text DEFAULT '_',
    work_direct_phone  text DEFAULT '_',
    home_phone         text DEFAULT '_',
    city               text DEFAULT '_',
    state              text DEFAULT '_',
    country            text DEFAULT '_',
    other_phone        text DEFAULT '_',
    stage              text DEFAULT '_'
);

-- ---------------------------------------------------------------------------
-- users and profiles (authentication subject, role, credits)
-- ---------------------------------------------------------------------------
CREATE TABLE users (
    id              text PRIMARY KEY,
    uuid            text NOT NULL,           -- JWT "sub"
    email           varchar(255) NOT NULL,
    hashed_password text NOT NULL,
    name            varchar(255),
    is_active       boolean NOT NULL DEFAULT true,   -- not enforced on the endpoints covered here
    last_sign_in_at timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz
);

CREATE UNIQUE INDEX idx_users_uuid  ON users (uuid);
-- foreign keys below refer to it

CREATE TABLE user_profiles (
    id                      serial PRIMARY KEY,
    user_id                 text NOT NULL UNIQUE REFERENCES users (uuid) ON DELETE CASCADE,
    job_title               varchar(255),
    bio                     text,
    timezone                varchar(100),
    avatar_url              text,
    notifications           json DEFAULT '{}',
    role                    varchar(50) DEFAULT 'Member',  -- SuperAdmin | Admin | ProUser | FreeUser (Member = old default)
    credits                 integer NOT NULL DEFAULT 0,    -- may go negative
    subscription_plan       varchar(50) DEFAULT 'free',
    subscription_period     varchar(20) DEFAULT 'monthly',
    subscription_status     varchar(50) DEFAULT 'active',
    subscription_started_at timestamptz,
    subscription_ends_at    timestamptz,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz
);

-- ---------------------------------------------------------------------------
-- exports
-- ---------------------------------------------------------------------------
CREATE TYPE export_status AS ENUM ('pending', 'processing', 'completed', 'failed', 'cancelled');
CREATE TYPE export_type   AS ENUM ('contacts', 'companies', 'emails');

CREATE TABLE user_exports (
    id                       bigserial PRIMARY KEY,
    export_id                text NOT NULL,               -- random UUID v4 with dashes
    user_id                  text NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    export_type              export_type NOT NULL DEFAULT 'contacts',
    file_path                text,                        -- object-store key or local path
    file_name                text,                        -- "<export_id>.csv" once completed
    contact_count            integer DEFAULT 0,
    contact_uuids            text[],
    company_count            integer DEFAULT 0,
    company_uuids            text[],
    linkedin_urls            text[],                      -- LinkedIn exports only
    email_contacts_json      text,                        -- e-mail exports only
    linkedin_urls_json       text,                        -- LinkedIn exports with CSV context only
    status                   export_status NOT NULL DEFAULT 'pending',
    created_at               timestamptz NOT NULL DEFAULT now(),
    expires_at               timestamptz,
    download_url             text,
    download_token           text,
    records_processed        integer DEFAULT 0,
    total_records            integer DEFAULT 0,
    progress_percentage      double precision,
    estimated_time_remaining integer,                     -- seconds
    error_message            text
);

-- ---------------------------------------------------------------------------
-- activity log (side effect of LinkedIn search and of LinkedIn / e-mail exports)
-- ---------------------------------------------------------------------------
CREATE TYPE activity_service_type AS ENUM ('linkedin', 'email');
CREATE TYPE activity_action_type  AS ENUM ('search', 'export');
CREATE TYPE activity_status       AS ENUM ('success', 'failed', 'partial');

CREATE TABLE user_activities (
    id             serial PRIMARY KEY,
    user_id        text NOT NULL REFERENCES users (uuid) ON DELETE CASCADE,
    service_type   activity_service_type NOT NULL,
    action_type    activity_action_type NOT NULL,
    status         activity_status NOT NULL,
    request_params json,
    result_count   integer NOT NULL DEFAULT 0,
    result_summary json,
    error_message  text,
    ip_address     varchar(45),
    user_agent     text,
    created_at     timestamptz NOT NULL DEFAULT now()
);

