-- What people wrote under 其他, few among many answers: shown beside the answers by option, the latest first.
create index receipt_words on receipt (message_id, answered_at) where words <> '';
