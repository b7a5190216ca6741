//! What a message says on each channel, and what that is charged as: counted on the very text that
//! is sent.

use std::fmt;

use super::MessageId;

/// What of a message its channels can say.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub sender_name: &'a str,
    pub title: &'a str,
    pub body: &'a str,
    pub signature: &'a str,
    /// What a text message ends with; none: its channel adds that.
    pub link: Option<Link<'a>>,
}

/// Where a reader opens a message.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// Without a slash at the end.
    pub public_url: &'a str,
    /// Every id is as long as any other.
    pub message: MessageId,
}

impl fmt::Display for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/inbox/{}", self.public_url, self.message)
    }
}

impl Said<'_> {
    /// A text message is short, a call is spoken, a mail and a card say all.
    pub fn on(&self, channel: &str) -> String {
        let Self { sender_name, title, body, signature, .. } = self;
        match channel {
            "sms" => format!("{sender_name}：{title}。详情请登录查看"),
            "voice" => format!("您好，{sender_name}通知您：{title}。"),
            _ if signature.is_empty() => (*body).to_owned(),
            _ => format!("{body}\n\n{signature}"),
        }
    }

    /// One text message whole, its link included.
    pub fn text_message(&self) -> String {
        match &self.link {
            Some(link) => format!("{} {link}", self.on("sms")),
            None => self.on("sms"),
        }
    }

    /// Its pieces.
    pub fn sms_segments(&self) -> i64 {
        sms_segments(self.text_message().encode_utf16().count())
    }

    /// What one send over this channel is charged as: SMS pieces, calls; nothing else costs.
    pub fn cost(&self, channel: &str) -> i64 {
        match channel {
            "sms" => self.sms_segments(),
            "voice" => 1,
            _ => 0,
        }
    }
}

/// 70 characters alone, 67 each when it takes more than one.
fn sms_segments(units: usize) -> i64 {
    i64::try_from(if units <= 70 { 1 } else { units.div_ceil(67) }).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(title: &str) -> Said<'_> {
        Said { sender_name: "教务处", title, body: "正文", signature: "教务处", link: None }
    }

    #[test]
    fn a_long_text_message_is_charged_in_pieces_of_67() {
        assert_eq!(sms_segments(70), 1);
        assert_eq!(sms_segments(71), 2);
        assert_eq!(sms_segments(135), 3);
        let link = Link { public_url: "https://zhihui.example.edu.cn", message: MessageId(uuid::Uuid::nil()) };
        let linked = Said { link: Some(link), ..said("停水") };
        assert_eq!((said("停水").sms_segments(), linked.sms_segments()), (1, 2));
        let end = "停水。详情请登录查看 https://zhihui.example.edu.cn/inbox/00000000-0000-0000-0000-000000000000";
        assert!(linked.text_message().ends_with(end), "{}", linked.text_message());
    }

    #[test]
    fn what_is_charged_is_what_is_sent() {
        let frame = said("").on("sms").chars().count();
        for (length, pieces) in [(70 - frame, 1), (71 - frame, 2), (134 - frame, 2), (135 - frame, 3)] {
            let title = "字".repeat(length);
            let said = said(&title);
            assert_eq!((said.cost("sms"), said.cost("voice"), said.cost("email")), (pieces, 1, 0), "{length}");
            assert!(said.on("sms").contains(&title));
        }
    }
}
