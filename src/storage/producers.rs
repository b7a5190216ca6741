//! Table `producer`.

use super::Json;
use crate::domain::ProducerId;

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct ProducerAudience {
    pub everyone: bool,
    pub departments: Vec<String>,
}

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct ProducerCategories {
    pub any: bool,
    pub names: Vec<String>,
}

row! {
    #[derive(Debug, Clone)]
    pub struct Producer {
        pub id: ProducerId,
        pub name: String,
        pub audience: Json<ProducerAudience>,
        pub categories: Json<ProducerCategories>,
        pub is_trusted: bool,
    }
}
