//! 预览: what somebody writes goes to himself alone, as its recipients would get it, over every channel
//! of its rule at once. It is no message of his: it needs nobody's consent, stands in no outbox and
//! counts for nothing, but what its channels cost.

use chrono::Duration;
use serde_json::json;

use super::{
    files,
    intake::{DEFAULT_RULE, find_rule},
    origin::Origin,
};
use crate::{
    domain::{
        MessageId, PersonId, Problem,
        message::{Audience, Draft, limits},
        problem::Class,
    },
    hub::{
        Change, Hub, Result, Source,
        policy::{self, Action, Facts},
    },
    storage::{accounts, audit, messages, people},
};

/// Before the title of every preview.
const MARK: &str = "【预览】";
/// So many previews of one person …
const MOST: i64 = 10;
/// … within so long: each may cost a text message and a call.
const WITHIN: Duration = Duration::minutes(10);

/// What became of it.
#[derive(Debug, Clone)]
pub struct Previewed {
    pub id: MessageId,
    /// what the send rule names and this installation lacks
    pub missing_channels: Vec<String>,
}

impl Hub {
    /// Sends what is written to its writer.
    ///
    /// # Errors
    /// The same as sending it, `PREVIEW_RATE` after ten within ten minutes.
    pub async fn preview(&self, who: PersonId, mut draft: Draft, origin: &Origin) -> Result<Previewed> {
        let source = Source::Person(who);
        policy::require(&source, Action::Send, &Facts::STRANGER)?;
        let added = self.keep_files(&draft.attachments).await?;
        let now = self.clock.now();
        let id = MessageId::new();
        let mut tx = self.db.begin().await?;
        people::lock(&mut tx, who).await?;
        let earlier = messages::count_previews(&mut tx, who, now - WITHIN).await?;
        if earlier >= MOST {
            let mut problem = Problem::new(
                Class::TooMany,
                "PREVIEW_RATE",
                "",
                format!("{} 分钟内最多预览 {MOST} 次，请稍后再试", WITHIN.num_minutes()),
            )
            .in_english(format!("at most {MOST} previews within {} minutes, try again later", WITHIN.num_minutes()));
            problem.retry_after = u64::try_from(WITHIN.num_seconds()).ok();
            return Err(problem.into());
        }
        // A rule that this person could not choose shows nothing either.
        find_rule(&mut tx, &source, draft.send_rule.as_deref().unwrap_or(DEFAULT_RULE)).await?;
        files::carry(&mut tx, who, origin, id).await?;
        self.attach(&mut tx, id, &added).await?;
        draft.audience = Audience { people: accounts::accounts_of(&mut tx, &[who]).await?, ..Audience::default() };
        draft.title = marked(&draft.title);
        (draft.send_at, draft.expires_at, draft.recurrence) = (None, None, None);
        draft.preview_of = Some(who);
        let answer = self.write(&mut tx, &Source::Hub, id, draft, now).await?;
        messages::mark_preview(&mut tx, id, who).await?;
        audit::insert(&mut tx, now, &source.actor(), "message.preview", &format!("message:{id}"), json!({})).await?;
        tx.commit().await?;
        tracing::info!(message.id = %id, "sent preview {id}");
        self.wake.all();
        self.announce(Change::Message(id));
        Ok(Previewed { id, missing_channels: answer.missing_channels })
    }
}

/// The title with the mark before it. What is too long then loses its end, never half a placeholder.
fn marked(title: &str) -> String {
    let whole = format!("{MARK}{title}");
    let Some((end, _)) = whole.char_indices().nth(limits::TITLE) else { return whole };
    let kept = &whole[..end];
    let cut = kept.rfind("{{").filter(|open| !kept[*open..].contains("}}"));
    kept[..cut.unwrap_or(end)].trim_end_matches('{').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_title_loses_its_end_and_never_half_a_placeholder() {
        assert_eq!(marked("会议，{{姓名}}"), "【预览】会议，{{姓名}}");
        for before in 180..=200 {
            let shown = marked(&format!("{}{{{{姓名}}}}", "长".repeat(before)));
            assert!(shown.chars().count() <= limits::TITLE, "{before}");
            assert_eq!(shown.contains('{'), before <= limits::TITLE - 10, "{before}: {shown}");
            assert_eq!(shown.contains("{{姓名}}"), shown.contains('{'), "{before}: {shown}");
        }
    }
}
