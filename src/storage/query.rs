//! The macros that run one SQL text with native types on either database.
//!
//! `fetch_all!(tx, Row, "sql", [binds])` and its siblings; `row!` for what comes back. The named
//! dialect switches at the end are the only places where the two texts differ
//! (docs/decisions/0003).

/// Writes one macro for each way to run a query: `name!(tx, Type, "sql", [binds])`.
macro_rules! verbs {
    ($d:tt $($(#[$doc:meta])* $name:ident => $query:ident . $run:ident;)*) => { $(
        $(#[$doc])*
        macro_rules! $name {
            ($d tx:expr, $d row:ty, $d sql:expr, [$d($d bind:expr),* $d(,)?]) => {
                match $d tx {
                    $d crate::storage::Tx::Sqlite(tx) => {
                        sqlx::$query::<_, $d row>($d sql)$d(.bind($d bind))*.$run(&mut **tx).await
                    }
                    $d crate::storage::Tx::Postgres(tx) => {
                        sqlx::$query::<_, $d row>($d sql)$d(.bind($d bind))*.$run(&mut **tx).await
                    }
                }
            };
        }
    )* };
}
verbs! { $
    /// Every row.
    fetch_all => query_as.fetch_all;
    /// One row or none.
    fetch_optional => query_as.fetch_optional;
    /// The one row.
    fetch_one => query_as.fetch_one;
    /// The one value of the one row.
    fetch_value => query_scalar.fetch_one;
    /// The one value of every row.
    fetch_values => query_scalar.fetch_all;
    /// The one value of the one row, or none.
    fetch_optional_value => query_scalar.fetch_optional;
}

/// `execute!(tx, "sql", [binds])`: how many rows changed.
macro_rules! execute {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        match $tx {
            $crate::storage::Tx::Sqlite(tx) => {
                sqlx::query($sql)$(.bind($bind))*.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
            $crate::storage::Tx::Postgres(tx) => {
                sqlx::query($sql)$(.bind($bind))*.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
        }
    };
}

/// `row! { pub struct Name { pub column: Type, … } }`: a struct that is read by its column names.
/// In place of sqlx's derive, which would compile both drivers a second time.
macro_rules! row {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$meta])*
        pub struct $name { $($(#[$field_meta])* pub $field: $ty),* }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            $($ty: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>),*
        {
            fn from_row(row: &'r R) -> sqlx::Result<Self> {
                Ok(Self { $($field: row.try_get(stringify!($field))?),* })
            }
        }
    };
}

/// Two texts for one meaning. Use the named switches below; a new one needs a decision.
macro_rules! dialect {
    ($tx:expr, sqlite: $sqlite:expr, postgres: $postgres:expr $(,)?) => {
        match $tx {
            $crate::storage::Tx::Sqlite(_) => $sqlite,
            $crate::storage::Tx::Postgres(_) => $postgres,
        }
    };
}

/// The end of a `select` that claims rows: others pass over those already claimed.
macro_rules! skip_locked {
    ($tx:expr, $head:literal, $tail:literal) => {
        dialect!(
            $tx,
            sqlite: concat!($head, $tail),
            postgres: concat!($head, " for update skip locked ", $tail),
        )
    };
}

/// May decide as a head of a department or with the role: `may_approve!("person.id")`.
macro_rules! may_approve {
    ($person:literal) => {
        concat!(
            "(exists (select 1 from person_role where person_role.person_id = ",
            $person,
            " and person_role.role = 'approver')
              or exists (select 1 from assignment where assignment.person_id = ",
            $person,
            " and assignment.is_head))"
        )
    };
}

/// Whoever has this row of `approval_seat` may still decide: active, and named by the rule, or a head
/// or an approver as when he was asked.
macro_rules! is_held {
    () => {
        concat!(
            "exists (select 1 from person as holder
                      where holder.id = approval_seat.person_id and holder.state = 'active')
               and (approval_seat.is_named or ",
            may_approve!("approval_seat.person_id"),
            ")"
        )
    };
}

/// This row of `approval_seat` is a person's own, or of somebody whose deputy he is at a moment:
/// `acts_for!("$1", "$2")`.
macro_rules! acts_for {
    ($person:literal, $now:literal) => {
        concat!(
            "(approval_seat.person_id = ",
            $person,
            " or approval_seat.person_id in (
                 select approval_delegation.person_id from approval_delegation
                  where approval_delegation.deputy_id = ",
            $person,
            " and approval_delegation.ended_at is null and approval_delegation.from_at <= ",
            $now,
            " and approval_delegation.until_at > ",
            $now,
            "))"
        )
    };
}

/// A person was asked by a note and his word is still wanted: `is_undecided!("message.id", "person_id")`.
macro_rules! is_undecided {
    ($note:literal, $person:literal) => {
        concat!(
            "exists (select 1 from approval_seat where approval_seat.note_id = ",
            $note,
            " and approval_seat.person_id = ",
            $person,
            " and approval_seat.state = 'waiting')"
        )
    };
}

/// The states in which a delivery has failed; what was not needed any more (`cancelled`) has not.
macro_rules! failed {
    () => {
        "('undelivered', 'refused', 'expired')"
    };
}

/// It stands for itself, and is shown so in its sender's lists.
macro_rules! is_no_addition {
    () => {
        "not exists (select 1 from addition where addition.message_id = message.id)"
    };
}

/// Every two characters that stand beside each other in what a person is searched by. PostgreSQL alone has
/// an index over it (`person_part`), and its own function (src/storage/open.rs).
macro_rules! parts_of_person {
    () => {
        "person_parts(person.search || ' ' || lower(coalesce(person.account, '') || ' ' || person.name))"
    };
}

/// A recipient may open it: it is out, and its sender has not deleted it.
macro_rules! is_visible {
    () => {
        "message.state in ('sending', 'sent') and message.deleted_at is null"
    };
}

/// The same of a message that is in somebody's inbox, so that it is looked for among the few which are not
/// visible alone (index `message_gone`): `is_open!("inbox.message_id")`.
macro_rules! is_open {
    ($message:literal) => {
        concat!(
            "not exists (select 1 from message as gone where coalesce(gone.id, gone.id) = coalesce(",
            $message,
            ", ",
            $message,
            ") and (gone.state not in ('sending', 'sent') or gone.deleted_at is not null))"
        )
    };
}

/// A JSON list of texts as a subquery: `each!(tx, "… in (", "$2", ") …")`; more lists may follow.
macro_rules! each {
    ($tx:expr, $head:expr $(, $list:literal, $tail:expr)+) => {
        dialect!(
            $tx,
            sqlite: concat!($head $(, "select value from json_each(", $list, ")", $tail)+),
            postgres: concat!(
                $head $(, "select value from jsonb_array_elements_text(", $list, "::jsonb) as each (value)", $tail)+
            ),
        )
    };
}

/// A JSON list of ids, written without hyphens, as a subquery.
macro_rules! each_id {
    ($tx:expr, $head:expr, $list:literal, $tail:expr) => {
        dialect!(
            $tx,
            sqlite: concat!($head, "select unhex(value) from json_each(", $list, ")", $tail),
            postgres: concat!($head, "select value::uuid from jsonb_array_elements_text(", $list, "::jsonb) as each (value)", $tail),
        )
    };
}

/// A JSON list of objects as a table named `each`, its columns typed for either database:
/// `each_row!(tx, "insert … select id, name from ", "$1", { id: uuid, name: text }, " where true")`.
/// Ids and bytes are written in hexadecimal. Times are bound beside the list, never inside it.
macro_rules! each_row {
    (@cell sqlite $column:ident uuid) => { concat!("unhex(value ->> '", stringify!($column), "') as ", stringify!($column)) };
    (@cell sqlite $column:ident bytea) => { each_row!(@cell sqlite $column uuid) };
    (@cell sqlite $column:ident $kind:ident) => { concat!("value ->> '", stringify!($column), "' as ", stringify!($column)) };
    (@cell postgres $column:ident bytea) => {
        concat!("decode(value ->> '", stringify!($column), "', 'hex') as ", stringify!($column))
    };
    (@cell postgres $column:ident $kind:ident) => {
        concat!("cast(value ->> '", stringify!($column), "' as ", stringify!($kind), ") as ", stringify!($column))
    };
    ($tx:expr, $head:expr, $list:literal, { $first:ident : $first_kind:ident $(, $column:ident : $kind:ident)* $(,)? }, $tail:expr) => {
        dialect!(
            $tx,
            sqlite: concat!(
                $head, "(select ", each_row!(@cell sqlite $first $first_kind),
                $(", ", each_row!(@cell sqlite $column $kind),)*
                " from json_each(", $list, ")) as each", $tail
            ),
            postgres: concat!(
                $head, "(select ", each_row!(@cell postgres $first $first_kind),
                $(", ", each_row!(@cell postgres $column $kind),)*
                " from jsonb_array_elements(", $list, "::jsonb) as listed (value)) as each", $tail
            ),
        )
    };
}
