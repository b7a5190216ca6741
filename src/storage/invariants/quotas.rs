//! Rules about what messages take from SMS quotas.

use super::{Rule, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "I12",
        "is said to have taken another number of SMS pieces than went out",
        "select quota_entry.message_id, quota_entry.pieces from quota_entry
          where settled_at is not null and pieces <> segments * (
            select count(*) from delivery
             where delivery.message_id = quota_entry.message_id and delivery.channel = 'sms'
               and delivery.round between quota_entry.first_round and quota_entry.last_round
               and delivery.state in ('sending', 'accepted', 'delivered', 'unknown'))"
    ),
    rule!(
        "I12",
        "counts against a quota whose month is not the sum of its entries",
        "select quota_entry.message_id, cast(coalesce(quota_month.pieces, 0) - summed.pieces as bigint) from quota_entry
           join (select quota_id, month, sum(pieces) as pieces from quota_entry group by quota_id, month) as summed
             on summed.quota_id = quota_entry.quota_id and summed.month = quota_entry.month
           left join quota_month on quota_month.quota_id = summed.quota_id and quota_month.month = summed.month
          where coalesce(quota_month.pieces, 0) <> summed.pieces"
    ),
];
