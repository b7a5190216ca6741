//! The loops of a working replica: each reconciler when its bell rings and at least once a second,
//! a consumer for every queue, until told to stop.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{
    sync::{Notify, Semaphore},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    broker::{Consumer, Delivered, Health, Queue},
    hub::{
        Hub, Result, Wake,
        deliver::{lanes::TICKETS, queue::queued},
    },
};

/// How often each reconciler looks by itself.
const PERIOD: Duration = Duration::from_secs(1);
/// How often leases are renewed: twice may fail before one is lost.
const RENEWAL: Duration = Duration::from_secs(4);
/// How often the end of the last ticket is looked for at a stop.
const WATCH: Duration = Duration::from_millis(100);
/// After a failure a loop waits so long.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

impl Hub {
    /// Starts everything that works; ends soon after `stop`, with what is in hand recorded.
    pub fn work(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let (in_hand, asked) = (self.in_hand.clone(), stop.clone());
        tasks.spawn(async move {
            asked.cancelled().await;
            in_hand.stop();
        });
        self.spawn_loop(tasks, stop, "schedule", None, |hub| async move { hub.send_due().await });
        self.spawn_loop(tasks, stop, "series", None, |hub| async move { hub.repeat().await });
        self.spawn_loop(tasks, stop, "waves", Some(Wake::waves), |hub| async move { hub.fan_out().await });
        self.spawn_loop(tasks, stop, "tickets", Some(Wake::tickets), |hub| async move {
            Ok(hub.queue_tickets().await?.len())
        });
        self.spawn_loop(tasks, stop, "outbox", Some(Wake::outbox), |hub| async move { hub.relay().await });
        self.spawn_loop(tasks, stop, "finish", None, |hub| async move { hub.finish().await });
        self.spawn_loop(tasks, stop, "quotas", None, |hub| async move { hub.settle_quotas().await });
        self.spawn_loop(tasks, stop, "approvals", None, |hub| async move { hub.ask_others().await });
        self.spawn_loop(tasks, stop, "audit", None, |hub| async move { hub.seal_audit().await });
        self.spawn_loop(tasks, stop, "forget", None, |hub| async move { hub.forget().await });
        self.spawn_workers(tasks, stop);
        self.spawn_watch(tasks, stop);
    }

    /// The consumers of tickets, once this process knows its part of the channels' rates and the
    /// others know theirs.
    fn spawn_workers(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let (hub, tracker, stop) = (self.clone(), tasks.clone(), stop.clone());
        tasks.spawn(async move {
            let alive = hub.renew_leases().await.unwrap_or(1);
            hub.spawn_renewal(&tracker, &stop);
            if alive > 1 && hub.channels.any_rated() {
                let _ = tokio::time::timeout(RENEWAL + PERIOD, stop.cancelled()).await;
            }
            for name in hub.channels.names() {
                hub.spawn_consumer(&tracker, &stop, hub.broker.consume(Queue::Work(name.to_owned()), TICKETS));
            }
            hub.spawn_consumer(&tracker, &stop, hub.broker.consume(Queue::Priority, TICKETS));
        });
    }

    fn spawn_loop<F>(
        &self,
        tasks: &TaskTracker,
        stop: &CancellationToken,
        name: &'static str,
        bell: Option<fn(&Wake) -> &Notify>,
        step: impl Fn(Hub) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<usize>> + Send,
    {
        let (hub, stop) = (self.clone(), stop.clone());
        tasks.spawn(async move {
            while !stop.is_cancelled() {
                // A panic belongs to one pass: the job must go on, or everything it does would stop unseen.
                let pause = match AssertUnwindSafe(step(hub.clone())).catch_unwind().await {
                    Ok(Ok(0)) => PERIOD,
                    Ok(Ok(_)) => continue,
                    Err(_) => {
                        tracing::error!(job = name, "the job {name} broke off and goes on");
                        AFTER_FAILURE
                    }
                    Ok(Err(error)) => {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            job = name,
                            "the job {name} failed and goes on"
                        );
                        AFTER_FAILURE
                    }
                };
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = sleep(pause) => {}
                    () = ring(bell.map(|bell| bell(&hub.wake))) => {}
                }
            }
        });
    }

    fn spawn_consumer(&self, tasks: &TaskTracker, stop: &CancellationToken, mut consumer: Consumer) {
        let (hub, stop, tracker) = (self.clone(), stop.clone(), tasks.clone());
        let slots = Arc::new(Semaphore::new(usize::from(TICKETS)));
        tasks.spawn(async move {
            loop {
                let slot = slots.clone().acquire_owned().await.expect("the semaphore is never closed");
                let delivered = tokio::select! {
                    () = stop.cancelled() => break,
                    delivered = consumer.next() => delivered,
                };
                let Some(delivered) = delivered else { break };
                let (hub, stop) = (hub.clone(), stop.clone());
                tracker.spawn(async move {
                    hub.work_ticket(delivered, &stop).await;
                    drop(slot);
                });
            }
        });
    }

    /// Works what came over a queue and settles it. After a storage failure the ticket comes back soon.
    /// At a stop, what still waits for its turn goes back to the queue; what is claimed is finished.
    pub async fn work_ticket(&self, delivered: Delivered, stop: &CancellationToken) {
        let Some(ticket) = queued(&delivered.envelope) else { return delivered.reject().await };
        let turn = tokio::select! {
            biased;
            () = stop.cancelled() => return delivered.requeue().await,
            turn = self.turn(&ticket) => turn,
        };
        let worked = match turn {
            Ok(Some(turn)) => self.deliver_in(turn, &ticket).await,
            Ok(None) => Ok(false),
            Err(error) => Err(error),
        };
        if let Err(error) = worked {
            tracing::error!(error = &error as &dyn std::error::Error, ticket.id = %ticket.id, "ticket {} failed, it will be queued again", ticket.id);
            if !self.bring_back(&ticket, stop).await {
                return delivered.requeue().await;
            }
        }
        delivered.ack().await;
    }

    /// Keeps the leases of what is in hand as long as this process lives. It goes on while the rest
    /// drains: the last tickets are still being worked.
    fn spawn_renewal(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let (hub, stop) = (self.clone(), stop.clone());
        tasks.spawn(async move {
            let _ = tokio::time::timeout(RENEWAL, stop.cancelled()).await;
            while !(stop.is_cancelled() && hub.in_hand.is_empty()) {
                if let Err(error) = hub.renew_leases().await {
                    tracing::error!(error = &error as &dyn std::error::Error, "leases could not be renewed");
                }
                match stop.is_cancelled() {
                    true => sleep(WATCH).await,
                    false => _ = tokio::time::timeout(RENEWAL, stop.cancelled()).await,
                }
            }
            if let Err(error) = hub.end_work().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the others learn later that this one has ended"
                );
            }
        });
    }

    /// Queues everything again whenever the broker may have lost something.
    fn spawn_watch(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let (hub, stop) = (self.clone(), stop.clone());
        let mut lost = self.broker.lost();
        if self.broker.health() == Health::Local {
            // A queue in this process begins empty: what an earlier process had queued is lost.
            lost.mark_changed();
        }
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => break,
                    changed = lost.changed() => if changed.is_err() { break },
                }
                while let Err(error) = hub.doubt_queue().await {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "tickets that the queue may have lost could not be queued again, it is tried again"
                    );
                    if tokio::time::timeout(AFTER_FAILURE, stop.cancelled()).await.is_ok() {
                        return;
                    }
                }
            }
        });
    }

    async fn doubt_queue(&self) -> Result<()> {
        match self.distrust_queue().await? {
            0 => {}
            tickets => tracing::warn!(tickets, "the queue may have lost tickets, they are queued again"),
        }
        Ok(())
    }
}

async fn ring(bell: Option<&Notify>) {
    match bell {
        Some(bell) => bell.notified().await,
        None => std::future::pending().await,
    }
}
