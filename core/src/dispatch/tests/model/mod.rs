//! The model test: random sequences of what customers, agents, the bot, the desk, the platform, the clock and a crash can
//! do, over the real ledger, intake and dispatch, against a plain book of what was said.
//!
//! `ESCALATOR_MODEL_SEED` repeats a story, and `ESCALATOR_MODEL_STORIES` tells more of them.

mod check;
mod exits;
mod life;
mod port;
mod story;
mod world;

use std::time::Duration;

use self::story::{Told, tell};
use crate::{model::ConversationKey, store::rig::Place};

/// What a faulty product does, so that the model can be seen to notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// An update is acknowledged, and committed afterwards.
    AcknowledgesBeforeCommit,
    /// A delivery counts as made before the call.
    CursorBeforeSend,
    /// Who is told to wait gives up.
    DropsOn429,
    /// The bot speaks past the fence.
    NoFence,
    /// What failed is tried again behind what follows it.
    UnorderedRetry,
    /// A turn holds whatever its epoch.
    EpochIgnored,
}

const FAULTS: [Fault; 6] = [
    Fault::AcknowledgesBeforeCommit,
    Fault::CursorBeforeSend,
    Fault::DropsOn429,
    Fault::NoFence,
    Fault::UnorderedRetry,
    Fault::EpochIgnored,
];

/// What a customer says who wants a human.
const IS_HUMAN: &str = "human ";

fn number_of(key: &ConversationKey) -> u32 {
    let number = key.address.as_str().strip_prefix("chat-");
    number
        .and_then(|number| number.parse().ok())
        .expect("the addresses of a test are made so")
}

/// How many stories are told in one test; in memory, where time costs nothing.
const STORIES: u64 = 40;
/// The same over SQLite.
const STORIES_ON_DISK: u64 = 4;
/// How many stories may pass until the model has noticed a fault.
const STORIES_TO_NOTICE: u64 = 60;

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect("it is a number"))
}

/// The seeds of the stories of a test.
fn seeds(stories: u64) -> impl Iterator<Item = u64> {
    let first = variable("ESCALATOR_MODEL_SEED");
    let stories = variable("ESCALATOR_MODEL_STORIES").unwrap_or(if first.is_some() { 1 } else { stories });
    let first = first.unwrap_or_else(|| fastrand::u64(..1 << 48));
    first..first + stories
}

fn assert_kept(told: &Told, seed: u64) {
    assert!(
        told.broken.is_empty(),
        "ESCALATOR_MODEL_SEED={seed} breaks a promise: {:#?}\nafter {:#?}",
        told.broken,
        told.acts
    );
}

#[tokio::test(start_paused = true)]
async fn no_random_story_breaks_a_promise() {
    let (mut stories, mut total) = (0, check::Count::default());
    for seed in seeds(STORIES) {
        let told = tell(Place::in_memory(), seed, Duration::from_secs(1), None).await;
        assert_kept(&told, seed);
        stories += 1;
        total.delivered += told.count.delivered;
        total.doubled += told.count.doubled;
        total.dead += told.count.dead;
    }
    println!("{stories} stories: {total:?}");
    assert!(total.delivered > 0, "something was said: {total:?}");
}

#[tokio::test]
async fn no_random_story_over_a_file_breaks_a_promise() {
    for seed in seeds(STORIES_ON_DISK) {
        let Some(place) = Place::each().await.into_iter().nth(1) else {
            return;
        };
        let told = tell(place, seed, Duration::from_millis(1), None).await;
        assert_kept(&told, seed);
    }
}

#[tokio::test(start_paused = true)]
async fn the_model_notices_each_fault() {
    // The same story without a fault breaks nothing.
    let told = tell(Place::in_memory(), 0, Duration::from_secs(1), None).await;
    assert_kept(&told, 0);
    for fault in FAULTS {
        let mut noticed = None;
        for seed in 0..STORIES_TO_NOTICE {
            let told = tell(Place::in_memory(), seed, Duration::from_secs(1), Some(fault)).await;
            if let Some(why) = told.broken.first() {
                noticed = Some((seed, why.clone()));
                break;
            }
        }
        let (seed, why) = noticed.unwrap_or_else(|| panic!("{fault:?} was not noticed in {STORIES_TO_NOTICE} stories"));
        println!("{fault:?}: story {seed}: {why}");
    }
}
