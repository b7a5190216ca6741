//! Rooms that were booked in the last days, and when the undertaker took them on.

use chrono::{Duration, NaiveTime};

use super::{
    days::{Days, Event},
    enrol::account,
    notices::Calendar,
};
use crate::{
    clock::Timestamp,
    domain::MessageId,
    producers::{meeting, visitor},
};

/// A booking of the last days.
struct Past {
    days: i64,
    time: (u32, u32),
    booker: &'static str,
    room: &'static str,
    title: &'static str,
    /// minutes until it was confirmed; later than five, the phone had rung
    confirmed_after: i64,
}

const PAST: [Past; 3] = [
    Past {
        days: 4,
        time: (9, 50),
        booker: "approver",
        room: "第一会议室",
        title: "中层干部周例会",
        confirmed_after: 2,
    },
    Past {
        days: 2,
        time: (15, 5),
        booker: "head",
        room: "信息楼报告厅",
        title: "计算机学院教职工大会",
        confirmed_after: 7,
    },
    Past {
        days: 1, time: (10, 40), booker: "staff", room: "第三会议室", title: "课程思政研讨会", confirmed_after: 1
    },
];

/// Somebody came to see one of the professors.
const VISIT: (i64, u32, u32) = (1, 14, 20);

impl Days<'_> {
    /// Notes the bookings and the visit in the agenda.
    pub(super) fn enter_modules(&mut self) {
        let calendar = self.calendar;
        for (nth, past) in PAST.iter().enumerate() {
            self.enter(moment(calendar, past.days, past.time.0, past.time.1), Event::Book(nth));
        }
        let (days, hour, minute) = VISIT;
        self.enter(moment(calendar, days, hour, minute), Event::Visit);
    }

    pub(super) async fn book(&mut self, nth: usize) -> anyhow::Result<()> {
        let past = &PAST[nth];
        let now = self.hub.clock.now();
        let done = meeting::book(&self.hub, &self.booking(nth)).await?;
        self.settle().await?;
        self.pass_later(now, &[5, 10, 20, 25]);
        self.enter(now + Duration::minutes(past.confirmed_after), Event::Confirm(done.id, nth));
        Ok(())
    }

    /// Of the nth: a room for the second working day after it, at half past two.
    fn booking(&self, nth: usize) -> meeting::Booking {
        let past = &PAST[nth];
        let afternoon = NaiveTime::from_hms_opt(14, 30, 0).expect("a time of day");
        let booked_at = moment(self.calendar, past.days, past.time.0, past.time.1);
        meeting::Booking {
            id: format!("past-{nth}"),
            room: past.room.to_owned(),
            title: past.title.to_owned(),
            begins_at: self.calendar.day(booked_at, 2, afternoon),
            booker: account(past.booker).to_owned(),
            undertaker: account("undertaker").to_owned(),
        }
    }

    /// The undertaker presses the button on his phone, and the booker is told.
    pub(super) async fn confirm(&mut self, message: MessageId, nth: usize) -> anyhow::Result<()> {
        let undertaker = self.person("undertaker");
        self.phones.press(&self.hub, undertaker, message, meeting::CONFIRM).await?;
        meeting::tell_booker(&self.hub, &self.booking(nth).attributes(&self.hub)).await?;
        self.settle().await?;
        Ok(())
    }

    pub(super) async fn visit(&mut self) -> anyhow::Result<()> {
        let visit = visitor::Visit {
            id: "past-1".to_owned(),
            visitor: "顾安宁".to_owned(),
            company: "云岭软件公司".to_owned(),
            reason: "洽谈课程实践基地".to_owned(),
            host: account("staff").to_owned(),
            gate: self.account("bwc/2"),
        };
        let done = visitor::announce(&self.hub, &visit).await?;
        self.settle().await?;
        self.go_to(self.hub.clock.now() + Duration::minutes(1));
        self.phones.press(&self.hub, self.person("staff"), done.id, "welcome").await?;
        visitor::tell_gate(&self.hub, &visit.attributes(), "welcome").await?;
        self.settle().await?;
        Ok(())
    }
}

fn moment(calendar: Calendar, days: i64, hour: u32, minute: u32) -> Timestamp {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of day");
    calendar.day(calendar.now, -days, time)
}
