//! People: kinds, roles, phone numbers and how they are shown.

use super::words::words;

words! {
    pub enum State {
        Active => "active",
        Frozen => "frozen",
        Resigned => "resigned",
    }
}

words! {
    pub enum Role {
        Approver => "approver",
        OrgAdmin => "org_admin",
        SystemAdmin => "system_admin",
        AuditAdmin => "audit_admin",
    }
}

/// The kind of people outside the organisation: no account, no inbox.
pub const EXTERNAL: &str = "external";

/// `138****5678`; nothing that is too short to hide anything.
pub fn mask_phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().collect();
    if digits.len() < 8 {
        return "*".repeat(digits.len());
    }
    let (head, tail) = (&digits[..3], &digits[digits.len() - 4..]);
    format!("{}****{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
}

/// `l***@example.edu`
pub fn mask_email(email: &str) -> String {
    match email.split_once('@') {
        Some((name, host)) => format!("{}***@{host}", name.chars().next().unwrap_or('*')),
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_shows_its_ends_only() {
        assert_eq!(mask_phone("13800135678"), "138****5678");
        assert_eq!(mask_phone("1234"), "****");
    }
}
