//! 审批流程: what the decisions of those who were asked make of an approval. Nodes follow one upon
//! the other; a refusal at any of them ends it.

use super::words::words;

words! {
    /// What became of one person's seat at a node.
    pub enum SeatState {
        Waiting => "waiting",
        Approved => "approved",
        Rejected => "rejected",
        Returned => "returned",
        /// 转办
        Transferred => "transferred",
        /// Others have decided; his word is not needed any more.
        Spared => "spared",
        /// Lost the right before saying anything.
        Lapsed => "lapsed",
    }
}

/// One seat at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    pub state: SeatState,
    /// 会签: the node is not through without this one.
    pub is_needed: bool,
    /// Whoever has it may still decide.
    pub is_held: bool,
}

/// What a node needs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Somebody who may decide has not.
    Waits,
    /// Somebody agreed, and everybody who had to.
    Passed,
    /// Nobody who was asked may decide any more.
    Forsaken,
}

/// Where a node stands, of which nobody has refused. A seat whose holder may not decide any more
/// holds nothing up as long as somebody else agrees.
pub fn standing(seats: &[Seat]) -> Standing {
    let waits = |seat: &&Seat| seat.state == SeatState::Waiting && seat.is_held;
    let is_agreed = seats.iter().any(|seat| seat.state == SeatState::Approved);
    let is_missing = seats.iter().filter(waits).any(|seat| seat.is_needed);
    match (is_agreed, is_missing) {
        (true, false) => Standing::Passed,
        _ if seats.iter().any(|seat| waits(&seat)) => Standing::Waits,
        _ => Standing::Forsaken,
    }
}

/// The node after this one, if there is another.
pub fn next(node: i64, last: i64) -> Option<i64> {
    (node < last).then_some(node + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(state: SeatState, is_needed: bool) -> Seat {
        Seat { state, is_needed, is_held: true }
    }

    fn gone(is_needed: bool) -> Seat {
        Seat { is_held: false, ..seat(SeatState::Waiting, is_needed) }
    }

    #[test]
    fn any_one_is_enough_where_any_one_is_asked() {
        use SeatState::{Approved, Waiting};
        assert_eq!(standing(&[seat(Waiting, false), seat(Waiting, false)]), Standing::Waits);
        assert_eq!(standing(&[seat(Approved, false), seat(Waiting, false)]), Standing::Passed);
    }

    #[test]
    fn all_have_to_agree_where_all_are_asked() {
        use SeatState::{Approved, Transferred, Waiting};
        assert_eq!(standing(&[seat(Approved, true), seat(Waiting, true)]), Standing::Waits);
        assert_eq!(standing(&[seat(Approved, true), seat(Approved, true)]), Standing::Passed);
        assert_eq!(standing(&[seat(Transferred, true), seat(Approved, true)]), Standing::Passed);
        assert_eq!(standing(&[seat(Transferred, true), seat(Waiting, true)]), Standing::Waits);
    }

    #[test]
    fn whoever_has_left_holds_nothing_up() {
        use SeatState::{Approved, Waiting};
        assert_eq!(standing(&[seat(Approved, true), gone(true)]), Standing::Passed);
        assert_eq!(standing(&[seat(Waiting, true), gone(true)]), Standing::Waits);
        assert_eq!(standing(&[gone(true), gone(false)]), Standing::Forsaken);
        assert_eq!(standing(&[]), Standing::Forsaken);
        // Others who were asked in their place: any one of them.
        assert_eq!(standing(&[gone(true), seat(Approved, false), seat(Waiting, false)]), Standing::Passed);
    }

    #[test]
    fn nodes_follow_one_upon_the_other() {
        assert_eq!((next(0, 2), next(1, 2), next(2, 2), next(0, 0)), (Some(1), Some(2), None, None));
    }
}
