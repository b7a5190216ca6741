//! One transaction for many: whoever comes while one commits shares the next.
//!
//! A commit costs a write to the disk, whatever it holds. Nobody is waited for: alone, a request is
//! served at once; under load each transaction takes everything that came during the one before.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use tokio::sync::{
    Mutex as Turn,
    oneshot::{self, error::TryRecvError},
};

use crate::hub::Result;

/// Requests that one transaction takes at most.
const MOST: usize = 16;

/// The line in front of one kind of transaction.
pub struct Together<I, O> {
    waiting: Mutex<VecDeque<Request<I, O>>>,
    turn: Turn<()>,
}

type Request<I, O> = (I, oneshot::Sender<Result<O>>);

impl<I, O> Default for Together<I, O> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: Turn::default() }
    }
}

impl<I: Send + Sync, O: Send> Together<I, O> {
    /// Has `work` do this request in one transaction with those beside it: one answer for each, in
    /// the same order. If it fails, each is tried alone, so that one bad request costs nobody else.
    ///
    /// # Errors
    /// What `work` says when it is tried with this request alone.
    pub async fn ask<W>(&self, input: I, work: W) -> Result<O>
    where
        W: for<'a> Fn(&'a [I]) -> BoxFuture<'a, Result<Vec<O>>>,
    {
        let (sender, mut answer) = oneshot::channel();
        self.line().push_back((input, sender));
        loop {
            let _turn = self.turn.lock().await;
            match answer.try_recv() {
                Ok(answer) => return answer,
                // Whoever had taken it along broke off.
                Err(TryRecvError::Closed) => return Err(crate::hub::Error::BrokenOff),
                Err(TryRecvError::Empty) => {}
            }
            let (inputs, askers): (Vec<_>, Vec<_>) = {
                let mut line = self.line();
                let most = line.len().min(MOST);
                line.drain(..most).unzip()
            };
            for (asker, answer) in askers.into_iter().zip(each(&inputs, &work).await) {
                // Who has gone away does not want it any more.
                let _ = asker.send(answer);
            }
        }
    }

    fn line(&self) -> std::sync::MutexGuard<'_, VecDeque<Request<I, O>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn each<I, O, W>(inputs: &[I], work: &W) -> Vec<Result<O>>
where
    W: for<'a> Fn(&'a [I]) -> BoxFuture<'a, Result<Vec<O>>>,
{
    match work(inputs).await {
        Ok(answers) => return answers.into_iter().map(Ok).collect(),
        Err(error) if inputs.len() == 1 => return vec![Err(error)],
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "{} changes failed together, each is tried alone",
                inputs.len()
            );
        }
    }
    let mut answers = Vec::with_capacity(inputs.len());
    for input in inputs {
        let alone = work(std::slice::from_ref(input)).await;
        answers.push(alone.map(|mut answers| answers.pop().expect("one answer for each request")));
    }
    answers
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use futures_util::{FutureExt, future::join_all};

    use super::*;
    use crate::domain::Problem;

    /// Doubles numbers; refuses any group with a 13 in it.
    fn double<'a>(rounds: &'a AtomicUsize) -> impl for<'b> Fn(&'b [u32]) -> BoxFuture<'b, Result<Vec<u32>>> + 'a {
        move |numbers| {
            rounds.fetch_add(1, Ordering::SeqCst);
            let answer = match numbers.contains(&13) {
                true => Err(Problem::not_found().into()),
                false => Ok(numbers.iter().map(|number| number * 2).collect()),
            };
            async move {
                tokio::task::yield_now().await;
                answer
            }
            .boxed()
        }
    }

    #[tokio::test]
    async fn those_who_come_meanwhile_share_the_next_and_each_gets_his_own_answer() {
        let (together, rounds) = (Together::default(), AtomicUsize::new(0));
        let answers = join_all((0..10).map(|number| together.ask(number, double(&rounds)))).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
        assert!(rounds.load(Ordering::SeqCst) <= 2, "{rounds:?}");
    }

    #[tokio::test]
    async fn whoever_was_taken_along_by_one_that_broke_off_is_told() {
        let together = Arc::new(Together::<u32, u32>::default());
        let lead = together.clone();
        let leader = tokio::spawn(async move {
            lead.ask(1, |_| {
                async {
                    tokio::task::yield_now().await;
                    panic!("breaks off")
                }
                .boxed()
            })
            .await
        });
        let rounds = AtomicUsize::new(0);
        let other = together.clone();
        let (sender, _) = oneshot::channel();
        other.line().push_back((2, sender));
        assert!(leader.await.is_err());
        // The line goes on for who comes after.
        assert!(matches!(together.ask(3, double(&rounds)).await, Ok(6)));
    }

    #[tokio::test]
    async fn one_that_fails_does_not_take_the_others_with_it() {
        let (together, rounds) = (Together::default(), AtomicUsize::new(0));
        let answers = join_all([12, 13, 14].map(|number| together.ask(number, double(&rounds)))).await;
        assert!(matches!(&answers[..], [Ok(24), Err(_), Ok(28)]), "{answers:?}");
    }
}
