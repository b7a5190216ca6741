-- 周期发送: each run is a message of its own, made when the time of the one before has come.
create table series (
    id uuid primary key not null,
    -- {"cron": …, "timezone": …, "until": …}
    recurrence jsonb not null,
    -- the last run that was made, and its time
    run_id uuid not null,
    run_at timestamptz not null,
    created_at timestamptz not null,
    ended_at timestamptz
);
create index series_due on series (run_at) where ended_at is null;
alter table message add column series_id uuid;
create index message_series on message (series_id) where series_id is not null;
