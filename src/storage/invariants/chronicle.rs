//! Rules about the audit: every change of state was written down, and written down once.

use super::{Rule, rule};

/// A message has one row of this verb where `$at_least` holds, and none where `$at_most` does not;
/// a message that was edited and sent again may have one for each version. Another verb may stand
/// in its place.
macro_rules! noted {
    ($verb:literal $(or $other:literal)?, $at_least:literal, $at_most:literal, $broken:literal) => {
        rule!(
            "I19",
            $broken,
            "select id, n from (
                select message.id, message.version,
                       case when " $at_least " then 1 else 0 end as fewest,
                       case when " $at_most " then 1 else 0 end as most,
                       (select count(*) from audit
                         where audit.object = " (object "message" "message.id") "
                           and audit.verb in ('" $verb $("', '" $other)? "')) as n
                  from message
             ) as counted where n < fewest or n > version * most"
        )
    };
}

pub(super) const RULES: &[Rule] = &[
    noted!("message.submit", "message.state <> 'draft'", "true", "was not noted once as submitted"),
    noted!("message.start", "false", "message.send_at is not null", "was started more often than once"),
    noted!("message.hold", "message.state = 'held'", "true", "was not noted once as held"),
    noted!(
        "message.recall",
        "message.state = 'recalled'",
        "message.recalled_at is not null or message.version > 1",
        "was not noted once as recalled"
    ),
    noted!(
        "message.finish",
        "message.state = 'sent'",
        "message.finished_at is not null or message.version > 1",
        "was not noted once as sent"
    ),
    noted!(
        "message.fan_out" or "message.expire",
        "message.state in ('sending', 'sent') and not exists (
             select 1 from wave where wave.message_id = message.id and wave.round = 0)",
        "message.sent_at is not null or message.version > 1",
        "was not noted once as written to its inboxes"
    ),
    rule!(
        "I19",
        "began to go out and nobody noted why",
        "select message.id, cast(1 as bigint) from message
          where message.sent_at is not null and message.sent_at <> message.created_at
            and not exists (select 1 from approval
                             where approval.message_id = message.id and approval.state = 'approved'
                               and approval.decided_at = message.sent_at)
            and not exists (select 1 from audit
                             where audit.object = " (object "message" "message.id") "
                               and audit.verb in ('message.start', 'message.release'))"
    ),
    rule!(
        "I19",
        "has decisions that were not noted once each",
        "select message_id, n from (
            select approval.message_id,
                   (select count(*) from approval_seat
                     where approval_seat.approval_id = approval.id
                       and approval_seat.state in ('approved', 'rejected', 'returned')) as wanted,
                   (select count(*) from audit where audit.object = " (object "approval" "approval.id") "
                                                 and audit.verb = 'approval.decide') as n
              from approval
         ) as counted where n <> wanted"
    ),
    rule!(
        "I19",
        "was passed on and that was not noted once each time",
        "select message_id, n from (
            select approval.message_id,
                   (select count(*) from approval_seat
                     where approval_seat.approval_id = approval.id and approval_seat.state = 'transferred') as wanted,
                   (select count(*) from audit where audit.object = " (object "approval" "approval.id") "
                                                 and audit.verb = 'approval.transfer') as n
              from approval
         ) as counted where n <> wanted"
    ),
    rule!(
        "I19",
        "has answers that were not noted once each, under the name of whoever gave them",
        "select message_id, n from (
            select receipt.message_id, count(*) as given,
                   (select count(*) from audit where audit.object = " (object "message" "receipt.message_id") "
                                                 and audit.actor = " (object "person" "receipt.answered_by") "
                                                 and audit.verb = 'receipt.submit') as n
              from receipt group by receipt.message_id, receipt.answered_by
         ) as counted where n <> given"
    ),
    rule!(
        "I19",
        "was sent again and that was not noted once each time",
        "select message_id, n from (
            select resend.message_id, count(*) as planned,
                   (select count(*) from audit where audit.object = " (object "message" "resend.message_id") "
                                                 and audit.verb = 'message.resend') as n
              from resend group by resend.message_id
         ) as counted where n <> planned"
    ),
    rule!(
        "I19",
        "has additions that were not noted once each",
        "select adds_to_id, n from (
            select addition.adds_to_id, count(*) as planned,
                   (select count(*) from audit where audit.object = " (object "message" "addition.adds_to_id") "
                                                 and audit.verb = 'message.add_recipients') as n
              from addition group by addition.adds_to_id
         ) as counted where n <> planned"
    ),
    rule!(
        "I19",
        "has reminders that were not noted once each",
        "select message_id, n from (
            select reminder.message_id, count(*) as planned,
                   (select count(*) from audit where audit.object = " (object "message" "reminder.message_id") "
                                                 and audit.verb = 'message.remind') as n
              from reminder group by reminder.message_id
         ) as counted where n <> planned"
    ),
];
