//! The trials, by what they are about.

mod accepting;
mod claiming;
mod crashes;
mod files;
mod letters;
mod settling;
mod sharing;

use std::sync::Arc;

use futures::future::BoxFuture;

use super::Bed;
use crate::conformance::trial::Checked;

/// One trial.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// Whether it must hold while calls fail and answers are lost. Where it does not, the trial asks for the very answers.
    pub(super) holds_under_faults: bool,
    pub(super) run: fn(Arc<Bed>) -> BoxFuture<'static, Checked>,
}

impl Case {
    const fn steady(name: &'static str, run: fn(Arc<Bed>) -> BoxFuture<'static, Checked>) -> Self {
        Self {
            name,
            holds_under_faults: false,
            run,
        }
    }

    const fn always(name: &'static str, run: fn(Arc<Bed>) -> BoxFuture<'static, Checked>) -> Self {
        Self {
            name,
            holds_under_faults: true,
            run,
        }
    }
}

/// All of them.
pub(super) const CASES: &[Case] = &[
    Case::steady("an_event_counts_once_in_a_batch_and_across_batches", |bed| {
        Box::pin(accepting::duplicates(bed))
    }),
    Case::steady("an_event_counts_once_among_callers_that_come_together", |bed| {
        Box::pin(accepting::duplicates_together(bed))
    }),
    Case::steady("an_event_counts_once_over_a_restart", |bed| {
        Box::pin(accepting::duplicates_over_a_restart(bed))
    }),
    Case::always("an_event_that_is_brought_again_is_delivered_once", |bed| {
        Box::pin(accepting::delivered_once(bed))
    }),
    Case::steady("what_is_the_bots_is_not_remembered", |bed| {
        Box::pin(accepting::bots(bed))
    }),
    Case::always("each_conversation_keeps_its_order_within_and_across_batches", |bed| {
        Box::pin(accepting::order(bed))
    }),
    Case::steady("a_faulty_event_harms_no_neighbour", |bed| {
        Box::pin(accepting::faulty_event(bed))
    }),
    Case::steady("a_write_whose_caller_goes_away_is_whole_or_not_at_all", |bed| {
        Box::pin(accepting::dropped_call(bed))
    }),
    Case::always("a_lane_gives_its_head_alone_and_waits_for_it", |bed| {
        Box::pin(claiming::head_alone(bed))
    }),
    Case::always(
        "no_more_is_claimed_than_asked_for_and_the_longest_due_comes_first",
        |bed| Box::pin(claiming::no_more_than_asked(bed)),
    ),
    Case::always("who_waits_at_a_door_is_woken", |bed| Box::pin(claiming::woken(bed))),
    Case::always("who_waits_for_the_last_delivery_is_woken", |bed| {
        Box::pin(claiming::drained(bed))
    }),
    Case::always("a_delivered_row_makes_room_for_the_next", |bed| {
        Box::pin(settling::delivered(bed))
    }),
    Case::always("a_retry_waits_and_holds_its_own_lane_alone", |bed| {
        Box::pin(settling::retry(bed))
    }),
    Case::always("a_dead_row_is_a_dead_letter_and_somebody_is_told", |bed| {
        Box::pin(settling::dead(bed))
    }),
    Case::always("what_is_taken_back_in_flight_is_not_wanted_and_not_repeated", |bed| {
        Box::pin(settling::taken_back(bed))
    }),
    Case::always("what_was_accepted_survives_a_crash", |bed| {
        Box::pin(crashes::accepted(bed))
    }),
    Case::always("a_claim_is_given_back_by_a_crash", |bed| {
        Box::pin(crashes::claimed(bed))
    }),
    Case::always("an_attempt_that_must_not_be_made_twice_is_known_after_a_crash", |bed| {
        Box::pin(crashes::started(bed))
    }),
    Case::always("what_was_settled_stays_settled_after_a_crash", |bed| {
        Box::pin(crashes::settled(bed))
    }),
    Case::always("a_doubt_is_known_after_a_crash", |bed| Box::pin(crashes::doubt(bed))),
    Case::always("who_owns_a_conversation_is_known_after_a_crash", |bed| {
        Box::pin(crashes::owners(bed))
    }),
    Case::always("timers_survive_a_crash_and_come_until_they_are_cleared", |bed| {
        Box::pin(crashes::timers(bed))
    }),
    Case::always("dead_letters_and_transcripts_survive_a_crash", |bed| {
        Box::pin(crashes::letters(bed))
    }),
    Case::always("the_first_secret_is_kept", |bed| Box::pin(crashes::secret(bed))),
    Case::steady("a_lane_is_handed_to_one_of_two_instances", |bed| {
        Box::pin(sharing::one_of_two(bed))
    }),
    Case::steady("what_an_instance_says_after_its_lease_changes_nothing", |bed| {
        Box::pin(sharing::fenced(bed))
    }),
    Case::steady("the_lanes_of_a_dead_instance_go_on_in_order", |bed| {
        Box::pin(sharing::goes_on(bed))
    }),
    Case::steady(
        "a_channel_has_one_holder_and_what_needs_it_is_refused_elsewhere",
        |bed| Box::pin(sharing::one_holder(bed)),
    ),
    Case::steady("what_is_for_a_bot_is_claimed_by_the_holder_of_its_channel", |bed| {
        Box::pin(sharing::the_bots(bed))
    }),
    Case::steady("an_event_counts_once_across_two_instances", |bed| {
        Box::pin(sharing::duplicates(bed))
    }),
    Case::steady("two_instances_write_to_one_conversation_without_inversion", |bed| {
        Box::pin(sharing::order(bed))
    }),
    Case::steady("what_one_instance_commits_the_other_comes_to_know", |bed| {
        Box::pin(sharing::heard(bed))
    }),
    Case::always("a_file_is_read_as_it_was_kept", |bed| Box::pin(files::whole(bed))),
    Case::always("a_file_that_is_too_large_or_breaks_off_is_not_kept", |bed| {
        Box::pin(files::refused(bed))
    }),
    Case::always("a_file_that_is_not_wanted_goes", |bed| Box::pin(files::discarded(bed))),
    Case::always("a_file_stays_for_as_long_as_a_delivery_needs_it_and_no_longer", |bed| {
        Box::pin(files::swept(bed))
    }),
    Case::always(
        "a_dead_letter_that_is_sent_again_stands_in_front_and_is_as_good_as_new",
        |bed| Box::pin(letters::sent_again(bed)),
    ),
    Case::always(
        "a_dead_letter_that_was_sent_again_or_dropped_stays_so_after_a_crash",
        |bed| Box::pin(letters::over_a_crash(bed)),
    ),
    Case::always("a_row_of_a_session_that_is_over_opens_no_ticket", |bed| {
        Box::pin(letters::over(bed))
    }),
    Case::always("a_dead_letter_that_is_dropped_goes_with_its_file", |bed| {
        Box::pin(letters::dropped(bed))
    }),
    Case::steady("what_is_no_dead_letter_is_neither_sent_again_nor_dropped", |bed| {
        Box::pin(letters::neither(bed))
    }),
    Case::always("sessions_queues_and_dead_letters_are_seen_as_they_are", |bed| {
        Box::pin(letters::seen(bed))
    }),
];
