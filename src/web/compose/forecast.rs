//! What sending a message that is being written would do: whom it would reach, what that would cost
//! at most, and whose consent it would need.

use super::fields;
use crate::{
    clock::Timestamp,
    domain::{command, personal},
    hub::{
        Source,
        send::resolve::{NeededApproval, Resolved},
    },
    web::{
        door::session::Me,
        frame::{form::Fields, page_error::PageError},
        message::plan,
        views::compose::{Forecast, TextMessage, Unknown},
    },
};

/// A text message of more pieces is folded. Two are usual: its link takes nearly one.
const SHOWN_PIECES: i64 = 2;

impl Me {
    /// The forecast, or why it cannot be sent so. Where some of what was typed is nobody's it is that of
    /// all the others, and says so.
    pub(super) async fn forecast(&self, fields: &Fields) -> Result<Forecast, PageError> {
        let named = match self.named(fields).await {
            Ok(named) => named,
            Err(error) => return self.refused(error, None),
        };
        let unknown = self.unknown(&named.unknown);
        let forecast = match self.reckon(fields, named.people()).await {
            Ok(forecast) => Forecast { unknown, ..forecast },
            Err(error) => self.refused(error, unknown)?,
        };
        Ok(Forecast { pasted: self.pasted(&named).await?, ..forecast })
    }

    /// It cannot be sent so.
    pub(super) fn refused(&self, error: PageError, unknown: Option<Unknown>) -> Result<Forecast, PageError> {
        let problem = error.into_problem()?;
        // Nobody is left but whom nobody knows: that alone is to be mended.
        let is_said = problem.code == "RCPT_NONE" && unknown.is_some();
        Ok(Forecast {
            reach: None,
            repeated: 0,
            cost: 0,
            approval: None,
            problem: (!is_said).then(|| self.in_words(&problem)),
            unknown,
            already: 0,
            out: None,
            sms: None,
            pasted: Vec::new(),
        })
    }

    /// # Errors
    /// The same as sending such a message to these people, who are named one by one, and whom it names else.
    async fn reckon(&self, fields: &Fields, people: Vec<String>) -> Result<Forecast, PageError> {
        let hub = &self.web.hub;
        let now = hub.clock.now();
        let sketch = command::read_sketch(&fields::sketch(fields, people, hub.place.timezone), now)?;
        let found = hub.resolve(&Source::Person(self.id()), &sketch).await?;
        let out = self.out(fields, found.send_at, found.approval.is_some());
        Ok(Forecast { out: Some(out), ..self.foreseen(found, 0) })
    }

    /// `already`: of people who would be added, so many have it.
    pub(super) fn foreseen(&self, found: Resolved, already: i64) -> Forecast {
        Forecast {
            repeated: found.repeated,
            cost: found.cost_units,
            approval: found.approval.as_ref().map(|needed| self.consent(needed)),
            sms: found.sms_text.clone().map(|text| TextMessage {
                pieces: found.sms_segments,
                is_long: found.sms_segments > SHOWN_PIECES,
                is_personal: !personal::named(&text).is_empty(),
                text,
            }),
            reach: Some(plan::foreseen(self, found)),
            problem: None,
            unknown: None,
            already,
            out: None,
            pasted: Vec::new(),
        }
    }

    /// When it goes out, as far as that can be known before anybody has consented.
    fn out(&self, fields: &Fields, send_at: Option<Timestamp>, is_asked: bool) -> String {
        let zone = self.web.hub.place.timezone;
        let at = send_at.map(|at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string());
        let when = match (fields.get("when"), at) {
            ("series", Some(first)) => self.say("forecast.out.series_from", &[("first", first)]),
            ("series", None) => self.say("forecast.out.series", &[]),
            (_, Some(at)) => at,
            (_, None) => self.say("forecast.out.now", &[]),
        };
        let key = if is_asked { "forecast.out.asked" } else { "forecast.out" };
        self.say(key, &[("when", when)])
    }

    fn consent(&self, needed: &NeededApproval) -> String {
        let key = if needed.approvers == 0 { "compose.approval_nobody" } else { "compose.approval_by" };
        let rule = self.translated("approval_rule.", &needed.rule);
        self.say(key, &[("rule", rule), ("count", needed.approvers.to_string())])
    }
}
