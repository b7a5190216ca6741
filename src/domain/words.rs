//! `words!`: an enum whose values are stored, sent and shown as fixed words.

/// `words! { pub enum State { Draft => "draft", … } }` gives `as_str`, `FromStr`, serde and
/// database text in one place. A word is part of the product's interface: never change one.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident => $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::words::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($word => Ok(Self::$variant),)* _ => Err($crate::domain::words::UnknownWord(text.to_owned())) }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl<D: sqlx::Database> sqlx::Type<D> for $name where str: sqlx::Type<D> {
            fn type_info() -> D::TypeInfo { <str as sqlx::Type<D>>::type_info() }
            fn compatible(ty: &D::TypeInfo) -> bool { <str as sqlx::Type<D>>::compatible(ty) }
        }

        impl<'q, D: sqlx::Database> sqlx::Encode<'q, D> for $name where &'q str: sqlx::Encode<'q, D> {
            fn encode_by_ref(
                &self,
                buf: &mut <D as sqlx::Database>::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <&'q str as sqlx::Encode<'q, D>>::encode(self.as_str(), buf)
            }
        }

        impl<'r, D: sqlx::Database> sqlx::Decode<'r, D> for $name where &'r str: sqlx::Decode<'r, D> {
            fn decode(value: <D as sqlx::Database>::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                Ok(<&'r str as sqlx::Decode<'r, D>>::decode(value)?.parse()?)
            }
        }
    };
}
pub(crate) use words;

/// A text that is none of an enum's words.
#[derive(Debug, Clone, thiserror::Error)]
#[error("“{0}” is not one of the known words")]
pub struct UnknownWord(pub String);
