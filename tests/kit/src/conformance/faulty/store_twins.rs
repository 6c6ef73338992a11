//! The faulty stores, each with the trials that it must fail.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use escalator::store::Store;

use super::store::{FaultyStore, Memory, StoreFault};
use crate::conformance::{
    Patience,
    store::{LedgerHarness, Place, Setup, StoreHarness},
};

/// A store that breaks one thing.
#[derive(Clone, Copy, Debug)]
pub struct StoreTwin {
    fault: StoreFault,
    over: Over,
    /// The trials that notice.
    pub noticed_by: &'static [&'static str],
}

impl StoreTwin {
    const fn new(fault: StoreFault, noticed_by: &'static [&'static str]) -> Self {
        let over = Over::OneProcess;
        Self {
            fault,
            over,
            noticed_by,
        }
    }

    /// One whose fault shows between two instances.
    const fn shared(fault: StoreFault, noticed_by: &'static [&'static str]) -> Self {
        let over = Over::Instances;
        Self {
            fault,
            over,
            noticed_by,
        }
    }

    /// What it does wrong, as a word.
    pub fn name(&self) -> String {
        format!("{:?}", self.fault)
    }

    /// The suite's way to it: the SQLite ledger with the fault in front, or the PostgreSQL ledger where there are to be two.
    pub fn harness(&self) -> Arc<dyn StoreHarness> {
        Arc::new(TwinHarness(self.fault, self.over))
    }
}

/// What the fault is in front of.
#[derive(Clone, Copy, Debug)]
enum Over {
    OneProcess,
    Instances,
}

struct TwinHarness(StoreFault, Over);

#[async_trait]
impl StoreHarness for TwinHarness {
    async fn place(&self) -> Arc<dyn Place> {
        Arc::new(TwinPlace {
            inner: match self.1 {
                Over::OneProcess => LedgerHarness::sqlite(),
                Over::Instances => LedgerHarness::postgres(),
            }
            .place()
            .await,
            fault: self.0,
            memory: Arc::default(),
        })
    }

    fn patience(&self) -> Patience {
        Patience {
            soon: match self.1 {
                Over::OneProcess => Duration::from_secs(5),
                // Longer than a lease.
                Over::Instances => Duration::from_secs(12),
            },
            ..Patience::default()
        }
    }
}

struct TwinPlace {
    inner: Arc<dyn Place>,
    fault: StoreFault,
    memory: Arc<Memory>,
}

#[async_trait]
impl Place for TwinPlace {
    async fn open(&self, setup: Setup) -> Arc<dyn Store> {
        let inner = self.inner.open(setup).await;
        Arc::new(FaultyStore::new(inner, self.fault, Arc::clone(&self.memory)))
    }

    async fn close(&self) {
        self.inner.close().await;
    }

    async fn kill(&self) {
        self.inner.kill().await;
    }

    async fn open_beside(&self, setup: Setup) -> Option<Arc<dyn Store>> {
        let inner = self.inner.open_beside(setup).await?;
        Some(Arc::new(FaultyStore::new(inner, self.fault, Arc::clone(&self.memory))))
    }

    fn pause(&self) {
        self.inner.pause();
    }

    fn keeps(&self) -> bool {
        self.inner.keeps()
    }
}

/// Every faulty store.
pub const STORE_TWINS: &[StoreTwin] = &[
    StoreTwin::new(
        StoreFault::ForgetsKeys,
        &[
            "an_event_counts_once_in_a_batch_and_across_batches",
            "an_event_counts_once_among_callers_that_come_together",
            "an_event_counts_once_over_a_restart",
            "an_event_that_is_brought_again_is_delivered_once",
        ],
    ),
    StoreTwin::new(
        StoreFault::ForgetsKeysAtRestart,
        &["an_event_counts_once_over_a_restart"],
    ),
    StoreTwin::new(StoreFault::RemembersTheBots, &["what_is_the_bots_is_not_remembered"]),
    StoreTwin::new(
        StoreFault::ReordersBatches,
        &["each_conversation_keeps_its_order_within_and_across_batches"],
    ),
    StoreTwin::new(StoreFault::DropsANeighbour, &["a_faulty_event_harms_no_neighbour"]),
    StoreTwin::new(StoreFault::RefusesAll, &["a_faulty_event_harms_no_neighbour"]),
    StoreTwin::new(
        StoreFault::SplitsBatches,
        &["a_write_whose_caller_goes_away_is_whole_or_not_at_all"],
    ),
    StoreTwin::new(
        StoreFault::AnswersBeforeTheCommit,
        &["what_was_accepted_survives_a_crash"],
    ),
    StoreTwin::new(
        StoreFault::HandsOutAgain,
        &["a_lane_gives_its_head_alone_and_waits_for_it"],
    ),
    StoreTwin::new(
        StoreFault::IgnoresTheMaximum,
        &["no_more_is_claimed_than_asked_for_and_the_longest_due_comes_first"],
    ),
    StoreTwin::new(StoreFault::WakesNobody, &["who_waits_at_a_door_is_woken"]),
    StoreTwin::new(
        StoreFault::IsAlwaysDrained,
        &["who_waits_for_the_last_delivery_is_woken"],
    ),
    StoreTwin::new(
        StoreFault::ForgetsSettlements,
        &[
            "a_delivered_row_makes_room_for_the_next",
            "what_was_settled_stays_settled_after_a_crash",
        ],
    ),
    StoreTwin::new(StoreFault::DoesNotWait, &["a_retry_waits_and_holds_its_own_lane_alone"]),
    StoreTwin::new(
        StoreFault::ForgetsDoubts,
        &[
            "a_retry_waits_and_holds_its_own_lane_alone",
            "a_doubt_is_known_after_a_crash",
        ],
    ),
    StoreTwin::new(
        StoreFault::BuriesInSilence,
        &["a_dead_row_is_a_dead_letter_and_somebody_is_told"],
    ),
    StoreTwin::new(
        StoreFault::ForgetsStarts,
        &["an_attempt_that_must_not_be_made_twice_is_known_after_a_crash"],
    ),
    StoreTwin::new(
        StoreFault::WantsAll,
        &["what_is_taken_back_in_flight_is_not_wanted_and_not_repeated"],
    ),
    StoreTwin::new(StoreFault::ForgetsClaims, &["a_claim_is_given_back_by_a_crash"]),
    StoreTwin::new(
        StoreFault::ForgetsOwners,
        &["who_owns_a_conversation_is_known_after_a_crash"],
    ),
    StoreTwin::new(
        StoreFault::ForgetsTimers,
        &["timers_survive_a_crash_and_come_until_they_are_cleared"],
    ),
    StoreTwin::new(
        StoreFault::TimersComeOnce,
        &["timers_survive_a_crash_and_come_until_they_are_cleared"],
    ),
    StoreTwin::new(
        StoreFault::ForgetsDeadLetters,
        &["dead_letters_and_transcripts_survive_a_crash"],
    ),
    StoreTwin::new(
        StoreFault::ReordersTranscripts,
        &["dead_letters_and_transcripts_survive_a_crash"],
    ),
    StoreTwin::new(StoreFault::KeepsTheLastSecret, &["the_first_secret_is_kept"]),
    StoreTwin::new(StoreFault::CutsFiles, &["a_file_is_read_as_it_was_kept"]),
    StoreTwin::new(
        StoreFault::TakesAnySize,
        &["a_file_that_is_too_large_or_breaks_off_is_not_kept"],
    ),
    StoreTwin::new(StoreFault::KeepsWhatWasDiscarded, &["a_file_that_is_not_wanted_goes"]),
    StoreTwin::new(
        StoreFault::SweepsAll,
        &["a_file_stays_for_as_long_as_a_delivery_needs_it_and_no_longer"],
    ),
    StoreTwin::new(
        StoreFault::SweepsNothing,
        &["a_file_stays_for_as_long_as_a_delivery_needs_it_and_no_longer"],
    ),
    StoreTwin::shared(
        StoreFault::HandsOutToBoth,
        &[
            "a_lane_is_handed_to_one_of_two_instances",
            "what_is_for_a_bot_is_claimed_by_the_holder_of_its_channel",
        ],
    ),
    StoreTwin::shared(
        StoreFault::FencesNothing,
        &["what_an_instance_says_after_its_lease_changes_nothing"],
    ),
    StoreTwin::shared(
        StoreFault::ForgetsClaims,
        &["the_lanes_of_a_dead_instance_go_on_in_order"],
    ),
    StoreTwin::shared(
        StoreFault::HoldsAll,
        &["a_channel_has_one_holder_and_what_needs_it_is_refused_elsewhere"],
    ),
    StoreTwin::shared(
        StoreFault::ForgetsKeysAtRestart,
        &["an_event_counts_once_across_two_instances"],
    ),
    StoreTwin::shared(
        StoreFault::LagsBehind,
        &["two_instances_write_to_one_conversation_without_inversion"],
    ),
    StoreTwin::shared(
        StoreFault::ForgetsOwners,
        &[
            "what_one_instance_commits_the_other_comes_to_know",
            "what_is_for_a_bot_is_claimed_by_the_holder_of_its_channel",
        ],
    ),
    StoreTwin::new(
        StoreFault::RedrivesNothing,
        &[
            "a_dead_letter_that_is_sent_again_stands_in_front_and_is_as_good_as_new",
            "a_dead_letter_that_was_sent_again_or_dropped_stays_so_after_a_crash",
        ],
    ),
    StoreTwin::new(
        StoreFault::RedrivesTheOld,
        &["a_dead_letter_that_is_sent_again_stands_in_front_and_is_as_good_as_new"],
    ),
    StoreTwin::new(
        StoreFault::RedrivesWhatIsOver,
        &["a_row_of_a_session_that_is_over_opens_no_ticket"],
    ),
    StoreTwin::new(
        StoreFault::DropsNothing,
        &[
            "a_dead_letter_that_is_dropped_goes_with_its_file",
            "what_is_no_dead_letter_is_neither_sent_again_nor_dropped",
        ],
    ),
    StoreTwin::new(
        StoreFault::FindsAllDeadLetters,
        &["sessions_queues_and_dead_letters_are_seen_as_they_are"],
    ),
    StoreTwin::new(
        StoreFault::HidesWhatEnded,
        &["sessions_queues_and_dead_letters_are_seen_as_they_are"],
    ),
    StoreTwin::new(
        StoreFault::CountsNoDeadLetters,
        &["sessions_queues_and_dead_letters_are_seen_as_they_are"],
    ),
];
