//! What sending a message that is being written would do: whom it would reach, what that would cost
//! at most, and whose consent it would need.

use super::fields;
use crate::{
    domain::command,
    hub::{Source, resolve::NeededApproval},
    web::{form::Fields, page_error::PageError, plan, session::Me, views::compose::Forecast},
};

/// It cannot be sent so.
pub fn refused(problem: String) -> Forecast {
    Forecast { reach: None, repeated: 0, cost: 0, approval: None, problem: Some(problem) }
}

impl Me {
    /// # Errors
    /// The same as sending such a message.
    pub(super) async fn forecast(&self, fields: &Fields) -> Result<Forecast, PageError> {
        let sketch = command::read_sketch(&fields::sketch(fields, self.named(fields).await?))?;
        let found = self.web.hub.resolve(&Source::Person(self.id()), &sketch).await?;
        Ok(Forecast {
            repeated: found.repeated,
            cost: found.cost_units,
            approval: found.approval.as_ref().map(|needed| self.consent(needed)),
            reach: Some(plan::foreseen(self, found)),
            problem: None,
        })
    }

    fn consent(&self, needed: &NeededApproval) -> String {
        let key = if needed.approvers == 0 { "compose.approval_nobody" } else { "compose.approval_by" };
        let rule = self.translated("approval_rule.", &needed.rule);
        self.say(key, &[("rule", rule), ("count", needed.approvers.to_string())])
    }
}
