//! The rows themselves: one text for each table, with the few words in which the databases differ.

use super::Crowd;
use crate::storage::{Result, Tx};

/// The id of a number, and the time of so many seconds since 1970, in the words of each database.
macro_rules! sqlite {
    (id $number:literal) => {
        concat!("unhex(printf('%032x', ", $number, "))")
    };
    (time $seconds:literal) => {
        concat!("strftime('%Y-%m-%dT%H:%M:%S', ", $seconds, ", 'unixepoch') || '+00:00'")
    };
}

macro_rules! postgres {
    (id $number:literal) => {
        concat!("cast(lpad(to_hex(", $number, "), 32, '0') as uuid)")
    };
    (time $seconds:literal) => {
        concat!("to_timestamp(cast(", $seconds, " as double precision))")
    };
}

/// Numbers from one to another, both included: `counted!("m", "$1", "$2")`.
macro_rules! counted {
    ($name:literal, $from:literal, $to:literal) => {
        concat!(
            $name,
            "s (",
            $name,
            ") as (select cast(",
            $from,
            " as bigint) where cast(",
            $from,
            " as bigint) <= ",
            $to,
            " union all select ",
            $name,
            " + 1 from ",
            $name,
            "s where ",
            $name,
            " < ",
            $to,
            ")"
        )
    };
}

/// Messages like the large one, whose number is $6, under others from $1 to $2: $3 groups; all have come
/// at the second $4; one in $5 of a group's asks for an answer.
macro_rules! messages {
    ($d:ident, $sender:expr, $at:expr) => {
        concat!(
            "insert into message (id, sender_id, sender_name, sender_department, kind, title, body, signature, category,
                rule_name, rounds, receipt, actions, attributes, audience, state, version, content_hash, snapshot_hash,
                recipients, created_at, sent_at, finished_at)
             with recursive ",
            counted!("m", "$1", "$2"),
            " select ",
            $d!(id "m"),
            ", ",
            $sender,
            ", sender_name, sender_department, kind,
                case when m % 10 = 0 then '关于召开工作会议的通知 ' else '关于报送有关材料的通知 ' end || m,
                body, signature, category, rule_name, rounds,
                case when (m - 1) / cast($3 as bigint) % cast($5 as bigint) = 0 then receipt end,
                actions, attributes, audience, state, version, content_hash, snapshot_hash, 100, ",
            $at,
            ", ",
            $at,
            ", ",
            $at,
            " from ms join message as model on model.id = ",
            $d!(id "cast($6 as bigint)")
        )
    };
}

/// Those of the readers.
macro_rules! group_messages {
    ($d:ident) => {
        messages!(
            $d,
            $d!(id "1 + (m - 1) / 1000"),
            $d!(time "cast($4 as bigint) - (200 - (m - 1) / cast($3 as bigint)) * 60")
        )
    };
}

/// Those of the last person.
macro_rules! heap_messages {
    ($d:ident) => {
        messages!($d, "cast(null as uuid)", $d!(time "cast($4 as bigint) - (cast($2 as bigint) - m) * 60"))
    };
}

/// A file with every tenth of the messages $1 to $2.
macro_rules! files {
    ($d:ident) => {
        concat!(
            "insert into attachment (id, message_id, name, media_type, size_bytes, content_hash, position)
             with recursive ",
            counted!("m", "$1", "$2"),
            " select ",
            $d!(id "m"),
            ", ",
            $d!(id "m"),
            ", '附件.pdf', 'application/pdf', 1000, content_hash, 0
               from ms join message as model on model.id = ",
            $d!(id "m"),
            " where m % 10 = 3"
        )
    };
}

/// Lines of the readers: of the messages $1 to $2, with $3 groups and $4 readers; $5 when all have come.
macro_rules! lines {
    ($head:literal, $columns:expr, $where:literal) => {
        concat!(
            $head,
            " with recursive ",
            counted!("m", "$1", "$2"),
            ", ",
            counted!("r", "0", "99"),
            " select ",
            $columns,
            " from (select m, (m - 1) % cast($3 as bigint) * 100 + r + 1 as p, (m - 1) / cast($3 as bigint) as k, r
                      from ms cross join rs) as line
             where p <= cast($4 as bigint) and cast($5 as bigint) > 0 and ",
            $where
        )
    };
}

macro_rules! inbox {
    ($d:ident) => {
        lines!(
            "insert into inbox (message_id, person_id, arrived_at, read_at, read_channel)",
            concat!(
                $d!(id "m"), ", ", $d!(id "p"), ", ", $d!(time "$5 - (200 - k) * 60"),
                ", case when k < 150 then ", $d!(time "$5 - (200 - k) * 60 + 30"), " end, case when k < 150 then 'web' end"
            ),
            "true"
        )
    };
}

macro_rules! recipients {
    ($d:ident) => {
        lines!("insert into recipient (message_id, person_id)", concat!($d!(id "m"), ", ", $d!(id "p")), "true")
    };
}

macro_rules! receipts {
    ($d:ident) => {
        lines!(
            "insert into receipt (message_id, person_id, option, words, channel, answered_by, answered_at)",
            concat!(
                $d!(id "m"), ", ", $d!(id "p"), ", '参加', '', 'web', ", $d!(id "p"), ", ",
                $d!(time "$5 - (200 - k) * 60 + 45")
            ),
            "k % 5 = 0 and k < 150 and r % 2 = 0"
        )
    };
}

/// The large message's: to everybody from 1 to $1 as message $2, sent at the second $3.
macro_rules! everybody {
    ($d:ident, $head:literal, $columns:expr, $where:literal) => {
        concat!(
            $head, " with recursive ", counted!("p", "1", "$1"),
            " select ", $d!(id "cast($2 as bigint)"), ", ", $d!(id "p"), $columns,
            " from ps where cast($3 as bigint) > 0 and ", $where
        )
    };
}

macro_rules! everybodys {
    ($d:ident) => {
        [
            everybody!($d, "insert into recipient (message_id, person_id)", "", "true"),
            everybody!(
                $d,
                "insert into inbox (message_id, person_id, arrived_at, read_at, read_channel)",
                concat!(
                    ", ", $d!(time "$3 + p % 600"), ", case when p / 20 % 10 < 7 then ", $d!(time "$3 + 600 + p * 7919 % 170000"),
                    " end, case when p / 20 % 10 < 7 then 'web' end"
                ),
                "true"
            ),
            everybody!(
                $d,
                "insert into receipt (message_id, person_id, option, words, channel, answered_by, answered_at)",
                concat!(
                    ", case when p % 3 = 0 then '请假' else '参加' end, '', 'web', ", $d!(id "p"), ", ",
                    $d!(time "$3 + 660 + p * 7919 % 170000")
                ),
                "p / 20 % 10 < 5"
            ),
            everybody!(
                $d,
                "insert into delivery (message_id, person_id, channel, round, state, attempts, fired_at, done_at,
                                       provider_ref, detail)",
                concat!(
                    ", 'sms', 0, case when p / 20 % 100 < 90 then 'delivered' when p / 20 % 100 < 95 then 'accepted'
                          when p / 20 % 100 < 98 then 'refused' else 'undelivered' end, 1, ",
                    $d!(time "$3 + p % 600"), ", ", $d!(time "$3 + 5 + p % 600"),
                    ", 'm' || p, case when p / 20 % 100 >= 95 then 'GATEWAY 空号' end"
                ),
                "true"
            ),
        ]
    };
}

/// The last person's: he is $1, they are the messages $2 to $3, and $4 is when all have come.
macro_rules! heap {
    ($d:ident) => {
        concat!(
            "insert into inbox (message_id, person_id, arrived_at) with recursive ", counted!("m", "$2", "$3"),
            " select ", $d!(id "m"), ", ", $d!(id "cast($1 as bigint)"), ", ", $d!(time "$4 - ($3 - m) * 60"), " from ms"
        )
    };
}

/// The messages from one number to another, and the lines of their readers.
pub async fn write_lines(tx: &mut Tx, crowd: &Crowd, first: i64, last: i64) -> Result<()> {
    let (groups, until) = (crowd.groups(), crowd.until.timestamp());
    let messages = dialect!(
        tx,
        sqlite: group_messages!(sqlite),
        postgres: group_messages!(postgres),
    );
    execute!(tx, messages, [first, last, groups, until, 5_i64, crowd.messages() + 1])?;
    let files = dialect!(tx, sqlite: files!(sqlite), postgres: files!(postgres));
    execute!(tx, files, [first, last])?;
    for sql in dialect!(tx, sqlite: [recipients!(sqlite), inbox!(sqlite), receipts!(sqlite)],
        postgres: [recipients!(postgres), inbox!(postgres), receipts!(postgres)])
    {
        execute!(tx, sql, [first, last, groups, crowd.readers, until])?;
    }
    Ok(())
}

/// Who has the large message, and what became of it.
pub async fn write_large(tx: &mut Tx, crowd: &Crowd) -> Result<()> {
    let sent = (crowd.until - chrono::Duration::days(3)).timestamp();
    for sql in dialect!(tx, sqlite: everybodys!(sqlite), postgres: everybodys!(postgres)) {
        execute!(tx, sql, [crowd.people, crowd.messages() + 1, sent])?;
    }
    Ok(())
}

/// The messages of the last person.
pub async fn write_heap(tx: &mut Tx, crowd: &Crowd) -> Result<()> {
    let (first, until) = (crowd.messages() + 2, crowd.until.timestamp());
    let last = first + crowd.heap - 1;
    let messages = dialect!(tx, sqlite: heap_messages!(sqlite), postgres: heap_messages!(postgres));
    execute!(tx, messages, [first, last, 1_i64, until, 5_i64, crowd.messages() + 1])?;
    let heap = dialect!(tx, sqlite: heap!(sqlite), postgres: heap!(postgres));
    execute!(tx, heap, [crowd.last(), first, last, until])?;
    Ok(())
}
