//! What a message says on each channel, and what that is charged as: counted on the very text that
//! is sent.

/// What of a message its channels can say.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub sender_name: &'a str,
    pub title: &'a str,
    pub body: &'a str,
    pub signature: &'a str,
    /// The length of the link, in UTF-16 units with the space before it, that a text message ends with.
    pub link_units: usize,
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

    /// Pieces of one text message, its link included.
    pub fn sms_segments(&self) -> i64 {
        sms_segments(self.on("sms").encode_utf16().count() + self.link_units)
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
        Said { sender_name: "教务处", title, body: "正文", signature: "教务处", link_units: 0 }
    }

    #[test]
    fn a_long_text_message_is_charged_in_pieces_of_67() {
        assert_eq!(sms_segments(70), 1);
        assert_eq!(sms_segments(71), 2);
        assert_eq!(sms_segments(135), 3);
        let linked = Said { link_units: 71, ..said("停水") };
        assert_eq!((said("停水").sms_segments(), linked.sms_segments()), (1, 2));
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
