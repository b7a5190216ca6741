-- 导出数据: what a sender asked to have as a spreadsheet; written by whichever replica takes it.
create table export (
    id uuid primary key not null,
    message_id uuid not null,
    owner_id uuid not null,
    -- in which language: zh-CN or en
    lang text not null,
    state text not null check (state in ('waiting', 'ready', 'failed')),
    -- people written so far, and all
    done bigint not null,
    total bigint not null,
    created_at timestamptz not null,
    -- whoever writes it has it until then
    lease_until timestamptz,
    -- the file, sealed
    content bytea
);
create index export_waiting on export (created_at, id) where state = 'waiting';
create index export_message on export (message_id, owner_id, created_at desc);
create index export_age on export (created_at);
