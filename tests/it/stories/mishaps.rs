//! What goes wrong on the way, and what people are told of it.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use channels::{
    Accepted, Channel, Outgoing, Recalled, Report, SendError, Status, Supports,
    simulated::{Fault, Medium, Simulated},
};
use chrono::Duration;
use zhihui::{
    clock::END_OF_TIME,
    domain::{
        MessageId,
        message::{Draft, State},
    },
    hub::{Channels, Hub, Once, Source},
    storage::{audit, inbox, messages},
};

use super::sending::code;
use crate::{
    schema::run,
    support::{
        TestHub,
        people::{Actor, to, to_department},
    },
};

fn with_rule(draft: Draft, rule: &str) -> Draft {
    Draft { send_rule: Some(rule.to_owned()), ..draft }
}

/// What lies in somebody's inbox: titles and bodies, newest first.
async fn letters(test: &TestHub, person: &Actor) -> Vec<(String, String)> {
    let mut tx = test.db.read().await.unwrap();
    let wanted = inbox::Wanted { person: person.id, tab: inbox::Tab::All, search: "", open: None };
    let newest = (END_OF_TIME, MessageId(uuid::Uuid::max()));
    let lines = inbox::list(&mut tx, wanted, newest, 50).await.unwrap();
    let mut letters = Vec::new();
    for line in lines {
        let letter = inbox::find(&mut tx, person.id, line.message_id).await.unwrap().unwrap();
        letters.push((letter.title, letter.body));
    }
    letters
}

async fn state_of(test: &TestHub, id: MessageId) -> State {
    let mut tx = test.db.read().await.unwrap();
    messages::find(&mut tx, id).await.unwrap().unwrap().state
}

/// A department with a head and so many members that its mass mail needs consent.
async fn department(test: &TestHub) -> (Actor, Actor) {
    let office = test.department("jwc", None).await;
    let head = test.head("chief", office).await;
    let sender = test.member("clerk", office).await;
    let accounts: Vec<_> = (0..60).map(|nth| format!("staff{nth}")).collect();
    test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    (head, sender)
}

#[tokio::test]
async fn what_an_approver_says_stands_as_he_wrote_it() {
    for opinion in ["{{{格式}}} 不对", "请填写 {{会议室}}", "{{#each}"] {
        let mut test = TestHub::start().await;
        let (head, sender) = department(&test).await;
        let message = test.sends(&sender, to_department("jwc", "全体会议")).await.unwrap().id;
        run(&test.db, "update message set title = '全体 {{{会议}}}' where state = 'pending_approval'").await;
        // The title is part of what was asked for.
        let mut tx = test.db.read().await.unwrap();
        let changed = messages::find(&mut tx, message).await.unwrap().unwrap();
        drop(tx);
        let hash = zhihui::domain::seal::hex(&zhihui::hub::send::intake::content_hash(&changed, &[]));
        let bytes = if matches!(test.db, zhihui::storage::Db::Sqlite { .. }) {
            format!("x'{hash}'")
        } else {
            format!("'\\x{hash}'")
        };
        run(&test.db, &format!("update message set content_hash = {bytes} where state = 'pending_approval'")).await;
        run(&test.db, &format!("update approval set content_hash = {bytes}")).await;

        assert_eq!(test.rejects(&head, opinion).await.unwrap(), State::Rejected);
        test.settle().await;
        let (title, body) = letters(&test, &sender).await.remove(0);
        assert_eq!(title, "审批被驳回：全体 {{{会议}}}");
        assert!(body.ends_with(&format!("意见：{opinion}")), "{body}");
        test.end().await;
    }
}

#[tokio::test]
async fn whoever_waited_too_long_for_consent_hears_that_his_message_expired() {
    let mut test = TestHub::start().await;
    let (head, sender) = department(&test).await;
    let until = Some(test.clock.now() + Duration::hours(1));
    let draft = Draft { expires_at: until, ..to_department("jwc", "今晚的会") };
    let message = test.sends(&sender, draft).await.unwrap().id;
    test.after_minutes(120).await;
    assert_eq!(test.approves(&head).await.unwrap(), State::Held);
    test.settle().await;
    let letters = letters(&test, &sender).await;
    let (title, body) = letters.iter().find(|(title, _)| title.contains("有效期")).expect("he is told");
    assert_eq!(title, "已过有效期，未发送：今晚的会");
    assert!(body.contains("有效期至 2026-11-20 11:00") && body.contains("请撤回后重新编写"), "{body}");
    assert!(!body.contains("立即发送") && !body.contains("  "), "{body}");
    let source = Source::Person(sender.id);
    assert_eq!(code(test.release(&source, None, message).await), "EXPIRED");
    test.recall(&source, message).await.unwrap();
    test.end().await;
}

#[tokio::test]
async fn what_expires_before_everybody_has_it_goes_to_nobody_else_and_is_no_broken_promise() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (head, sender) = (test.head("chief", office).await, test.member("clerk", office).await);
    let accounts: Vec<_> = (0..250).map(|nth| format!("staff{nth}")).collect();
    test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let until = Some(test.clock.now() + Duration::hours(1));
    let draft = Draft { expires_at: until, ..to_department("jwc", "今晚的会") };
    let message = test.sends(&sender, draft).await.unwrap().id;
    assert_eq!(test.approves(&head).await.unwrap(), State::Sending);
    // The first have it from this transaction; then nothing works until it is too late.
    test.clock.advance(Duration::hours(2));
    test.settle().await;
    assert_eq!(state_of(&test, message).await, State::Sent);
    let mut tx = test.db.read().await.unwrap();
    let noted = audit::list_of(&mut tx, &format!("message:{message}"), 50).await.unwrap();
    drop(tx);
    let times = |verb: &str| noted.iter().filter(|row| row.verb == verb).count();
    assert_eq!((times("message.expire"), times("message.fan_out")), (1, 0));
    test.end().await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_stops_nobody_else() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    // More that are bad than one batch holds, and before all others.
    let mut good = Vec::new();
    for nth in 0..30 {
        let send_at = Some(test.clock.now() + Duration::minutes(1) + Duration::seconds(nth));
        let title = if nth < 24 { "bad" } else { "good" };
        let id = test.sends(&sender, Draft { send_at, ..to(&[&reader], title) }).await.unwrap().id;
        good.extend((title == "good").then_some(id));
    }
    run(&test.db, "update message set rounds = '{\"list\":7}' where title = 'bad'").await;
    test.after_minutes(2).await;
    for id in good {
        assert_eq!(state_of(&test, id).await, State::Sent);
    }
    assert_eq!(test.send_due().await.unwrap(), 0, "the others wait, and nobody runs in circles");
    test.close().await;
}

#[tokio::test]
async fn a_recall_says_so_when_the_channels_could_not_be_asked() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let id = test.sends(&sender, with_rule(to(&[&reader], "停课"), "sms")).await.unwrap().id;
    test.settle().await;
    let (source, fingerprint) = (Source::Person(sender.id), [7; 32]);
    let once = Some(Once { key: "recall", fingerprint: &fingerprint });
    // What the provider has cannot be looked up.
    run(&test.db, "alter table delivery rename column provider_ref to elsewhere").await;
    let outcome = test.recall_once(&source, once, id).await.unwrap();
    assert_eq!(outcome.warnings()[0].code, "RECALL_UNASKED");
    assert!(outcome.channels.is_empty());
    assert_eq!(state_of(&test, id).await, State::Recalled);

    run(&test.db, "alter table delivery rename column elsewhere to provider_ref").await;
    let again = test.recall_once(&source, once, id).await.unwrap();
    assert_eq!((again.duplicate, again.warnings().len(), again.channels[0].not_possible), (true, 0, 1));

    test.end().await;
}

/// A provider that reports before it has answered.
struct Hasty {
    inner: Simulated,
    hub: OnceLock<Hub>,
}

#[async_trait]
impl Channel for Hasty {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn supports(&self) -> Supports {
        self.inner.supports()
    }

    async fn send(&self, batch: &[Outgoing]) -> Vec<Result<Accepted, SendError>> {
        let answers = self.inner.send(batch).await;
        let report = |outgoing: &Outgoing| Report {
            key: outgoing.idempotency_key.clone(),
            reference: None,
            status: Status::Delivered,
            detail: String::new(),
            pressed: None,
        };
        let reports = batch.iter().map(report).collect();
        self.hub.get().unwrap().take_reports(self.name(), reports).await.unwrap();
        answers
    }

    async fn recall(&self, references: &[String]) -> Vec<Recalled> {
        self.inner.recall(references).await
    }

    async fn check(&self) -> Result<(), SendError> {
        self.inner.check().await
    }
}

#[tokio::test]
async fn a_report_that_is_faster_than_the_answer_does_not_cost_the_recall() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let inner = Simulated::new(test.carrier.clone(), Medium::DingTalk);
    let hasty = Arc::new(Hasty { inner, hub: OnceLock::new() });
    assert!(hasty.hub.set(test.hub.clone()).is_ok());
    test.hub.channels = Channels::new(vec![(hasty, None)]);

    let message = test.sends(&sender, with_rule(to(&[&reader], "停电通知"), "dingtalk")).await.unwrap().id;
    test.settle().await;
    let outcome = test.recall(&Source::Person(sender.id), message).await.unwrap();
    let [line] = &outcome.channels[..] else { panic!("{outcome:?}") };
    assert_eq!((line.recalled, line.not_possible), (1, 0), "{line:?}");
    test.end().await;
}

#[tokio::test]
async fn what_may_have_gone_out_is_in_the_answer_to_a_recall() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let (one, other) = (test.member("li", office).await, test.member("wang", office).await);
    test.carrier.script(&one.phone, Fault::TakeThenCut);
    let message = test.sends(&sender, with_rule(to(&[&one, &other], "停电通知"), "sms")).await.unwrap().id;
    test.settle().await;
    let outcome = test.recall(&Source::Person(sender.id), message).await.unwrap();
    let [line] = &outcome.channels[..] else { panic!("{outcome:?}") };
    assert_eq!((line.channel.as_str(), line.recalled, line.not_possible), ("sms", 0, 2));
    test.end().await;
}

#[tokio::test]
async fn every_lost_answer_is_counted_whether_it_is_asked_again_or_not() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    for rule in ["dingtalk", "sms"] {
        test.carrier.script(&reader.phone, Fault::TakeThenCut);
        test.sends(&sender, with_rule(to(&[&reader], "停电通知"), rule)).await.unwrap();
        for _ in 0..5 {
            test.after_minutes(1).await;
        }
    }
    let counted = recorder.handle().render();
    for channel in ["dingtalk", "sms"] {
        let line = format!("zhihui_delivery_ambiguous_total{{channel=\"{channel}\"}} 1");
        assert!(counted.contains(&line), "{counted}");
    }
    for line in ["channel=\"sms\",result=\"unknown\"} 1", "channel=\"dingtalk\",result=\"retried\"} 1"] {
        assert!(counted.contains(&format!("zhihui_deliveries_total{{{line}")), "{line}: {counted}");
    }
    test.end().await;
}
