//! The trials, by what they are about.

mod abilities;
mod again;
mod delivering;
mod faults;
mod receiving;
mod restart;
mod secrecy;
mod shutdown;

use std::sync::Arc;

use futures::future::BoxFuture;

use super::Stage;
use crate::conformance::trial::Checked;

/// One trial.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) run: fn(Arc<Stage>) -> BoxFuture<'static, Checked>,
}

/// All of them.
pub(super) const CASES: &[Case] = &[
    Case {
        name: "an_update_is_acknowledged_only_after_it_is_accepted",
        run: |stage| Box::pin(receiving::acknowledged_after(stage)),
    },
    Case {
        name: "an_update_that_is_not_accepted_comes_again_under_the_same_key",
        run: |stage| Box::pin(receiving::comes_again(stage)),
    },
    Case {
        name: "an_update_whose_acknowledgement_is_lost_comes_again_as_the_same",
        run: |stage| Box::pin(again::acknowledgement_lost(stage)),
    },
    Case {
        name: "an_update_whose_offer_is_cut_off_comes_again_as_the_same",
        run: |stage| Box::pin(again::offer_cut_off(stage)),
    },
    Case {
        name: "an_update_that_is_kept_does_not_reach_the_bot",
        run: |stage| Box::pin(receiving::kept_from_the_bot(stage)),
    },
    Case {
        name: "an_update_that_is_passed_reaches_the_bot_once",
        run: |stage| Box::pin(receiving::passed_to_the_bot(stage)),
    },
    Case {
        name: "an_update_that_an_escalation_took_does_not_reach_the_bot",
        run: |stage| Box::pin(receiving::taken_from_the_bot(stage)),
    },
    Case {
        name: "the_bot_gets_a_conversations_updates_one_after_the_other",
        run: |stage| Box::pin(receiving::one_after_the_other(stage)),
    },
    Case {
        name: "an_update_that_is_refused_for_good_is_acknowledged_and_holds_up_no_other",
        run: |stage| Box::pin(receiving::refused_for_good(stage)),
    },
    Case {
        name: "a_key_holds_the_channels_name",
        run: |stage| Box::pin(receiving::key_of_the_channel(stage)),
    },
    Case {
        name: "updates_are_offered_in_their_order",
        run: |stage| Box::pin(receiving::in_order(stage)),
    },
    Case {
        name: "a_line_is_offered_as_it_was_written",
        run: |stage| Box::pin(receiving::line(stage)),
    },
    Case {
        name: "an_edit_is_offered_as_an_edit",
        run: |stage| Box::pin(receiving::edit(stage)),
    },
    Case {
        name: "an_end_is_offered_as_an_end",
        run: |stage| Box::pin(receiving::end(stage)),
    },
    Case {
        name: "two_customers_have_two_conversations",
        run: |stage| Box::pin(receiving::two_customers(stage)),
    },
    Case {
        name: "a_delivery_is_one_visible_call",
        run: |stage| Box::pin(delivering::one_call(stage)),
    },
    Case {
        name: "a_delivery_goes_to_its_own_customer",
        run: |stage| Box::pin(delivering::own_customer(stage)),
    },
    Case {
        name: "an_agent_is_named_with_the_message",
        run: |stage| Box::pin(delivering::agent_named(stage)),
    },
    Case {
        name: "capabilities_are_constant_and_possible",
        run: |stage| Box::pin(abilities::constant(stage)),
    },
    Case {
        name: "a_text_of_the_declared_length_arrives_whole",
        run: |stage| Box::pin(abilities::longest_text(stage)),
    },
    Case {
        name: "a_file_of_the_agent_arrives_whole_where_files_are_claimed",
        run: |stage| Box::pin(abilities::file_sent(stage)),
    },
    Case {
        name: "a_file_of_the_customer_is_fetched_whole_where_files_are_claimed",
        run: |stage| Box::pin(abilities::file_fetched(stage)),
    },
    Case {
        name: "a_file_is_rejected_where_files_are_not_claimed",
        run: |stage| Box::pin(abilities::files_rejected(stage)),
    },
    Case {
        name: "typing_of_the_agent_is_shown_where_it_is_claimed_and_only_there",
        run: |stage| Box::pin(abilities::typing_shown(stage)),
    },
    Case {
        name: "typing_of_the_customer_is_told_where_it_is_claimed_and_only_there",
        run: |stage| Box::pin(abilities::typing_told(stage)),
    },
    Case {
        name: "a_refused_connection_is_not_sent",
        run: |stage| Box::pin(faults::unreachable(stage)),
    },
    Case {
        name: "a_wait_that_is_asked_for_is_handed_on",
        run: |stage| Box::pin(faults::busy(stage)),
    },
    Case {
        name: "an_error_of_the_platform_leaves_it_unknown",
        run: |stage| Box::pin(faults::server_error(stage)),
    },
    Case {
        name: "a_call_that_is_cut_off_is_not_made_again",
        run: |stage| Box::pin(faults::silence(stage)),
    },
    Case {
        name: "a_lost_answer_leaves_it_unknown_and_shown_once",
        run: |stage| Box::pin(faults::lost_answer(stage)),
    },
    Case {
        name: "a_customer_who_cannot_be_reached_is_rejected_and_harms_no_other",
        run: |stage| Box::pin(faults::closed(stage)),
    },
    Case {
        name: "a_refused_account_closes_the_door",
        run: |stage| Box::pin(faults::account_refused(stage)),
    },
    Case {
        name: "what_was_not_accepted_comes_again_after_a_restart_as_the_same",
        run: |stage| Box::pin(restart::comes_again(stage)),
    },
    Case {
        name: "a_conversation_stays_the_same_and_positions_rise_over_a_restart",
        run: |stage| Box::pin(restart::goes_on(stage)),
    },
    Case {
        name: "no_secret_and_no_word_shows_in_debug_and_outcomes",
        run: |stage| Box::pin(secrecy::outcomes(stage)),
    },
    Case {
        name: "no_secret_shows_in_the_errors_of_run",
        run: |stage| Box::pin(secrecy::run_errors(stage)),
    },
    Case {
        name: "run_ends_when_it_is_told_to",
        run: |stage| Box::pin(shutdown::idle(stage)),
    },
    Case {
        name: "an_update_under_way_is_finished_at_the_shutdown",
        run: |stage| Box::pin(shutdown::update(stage)),
    },
    Case {
        name: "a_delivery_under_way_is_finished_at_the_shutdown",
        run: |stage| Box::pin(shutdown::delivery(stage)),
    },
];
