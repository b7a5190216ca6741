//! What programs say about groups that they keep.

use serde_json::{Value, json};

use super::{audience, fields, fields::Fields};
use crate::domain::{
    FolderId, GroupId, PersonId, Problem,
    message::{Audience, DepartmentChoice, External},
};

/// A group by its name, and the folder that it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenGroup {
    pub name: String,
    pub folder: Option<FolderId>,
}

/// People to be listed, none of them looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct ChosenMembers {
    /// Accounts and departments alone.
    pub inside: Audience,
    /// With a note on each.
    pub outside: Vec<(External, String)>,
}

/// `{"name": …, "folder": id | null}`
pub fn read_group(value: &Value) -> Result<ChosenGroup, Problem> {
    let fields = Fields::of(value, "", &["name", "folder"])?;
    let folder = fields.text("folder")?.map(|raw| id(raw, "/folder")).transpose()?;
    Ok(ChosenGroup { name: fields.required_text("name")?.to_owned(), folder })
}

/// `{"name": …}`
pub fn read_name(value: &Value) -> Result<String, Problem> {
    Ok(Fields::of(value, "", &["name"])?.required_text("name")?.to_owned())
}

/// `{"folder": id | null, "groups": [id, …]}`
pub fn read_group_order(value: &Value) -> Result<(Option<FolderId>, Vec<GroupId>), Problem> {
    let fields = Fields::of(value, "", &["folder", "groups"])?;
    let folder = fields.text("folder")?.map(|raw| id(raw, "/folder")).transpose()?;
    Ok((folder, ids(&fields, "groups")?))
}

/// `{"people": [account, …], "departments": [{"code", "recursive"}, …], "external": [{"name", "phone",
/// "email", "note"}, …]}`
pub fn read_members(value: &Value) -> Result<ChosenMembers, Problem> {
    let fields = Fields::of(value, "", &["people", "departments", "external"])?;
    let departments = fields.items("departments")?.map(|(at, value)| audience::department(value, &at));
    let inside = Audience {
        people: fields.names("people")?,
        departments: departments.collect::<Result<_, _>>()?,
        ..Audience::default()
    };
    let outside = fields.items("external")?.map(|(at, value)| outsider(value, &at)).collect::<Result<_, _>>()?;
    Ok(ChosenMembers { inside, outside })
}

/// A note, and of somebody outside the organisation also `name`, `phone` and `email`.
pub fn read_member(value: &Value) -> Result<(Option<External>, String), Problem> {
    let fields = Fields::of(value, "", &["name", "phone", "email", "note"])?;
    let note = fields.text("note")?.unwrap_or_default().to_owned();
    let is_described = ["name", "phone", "email"].iter().any(|name| fields.get(name).is_some());
    if !is_described {
        return Ok((None, note));
    }
    let (who, note) = outsider(value, "")?;
    Ok((Some(who), note))
}

/// `{"members": [id, …]}`
pub fn read_chosen(value: &Value) -> Result<Vec<PersonId>, Problem> {
    ids(&Fields::of(value, "", &["members"])?, "members")
}

/// `{"members": [id, …], "to": id}`
pub fn read_copy(value: &Value) -> Result<(GroupId, Vec<PersonId>), Problem> {
    let fields = Fields::of(value, "", &["members", "to"])?;
    Ok((id(fields.required_text("to")?, "/to")?, ids(&fields, "members")?))
}

/// `{"code": …, "recursive": true}`
pub fn read_follow(value: &Value) -> Result<DepartmentChoice, Problem> {
    audience::department(value, "")
}

fn outsider(value: &Value, at: &str) -> Result<(External, String), Problem> {
    let fields = Fields::of(value, at, &["name", "phone", "email", "note"])?;
    let note = fields.text("note")?.unwrap_or_default().to_owned();
    let [name, phone, email] = ["name", "phone", "email"].map(|name| fields.get(name));
    Ok((audience::external(&json!({"name": name, "phone": phone, "email": email}), at)?, note))
}

fn ids<T: std::str::FromStr>(fields: &Fields<'_>, name: &str) -> Result<Vec<T>, Problem> {
    fields.items(name)?.map(|(at, value)| id(fields::text(value, &at)?, &at)).collect()
}

fn id<T: std::str::FromStr>(raw: &str, at: &str) -> Result<T, Problem> {
    raw.parse().map_err(|_| {
        Problem::invalid("FIELD_VALUE", at, format!("{at} 不是有效的 id")).in_english(format!("{at} is not an id"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_as_recipients_are_and_may_have_a_note() {
        let read = read_members(&json!({
            "people": ["20160899"], "departments": [{"code": "jwc", "recursive": true}],
            "external": [{"name": "李雷", "phone": "+86 138 0013 8000", "note": "专家"}],
        }))
        .expect("good members");
        assert_eq!(read.inside.people, ["20160899"]);
        assert!(read.inside.departments[0].recursive);
        assert_eq!(read.outside[0].0.phone.as_deref(), Some("13800138000"));
        assert_eq!(read.outside[0].1, "专家");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (value, code, field) in [
            (json!({"external": [{"name": "李雷"}]}), "EXTERNAL_ADDRESS", "/external/0"),
            (json!({"external": [{"name": "李雷", "phone": "1380000"}]}), "PHONE", "/external/0/phone"),
            (json!({"everyone": true}), "FIELD_UNKNOWN", "/everyone"),
            (json!({"people": "all"}), "FIELD_TYPE", "/people"),
        ] {
            let problem = read_members(&value).expect_err(code);
            assert_eq!((problem.code, problem.field.as_str()), (code, field));
        }
        let problem = read_group_order(&json!({"groups": ["1"]})).expect_err("no id");
        assert_eq!((problem.code, problem.field.as_str()), ("FIELD_VALUE", "/groups/0"));
    }
}
