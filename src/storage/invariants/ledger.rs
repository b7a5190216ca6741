//! Rules about messages, recipients, inboxes, deliveries, approvals, recalls, schedules and series.

use super::{Rule, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "I1",
        "was answered for and is not there",
        "select intake.message_id, count(*) from intake left join message on message.id = intake.message_id
          where intake.message_id is not null and message.id is null group by intake.message_id"
    ),
    rule!(
        "I1",
        "is through, but people did not get it",
        "select recipient.message_id, count(*) from message
           join recipient on recipient.message_id = message.id
           join person on person.id = recipient.person_id and person.account is not null
           left join inbox on inbox.message_id = recipient.message_id and inbox.person_id = recipient.person_id
          where message.state in ('sending', 'sent') and inbox.message_id is null
            and not exists (select 1 from wave where wave.message_id = message.id and wave.round = 0)
            and not exists (select 1 from audit where audit.object = " (object "message" "message.id") "
                                                  and audit.verb = 'message.expire')
          group by recipient.message_id"
    ),
    rule!(
        "I2",
        "lies in an inbox twice",
        "select message_id, cast(sum(n) as bigint) from (
            select message_id, count(*) - 1 as n from inbox group by message_id, person_id having count(*) > 1
         ) as twice group by message_id"
    ),
    rule!(
        "I3",
        "lies in inboxes that it was not meant for",
        "select inbox.message_id, count(*) from inbox
           left join recipient on recipient.message_id = inbox.message_id and recipient.person_id = inbox.person_id
          where recipient.message_id is null group by inbox.message_id"
    ),
    rule!(
        "I3",
        "has deliveries about people that it was not meant for",
        "select delivery.message_id, count(*) from delivery
           left join recipient on recipient.message_id = delivery.message_id
                              and recipient.person_id = delivery.person_id
          where recipient.message_id is null group by delivery.message_id"
    ),
    rule!(
        "I12",
        "shows another number of recipients than it has",
        "select message.id, message.recipients - coalesce(counted.n, 0) from message
           left join (select message_id, count(*) as n from recipient group by message_id) as counted
             on counted.message_id = message.id
          where message.recipients <> coalesce(counted.n, 0)"
    ),
    rule!(
        "I4",
        "has open deliveries that nobody will work on",
        "select delivery.message_id, count(*) from delivery
          where delivery.state in ('ready', 'sending')
            and not exists (
                select 1 from ticket
                 where ticket.message_id = delivery.message_id and ticket.channel = delivery.channel
                   and ticket.round = delivery.round and ticket.first_person <= delivery.person_id
                   and ticket.last_person >= delivery.person_id)
          group by delivery.message_id"
    ),
    // A round is over once that was noted and no wave of it is left. Conditions never cease to hold,
    // so that whoever still has none to stop for had none then.
    rule!(
        "I4",
        "has rounds that are over, but not a delivery for everybody",
        "select recipient.message_id, count(*) from " (planned) "
           join message on message.id = planned.message_id
           join recipient on recipient.message_id = planned.message_id
           left join delivery on delivery.message_id = recipient.message_id
                             and delivery.person_id = recipient.person_id
                             and delivery.channel = planned.channel and delivery.round = planned.round
          where message.state in ('sending', 'sent') and delivery.message_id is null
            and not exists (select 1 from wave where wave.message_id = message.id and wave.round = planned.round)
            and exists (select 1 from audit
                         where audit.object = " (object "message" "message.id") " and audit.at >= message.sent_at
                           and (planned.round = 0 and audit.verb = 'message.fan_out'
                             or audit.verb = 'escalation.step'
                                and cast(audit.detail ->> 'step' as bigint) = planned.round))
            and (planned.unless is null
              or planned.unless = 'read' and not exists (
                 select 1 from inbox where inbox.message_id = message.id and inbox.person_id = recipient.person_id
                                       and inbox.read_at is not null)
              or planned.unless in ('receipt', 'confirmed') and not exists (
                 select 1 from receipt
                  where receipt.message_id = message.id and receipt.person_id = recipient.person_id)
              or planned.unless = 'decided' and exists (
                 select 1 from approval_seat
                  where approval_seat.note_id = message.id and approval_seat.person_id = recipient.person_id
                    and approval_seat.state = 'waiting'))
          group by recipient.message_id"
    ),
    // Whom a reminder was for is forgotten with its wave, how many they were is not. It goes over the
    // first channels that the rule names; where it names none, over whatever the installation had
    // then. Of a message that expires the wave may have come too late, of one that was deleted it was
    // taken away.
    rule!(
        "I4",
        "has reminders that are over, but not a delivery for everybody who was reminded",
        "select message_id, cast(sum(abs(people - n)) as bigint) from (
            select reminder.message_id, reminder.people,
                   (select count(*) from delivery
                     where delivery.message_id = reminder.message_id and delivery.channel = planned.channel
                       and delivery.round = 1000 + reminder.nth) as n
              from reminder
              join message on message.id = reminder.message_id
              join " (planned) " on planned.message_id = reminder.message_id
                and planned.round = (select min(planned.round) from " (planned) "
                                      where planned.message_id = reminder.message_id)
             where message.state in ('sending', 'sent') and message.expires_at is null
               and not exists (select 1 from audit where audit.verb = 'message.delete'
                                and audit.object = " (object "message" "message.id") ")
               and not exists (select 1 from wave
                                where wave.message_id = message.id and wave.round = 1000 + reminder.nth)
         ) as counted where n <> people group by message_id"
    ),
    rule!(
        "I4",
        "reminded people and nobody had asked for it",
        "select delivery.message_id, count(*) from delivery
           left join reminder on reminder.message_id = delivery.message_id
                             and reminder.nth = delivery.round - 1000
          where delivery.round >= 1000 and delivery.round < 10000 and reminder.message_id is null
          group by delivery.message_id"
    ),
    rule!(
        "I4",
        "was sent again and nobody had asked for it",
        "select delivery.message_id, count(*) from delivery
           left join resend on resend.message_id = delivery.message_id
                           and resend.nth = (delivery.round - 10000) / 100
          where delivery.round >= 10000 and resend.message_id is null group by delivery.message_id"
    ),
    rule!(
        "I3",
        "was added to a message whose people had it already",
        "select addition.message_id, count(*) from addition
           join message on message.id = addition.message_id and message.state not in ('rejected', 'recalled')
           join recipient as mine on mine.message_id = addition.message_id
           join recipient as theirs on theirs.person_id = mine.person_id and theirs.message_id <> mine.message_id
          where theirs.message_id = addition.adds_to_id
             or exists (select 1 from addition as other
                          join message as sibling on sibling.id = other.message_id
                                                 and sibling.state not in ('rejected', 'recalled')
                         where other.message_id = theirs.message_id and other.adds_to_id = addition.adds_to_id)
          group by addition.message_id"
    ),
    rule!(
        "I3",
        "was added to a message and says something else",
        "select message.id, cast(1 as bigint) from addition
           join message on message.id = addition.message_id
           join message as first on first.id = addition.adds_to_id and first.state in ('sending', 'sent')
          where message.title <> first.title or message.body <> first.body or message.signature <> first.signature
             or coalesce(message.url, '') <> coalesce(first.url, '')
             or coalesce(message.sender_id, message.producer_id) <> coalesce(first.sender_id, first.producer_id)"
    ),
    rule!(
        "I8",
        "was added to a message that is recalled or deleted, and is not",
        "select message.id, cast(1 as bigint) from addition
           join message on message.id = addition.message_id
           join message as first on first.id = addition.adds_to_id
          where message.state in ('pending_approval', 'held', 'scheduled', 'sending', 'sent')
            and (first.state = 'recalled' or (first.deleted_at is not null and message.deleted_at is null))"
    ),
    rule!(
        "I4",
        "has deliveries that ended without an attempt or without a time",
        "select message_id, count(*) from delivery
          where (state in ('accepted', 'delivered', 'undelivered', 'unknown', 'refused')
                 and (fired_at is null or attempts < 1 or done_at is null))
             or (state in ('cancelled', 'expired') and done_at is null)
          group by message_id"
    ),
    rule!(
        "I10",
        "keeps earlier tries of deliveries that are not there, or more of them than were made",
        "select attempt.message_id, count(*) from attempt
           left join delivery on delivery.message_id = attempt.message_id and delivery.person_id = attempt.person_id
                             and delivery.channel = attempt.channel and delivery.round = attempt.round
          where delivery.message_id is null or attempt.nth < 1 or attempt.nth > delivery.attempts
          group by attempt.message_id"
    ),
    // Two seconds: what a worker had in hand when the answer was written.
    rule!(
        "I6",
        "chased people who had read, answered or decided already",
        "select delivery.message_id, count(*) from delivery
           join message on message.id = delivery.message_id
           left join inbox on inbox.message_id = delivery.message_id and inbox.person_id = delivery.person_id
           left join receipt on receipt.message_id = delivery.message_id and receipt.person_id = delivery.person_id
           left join approval_seat on approval_seat.note_id = delivery.message_id
                                  and approval_seat.person_id = delivery.person_id
          where delivery.unless is not null and delivery.fired_at is not null
            and (delivery.unless = 'read' and " (seconds "inbox.read_at" "delivery.fired_at") " > 2
              or delivery.unless in ('receipt', 'confirmed')
                 and " (seconds "receipt.answered_at" "delivery.fired_at") " > 2
              or delivery.unless = 'decided' and " (seconds "approval_seat.decided_at" "delivery.fired_at") " > 2)
          group by delivery.message_id"
    ),
    rule!(
        "I7",
        "went out without consent to just that",
        "select message.id, cast(1 as bigint) from message
          where message.sent_at is not null
            and exists (select 1 from approval where approval.message_id = message.id)
            and not exists (
                select 1 from approval
                 where approval.message_id = message.id and approval.state = 'approved'
                   and approval.decided_at <= message.sent_at and approval.message_version = message.version
                   and approval.content_hash = message.content_hash
                   and approval.snapshot_hash = message.snapshot_hash)"
    ),
    rule!(
        "I7",
        "reached inboxes before it was approved",
        "select inbox.message_id, count(*) from (select distinct message_id from approval) as asked
           join inbox on inbox.message_id = asked.message_id
          where not exists (
                select 1 from approval where approval.message_id = inbox.message_id
                                         and approval.state = 'approved' and approval.decided_at <= inbox.arrived_at)
          group by inbox.message_id"
    ),
    rule!(
        "I7",
        "left the hub before it was approved",
        "select delivery.message_id, count(*) from (select distinct message_id from approval) as asked
           join delivery on delivery.message_id = asked.message_id and delivery.fired_at is not null
          where not exists (
                select 1 from approval where approval.message_id = delivery.message_id
                                         and approval.state = 'approved'
                                         and approval.decided_at <= delivery.fired_at)
          group by delivery.message_id"
    ),
    rule!(
        "I7",
        "was decided by its own sender, or by somebody who was not asked",
        "select message.id, count(*) from approval join message on message.id = approval.message_id
          where approval.state in ('approved', 'rejected')
            and (approval.decided_by is null or approval.decided_at is null
              or approval.decided_by = message.sender_id
              or not exists (select 1 from approval_seat
                              where approval_seat.approval_id = approval.id
                                and approval_seat.decided_by = approval.decided_by))
          group by message.id"
    ),
    rule!(
        "I7",
        "was decided in somebody's place by one who was not his deputy then",
        "select approval.message_id, count(*) from approval_seat
           join approval on approval.id = approval_seat.approval_id
           join message on message.id = approval.message_id
          where approval_seat.decided_by is not null
            and (approval_seat.decided_by = message.sender_id
              or approval_seat.decided_by <> approval_seat.person_id and not exists (
                 select 1 from approval_delegation
                  where approval_delegation.person_id = approval_seat.person_id
                    and approval_delegation.deputy_id = approval_seat.decided_by
                    and approval_delegation.from_at <= approval_seat.decided_at
                    and approval_delegation.until_at > approval_seat.decided_at
                    and (approval_delegation.ended_at is null
                      or approval_delegation.ended_at >= approval_seat.decided_at)))
          group by approval.message_id"
    ),
    rule!(
        "I7",
        "was approved before every node had agreed, or without somebody who had to",
        "select approval.message_id, count(*) from approval
          where approval.state = 'approved'
            and (approval.node <> approval.last_node
              or approval.last_node + 1 <> (
                 select count(distinct approval_seat.node) from approval_seat
                  where approval_seat.approval_id = approval.id and approval_seat.state = 'approved')
              or exists (
                 select 1 from approval_seat
                  where approval_seat.approval_id = approval.id
                    and (approval_seat.state in ('waiting', 'rejected', 'returned')
                      or approval_seat.is_needed and approval_seat.state = 'spared')))
          group by approval.message_id"
    ),
    rule!(
        "I7",
        "is over, or has gone on, and somebody is still asked",
        "select approval.message_id, count(*) from approval_seat
           join approval on approval.id = approval_seat.approval_id
          where approval_seat.state = 'waiting'
            and (approval.state <> 'pending' or approval_seat.node <> approval.node)
          group by approval.message_id"
    ),
    rule!(
        "I7",
        "was decided more than once",
        "select message_id, count(*) from approval where state in ('approved', 'rejected')
          group by message_id, message_version having count(*) > 1"
    ),
    rule!(
        "I8",
        "reached inboxes after it was recalled",
        "select message.id, count(*) from message join inbox on inbox.message_id = message.id
          where message.state = 'recalled' and inbox.arrived_at > message.recalled_at group by message.id"
    ),
    // Two seconds: what a worker had in hand when the recall was written.
    rule!(
        "I8",
        "left the hub after it was recalled",
        "select message.id, count(*) from message join delivery on delivery.message_id = message.id
          where message.state = 'recalled' and " (seconds "message.recalled_at" "delivery.fired_at") " > 2
          group by message.id"
    ),
    rule!(
        "I8",
        "left the hub after it was deleted",
        "select message.id, count(*) from message join delivery on delivery.message_id = message.id
          where message.deleted_at is not null and " (seconds "message.deleted_at" "delivery.fired_at") " > 2
          group by message.id"
    ),
    rule!(
        "I9",
        "reached inboxes before it was sent",
        "select message.id, count(*) from message join inbox on inbox.message_id = message.id
          where message.sent_at is null or inbox.arrived_at < message.sent_at group by message.id"
    ),
    rule!(
        "I9",
        "left the hub before it was sent",
        "select message.id, count(*) from message join delivery on delivery.message_id = message.id
          where delivery.fired_at is not null and (message.sent_at is null or delivery.fired_at < message.sent_at)
          group by message.id"
    ),
    rule!(
        "I9",
        "was sent before its time",
        "select id, cast(1 as bigint) from message where sent_at < send_at"
    ),
    // Half an hour is what hub::engine::schedule allows; a second for the rounding of SQLite.
    rule!(
        "I9",
        "was sent by itself more than half an hour late",
        "select message.id, cast(1 as bigint) from message
           join audit on audit.verb = 'message.start' and audit.object = " (object "message" "message.id") "
          where message.send_at is not null and " (seconds "message.send_at" "audit.at") " > 1801"
    ),
    rule!(
        "I9",
        "is a run of a series that has another at the same time",
        "select message.id, count(*) from message
           join message as other on other.series_id = message.series_id and other.send_at = message.send_at
                                and other.id <> message.id
          group by message.id"
    ),
    rule!(
        "I9",
        "is a run of a series that is not there, or that calls an earlier one its last",
        "select message.id, cast(1 as bigint) from message
           left join series on series.id = message.series_id
           left join message as last on last.id = series.run_id
          where message.series_id is not null
            and (series.id is null or message.send_at > last.send_at or message.send_at > series.run_at)"
    ),
    rule!(
        "I9",
        "is the last run of a series, and no run of it",
        "select series.run_id, count(*) from series
           left join message on message.id = series.run_id and message.series_id = series.id
          where message.id is null group by series.run_id"
    ),
    rule!(
        "I11",
        "has an answer from somebody who did not get it, or 其他 without words",
        "select receipt.message_id, count(*) from receipt
           left join inbox on inbox.message_id = receipt.message_id and inbox.person_id = receipt.person_id
          where inbox.message_id is null or (receipt.option is not null and (receipt.option = '其他') = (receipt.words = ''))
          group by receipt.message_id"
    ),
    rule!(
        "I11",
        "was answered by somebody who was neither its recipient nor called in his place",
        "select receipt.message_id, count(*) from receipt
          where receipt.answered_by <> receipt.person_id
            and not exists (
                select 1 from delivery
                 where delivery.message_id = receipt.message_id and delivery.person_id = receipt.person_id
                   and delivery.callee_id = receipt.answered_by)
          group by receipt.message_id"
    ),
];
