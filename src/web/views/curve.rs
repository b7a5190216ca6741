//! `parts/curve`: how many had, read and answered a message by when, as lines and as a table.

use serde::Serialize;

use super::Moment;
use crate::{
    clock::Timestamp,
    hub::follow::{
        kept_tallies,
        tallies::{self, STEPS},
    },
};

/// The drawing's own units; it is stretched to its place.
pub const WIDTH: i64 = 960;
pub const HEIGHT: i64 = 200;
/// Lines of the table at most.
const ROWS: i64 = 12;

/// The lines of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Curve {
    /// Words under `curve.<name>`: `sent`, `read`, `answered` where answers are asked for.
    pub lines: Vec<Line>,
    /// all recipients, the top of the drawing
    pub most: i64,
    pub from: Moment,
    pub middle: Moment,
    pub to: Moment,
    pub rows: Vec<Row>,
    pub asks: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub name: String,
    /// The class that colours it.
    pub tone: String,
    /// `x,y x,y …`
    pub points: String,
    /// so many in the end
    pub people: i64,
}

/// When the numbers are of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    pub at: Moment,
    /// They are shown until the page looks again, at once.
    pub is_old: bool,
}

/// So many by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub at: Moment,
    pub sent: i64,
    pub read: i64,
    pub answered: i64,
}

impl Curve {
    /// None as long as it has not gone out. Drawn as far as the time of counting:
    /// nobody knows what comes after.
    pub fn of(tally: &tallies::Tally, asks: bool) -> Option<Self> {
        let (counted, recipients) = (&tally.curve, tally.people);
        let from = counted.from?;
        let span = (tally.counted_at - from).num_seconds().clamp(1, counted.step.max(1) * STEPS);
        let nth = |step: i64| usize::try_from(step.clamp(0, STEPS - 1)).unwrap_or(0);
        let grown = |what: &str| -> Vec<i64> {
            let mut grown = vec![0; nth(STEPS) + 1];
            for step in counted.steps.iter().filter(|step| step.what == what) {
                grown[nth(step.nth)] += step.people;
            }
            let mut sum = 0;
            grown
                .iter()
                .map(|people| {
                    sum += people;
                    sum
                })
                .collect()
        };
        let all = [("sent", "ok"), ("read", "az"), ("answered", "gb")].map(|(name, tone)| (name, tone, grown(name)));
        let most = all.iter().flat_map(|(.., grown)| grown).copied().max().unwrap_or(0).max(recipients).max(1);
        let after = |seconds: i64| from + chrono::Duration::seconds(seconds);
        let at = |step: i64| after((counted.step * step).min(span));
        let [sent, read, answered] = all.each_ref().map(|(.., grown)| grown);
        let last = counted.steps.iter().map(|step| step.nth).max().unwrap_or(0).clamp(0, STEPS - 1);
        let apart = (last / ROWS + 1).max(1);
        let rows = (1..=ROWS).map(|row| (row * apart - 1).min(last)).collect::<std::collections::BTreeSet<_>>();
        let row = |step: i64| {
            let of = |grown: &Vec<i64>| grown[nth(step)];
            Row { at: at(step + 1), sent: of(sent), read: of(read), answered: of(answered) }
        };
        let rows = rows.into_iter().map(row).collect();
        let shown = all.iter().filter(|(name, ..)| asks || *name != "answered");
        let lines = shown
            .map(|(name, tone, grown)| {
                line((name, tone), grown, most, |step| (counted.step * step).min(span) * WIDTH / span)
            })
            .collect();
        Some(Self { lines, most, from, middle: after(span / 2), to: after(span), rows, asks })
    }
}

/// `x` is where the end of a step lies; those that have yet to come lie at the edge and add nothing.
fn line((name, tone): (&str, &str), grown: &[i64], most: i64, x: impl Fn(i64) -> i64) -> Line {
    let y = |people: i64| HEIGHT - people * HEIGHT / most;
    let mut points = vec![(0, HEIGHT)];
    points.extend((1..).zip(grown).map(|(step, people)| (x(step), y(*people))));
    points.dedup();
    let points: Vec<_> = points.into_iter().map(|(x, y)| format!("{x},{y}")).collect();
    let points = points.join(" ");
    Line { name: name.into(), tone: tone.into(), points, people: grown.last().copied().unwrap_or(0) }
}

/// When the numbers are of, where that is more than a moment ago.
pub fn counted(at: Timestamp, now: Timestamp) -> Option<Counted> {
    (now - at > chrono::Duration::seconds(5)).then(|| Counted { at, is_old: kept_tallies::is_old(at, now) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::curve::Step;

    fn counted(counted_at: Timestamp, people: i64, curve: tallies::Curve) -> tallies::Tally {
        tallies::Tally { counted_at, people, curve, ..tallies::Tally::default() }
    }

    #[test]
    fn lines_only_rise_and_end_at_what_was_counted() {
        let step = |what: &str, nth, people| Step { what: what.into(), nth, people };
        let from = Timestamp::UNIX_EPOCH;
        let steps = vec![step("sent", 0, 10), step("read", 3, 4), step("read", 47, 1), step("answered", 5, 2)];
        let hour = chrono::Duration::hours(1);
        let curve = Curve::of(&counted(from + hour, 10, tallies::Curve { from: Some(from), step: 60, steps }), true)
            .expect("it is out");
        let of = |name: &str| curve.lines.iter().find(|line| line.name == name).expect("a line");
        assert_eq!((of("sent").people, of("read").people, of("answered").people), (10, 5, 2));
        let heights: Vec<i64> = of("read")
            .points
            .split(' ')
            .map(|point| point.split_once(',').expect("two").1.parse().expect("a number"))
            .collect();
        assert!(heights.is_sorted_by(|above, below| above >= below), "{heights:?}");
        assert_eq!((heights[0], heights[heights.len() - 1]), (HEIGHT, HEIGHT / 2));
        let last = curve.rows.last().expect("a row");
        assert_eq!((last.sent, last.read, last.answered), (10, 5, 2));
        assert!(curve.rows.len() <= 12);
        let none = tallies::Curve { from: Some(from), step: 1, steps: Vec::new() };
        assert_eq!(Curve::of(&counted(from, 0, none), false).expect("it is out").lines.len(), 2);
    }

    #[test]
    fn nothing_is_drawn_of_what_has_yet_to_come() {
        let from = Timestamp::UNIX_EPOCH;
        let until = from + chrono::Duration::seconds(610);
        let steps =
            vec![Step { what: "sent".into(), nth: 0, people: 3 }, Step { what: "read".into(), nth: 10, people: 1 }];
        let curve = Curve::of(&counted(until, 3, tallies::Curve { from: Some(from), step: 60, steps }), false)
            .expect("it is out");
        assert_eq!((curve.from, curve.to), (from, until));
        assert!(curve.rows.iter().all(|row| row.at <= until), "{:?}", curve.rows);
        let read = &curve.lines[1].points;
        assert!(read.ends_with(" 944,200 960,134"), "{read}");
    }
}
