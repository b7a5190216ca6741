//! One type for each kind of id, so that the compiler keeps them apart.

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

/// The length of an id with its hyphens; every other way to write one has another.
const HYPHENATED: usize = uuid::fmt::Hyphenated::LENGTH;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A UUIDv7: later ids sort after earlier ones.
            #[expect(clippy::new_without_default, reason = "a new id is an act, not a default")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }

            /// Not above any id that is made at `at` or later.
            pub fn first_at(at: crate::clock::Timestamp) -> Self {
                let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
            }

            /// Without hyphens, as lists of ids go into SQL.
            pub fn simple(self) -> String {
                self.0.simple().to_string()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;
            /// With its four hyphens, as ids are written everywhere; no braces, no `urn:uuid:`.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let id = uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == HYPHENATED);
                id.map(Self).ok_or(NotAnId)
            }
        }

        impl<D: sqlx::Database> sqlx::Type<D> for $name
        where
            uuid::Uuid: sqlx::Type<D>,
        {
            fn type_info() -> D::TypeInfo {
                <uuid::Uuid as sqlx::Type<D>>::type_info()
            }
            fn compatible(ty: &D::TypeInfo) -> bool {
                <uuid::Uuid as sqlx::Type<D>>::compatible(ty)
            }
        }

        impl<'q, D: sqlx::Database> sqlx::Encode<'q, D> for $name
        where
            uuid::Uuid: sqlx::Encode<'q, D>,
        {
            fn encode_by_ref(
                &self,
                buf: &mut <D as sqlx::Database>::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                self.0.encode_by_ref(buf)
            }
        }

        impl<'r, D: sqlx::Database> sqlx::Decode<'r, D> for $name
        where
            uuid::Uuid: sqlx::Decode<'r, D>,
        {
            fn decode(value: <D as sqlx::Database>::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                uuid::Uuid::decode(value).map(Self)
            }
        }
    )* };
}

ids!(
    PersonId,
    DepartmentId,
    GroupId,
    /// 文件夹: where somebody keeps groups.
    FolderId,
    ProducerId,
    MessageId,
    ApprovalId,
    ApprovalRuleId,
    /// 委派 of somebody's approvals for a while.
    DelegationId,
    TicketId,
    EventId,
    AuditId,
    ExportId,
    AttachmentId,
    /// 周期发送: messages that come again and again.
    SeriesId,
    /// 短信配额 of a department or of a module.
    QuotaId,
    DeadLetterId,
    /// One running process of the hub.
    ReplicaId,
    /// One taking of a ticket by a worker: whoever takes it later has another.
    ClaimId,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_in_one_way() {
        let id = MessageId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        for other in [id.simple(), id.0.urn().to_string(), id.0.braced().to_string(), "0".to_owned(), String::new()] {
            assert_eq!(other.parse::<MessageId>(), Err(NotAnId), "{other}");
        }
    }
}
