//! Wakes the reconcilers of this process as soon as there is something for them.
//!
//! Not required for correctness: each also looks by itself once a second.

use std::sync::Arc;

use tokio::sync::Notify;

/// One bell for each reconciler; ringing twice before it looks is ringing once.
#[derive(Clone, Default)]
pub struct Wake {
    bells: Arc<Bells>,
}

#[derive(Default)]
struct Bells {
    waves: Notify,
    tickets: Notify,
    outbox: Notify,
    exports: Notify,
}

impl Wake {
    /// Something was committed that concerns them all.
    pub fn all(&self) {
        for bell in [&self.bells.waves, &self.bells.tickets, &self.bells.outbox] {
            bell.notify_one();
        }
    }

    /// There is a wave to write.
    pub fn waves(&self) -> &Notify {
        &self.bells.waves
    }

    /// There is a ticket to put on the queue.
    pub fn tickets(&self) -> &Notify {
        &self.bells.tickets
    }

    /// There is a spreadsheet to write.
    pub fn exports(&self) -> &Notify {
        &self.bells.exports
    }

    /// There is an event to publish.
    pub fn outbox(&self) -> &Notify {
        &self.bells.outbox
    }
}
