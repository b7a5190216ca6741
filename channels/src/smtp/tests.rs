//! The mail channel against a fake mail server on loopback.

use super::*;
use crate::fake::{self, MailFault, SmtpOptions};

fn to(address: &str) -> Outgoing {
    Outgoing {
        idempotency_key: "d-1".to_owned(),
        address: address.to_owned(),
        name: "李\n雷".to_owned(),
        title: "关于召开教学工作会议的通知，请各部门负责人准时参加并提前准备材料".to_owned(),
        text: "第一段\n.\n..\n第三段".to_owned(),
        link: Some("https://hub/m/1".to_owned()),
        buttons: Vec::new(),
    }
}

fn channel(server: &fake::Smtp) -> Smtp {
    Smtp::new(&server.url(), "知会 <hub@example.edu.cn>").unwrap()
}

async fn one(channel: &Smtp, address: &str) -> Result<Accepted, SendError> {
    channel.send(&[to(address)]).await.remove(0)
}

#[tokio::test]
async fn a_mail_arrives_whole_and_readable() {
    let server = fake::Smtp::start().await;
    let accepted = one(&channel(&server), "lilei@example.com").await.unwrap();
    assert_eq!(accepted.reference.as_deref(), Some("2.0.0 queued as 1"));
    let mail = server.mails().remove(0);
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("hub@example.edu.cn", "lilei@example.com"));
    assert_eq!(mail.subject(), to("").title);
    assert_eq!(mail.text().replace("\r\n", "\n"), "第一段\n.\n..\n第三段\n\nhttps://hub/m/1\n");
    assert_eq!(mail.header("To").unwrap(), "李 雷 <lilei@example.com>");
    assert_eq!(mail.header("From").unwrap(), "知会 <hub@example.edu.cn>");
    assert_eq!(mail.header("Message-ID").unwrap(), "<d-1@example.edu.cn>");
    assert_eq!(mail.header("Auto-Submitted").unwrap(), "auto-generated");
}

#[tokio::test]
async fn the_servers_answer_decides_whether_to_try_again() {
    let server = fake::Smtp::start().await;
    let channel = channel(&server);
    server.script("gone@example.com", MailFault::Recipient("550 5.1.1 no such user".to_owned()));
    server.script("full@example.com", MailFault::Recipient("452 4.2.2 mailbox full".to_owned()));
    server.script("spam@example.com", MailFault::Text("554 5.7.1 looks like spam".to_owned()));
    server.script("grey@example.com", MailFault::Text("451 4.7.1 come back later".to_owned()));
    let gone = one(&channel, "gone@example.com").await;
    let Err(SendError::Refused { code, reason }) = gone else { panic!("{gone:?}") };
    assert_eq!((code.as_str(), reason.as_str()), ("550", "5.1.1 no such user"));
    assert!(matches!(one(&channel, "full@example.com").await, Err(SendError::Temporary { .. })));
    assert!(matches!(one(&channel, "spam@example.com").await, Err(SendError::Refused { .. })));
    assert!(matches!(one(&channel, "grey@example.com").await, Err(SendError::Temporary { .. })));
    assert!(one(&channel, "grey@example.com").await.is_ok());
    assert_eq!((server.mails().len(), server.connections()), (1, 1), "a refusal costs no connection");
}

#[tokio::test]
async fn only_an_answer_lost_after_the_text_is_ambiguous() {
    let server = fake::Smtp::start().await;
    let channel = channel(&server);
    server.script("a@example.com", MailFault::CutBefore);
    server.script("a@example.com", MailFault::CutAfter);
    assert!(matches!(one(&channel, "a@example.com").await, Err(SendError::Temporary { .. })));
    assert!(matches!(one(&channel, "a@example.com").await, Err(SendError::Ambiguous(_))));
    assert!(one(&channel, "a@example.com").await.is_ok());
    let ids: Vec<_> = server.mails().iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "the repeat is the same mail");
}

#[tokio::test]
async fn connections_are_kept_and_a_closed_one_is_replaced_unnoticed() {
    let options = SmtpOptions { mails_per_connection: 2, ..SmtpOptions::default() };
    let server = fake::Smtp::start_with(options).await;
    let channel = channel(&server);
    for _ in 0..5 {
        one(&channel, "a@example.com").await.unwrap();
    }
    assert_eq!((server.mails().len(), server.connections()), (5, 3));
}

#[tokio::test]
async fn a_batch_goes_over_few_connections_and_each_answer_fits_its_mail() {
    let server = fake::Smtp::start().await;
    let channel = channel(&server);
    server.script("p7@example.com", MailFault::Recipient("550 no".to_owned()));
    let mut batch: Vec<_> = (0..40).map(|n| to(&format!("p{n}@example.com"))).collect();
    batch[9].address = "nobody".to_owned();
    let answers = channel.send(&batch).await;
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), at != 7 && at != 9, "{at}");
    }
    assert_eq!(server.mails().len(), 38);
    assert!(server.connections() <= CONNECTIONS);
}

#[tokio::test]
async fn wrong_settings_are_not_the_mails_fault() {
    let sign_in = Some(("hub".to_owned(), "p/w".to_owned()));
    let server = fake::Smtp::start_with(SmtpOptions { sign_in, ..SmtpOptions::default() }).await;
    for (user, right) in [("hub:p%2Fw@", true), ("hub:guess@", false), ("", false)] {
        let channel = Smtp::new(&format!("smtp://{user}{}", server.addr), "hub@example.edu.cn").unwrap();
        let sent = one(&channel, "a@example.com").await;
        assert!(if right { sent.is_ok() } else { matches!(sent, Err(SendError::Temporary { .. })) });
        assert_eq!(channel.check().await.is_ok(), right || user.is_empty());
    }
    let refuse_sender = Some("553 5.7.1 not yours".to_owned());
    let server = fake::Smtp::start_with(SmtpOptions { refuse_sender, ..SmtpOptions::default() }).await;
    let sent = one(&channel(&server), "a@example.com").await;
    assert!(matches!(sent, Err(SendError::Temporary { .. })));
}

#[tokio::test]
async fn a_server_that_is_not_there_has_taken_nothing() {
    let server = fake::Smtp::start().await;
    let channel = channel(&server);
    channel.check().await.unwrap();
    drop(server);
    assert!(matches!(one(&channel, "a@example.com").await, Err(SendError::Temporary { .. })));
    assert!(channel.check().await.is_err());
}

#[tokio::test]
async fn a_panic_refuses_its_mail_and_harms_no_other() {
    let broken = isolated::<()>(async { panic!("as lettre does on a line break") }).await;
    assert!(matches!(broken, Err(SendError::Refused { .. })));
    assert!(isolated(async { Ok(()) }).await.is_ok());
}

#[test]
fn a_sender_that_is_no_address_is_refused_at_once() {
    for from in ["", "知会", "a b <c>"] {
        let made = Smtp::new("smtp://127.0.0.1", from);
        assert!(matches!(made, Err(SetupError::From(_))), "{from}");
    }
}
