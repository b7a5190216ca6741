//! The portal of somebody with every right, and of somebody with nothing to do.

use crate::web::views::{inbox::*, portal::*};

impl PortalPage {
    pub fn sample() -> Self {
        Self {
            name: "林知远".into(),
            greeting: Greeting::Morning,
            unread: 31,
            waiting: 3,
            approvals: Some(4),
            pending: 1,
            returned: 2,
            latest: InboxList::sample().groups.into_iter().flat_map(|group| group.rows).collect(),
        }
    }

    pub fn sample_quiet() -> Self {
        Self {
            greeting: Greeting::Evening,
            unread: 0,
            waiting: 0,
            approvals: None,
            pending: 0,
            returned: 0,
            latest: Vec::new(),
            ..Self::sample()
        }
    }
}
