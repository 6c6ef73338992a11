//! The faulty channels, each with the trials that it must fail.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use escalator::channel::{Ingress, IngressPort};
use tokio_util::sync::CancellationToken;

use super::{
    channel::{ChannelFault, FaultyChannel},
    ingress::{FaultyIngress, IngressFault},
};
use crate::conformance::{
    Patience, Unsupported,
    channel::{Act, ChannelHarness, Connected, Customer, Fault, Platform, Shown},
    loopback::LoopbackHarness,
};

/// A channel that breaks one thing.
#[derive(Clone, Copy, Debug)]
pub struct ChannelTwin {
    fault: TwinFault,
    /// The trials that notice.
    pub noticed_by: &'static [&'static str],
}

#[derive(Clone, Copy, Debug)]
enum TwinFault {
    In(IngressFault),
    Out(ChannelFault),
}

impl ChannelTwin {
    const fn on_the_way_in(fault: IngressFault, noticed_by: &'static [&'static str]) -> Self {
        let fault = TwinFault::In(fault);
        Self { fault, noticed_by }
    }

    const fn on_the_way_out(fault: ChannelFault, noticed_by: &'static [&'static str]) -> Self {
        let fault = TwinFault::Out(fault);
        Self { fault, noticed_by }
    }

    /// What it does wrong, as a word.
    pub fn name(&self) -> String {
        match self.fault {
            TwinFault::In(fault) => format!("{fault:?}"),
            TwinFault::Out(fault) => format!("{fault:?}"),
        }
    }

    /// The suite's way to it.
    pub fn harness(&self) -> Arc<dyn ChannelHarness> {
        let inner = match self.fault {
            // What a channel claims too much, its platform must not have.
            TwinFault::Out(ChannelFault::ClaimsFiles | ChannelFault::ClaimsTyping) => LoopbackHarness::text_only(),
            _ => LoopbackHarness::full(),
        };
        Arc::new(TwinHarness {
            inner: inner.impatient(),
            fault: self.fault,
        })
    }
}

struct TwinHarness {
    inner: LoopbackHarness,
    fault: TwinFault,
}

#[async_trait]
impl ChannelHarness for TwinHarness {
    async fn platform(&self) -> Arc<dyn Platform> {
        Arc::new(TwinPlatform {
            inner: self.inner.platform().await,
            fault: self.fault,
            connections: AtomicUsize::new(0),
        })
    }

    fn patience(&self) -> Patience {
        self.inner.patience()
    }
}

/// A platform to which the faulty channel is connected.
struct TwinPlatform {
    inner: Arc<dyn Platform>,
    fault: TwinFault,
    connections: AtomicUsize,
}

#[async_trait]
impl Platform for TwinPlatform {
    async fn connect(&self, ingress: Ingress, shutdown: CancellationToken) -> Connected {
        let connection = self.connections.fetch_add(1, Ordering::SeqCst) + 1;
        match self.fault {
            TwinFault::In(fault) => {
                let channel = ingress.channel().clone();
                let port: Arc<dyn IngressPort> = Arc::new(FaultyIngress::new(ingress, fault, connection));
                self.inner.connect(Ingress::new(channel, port), shutdown).await
            }
            TwinFault::Out(fault) => {
                let mut connected = self.inner.connect(ingress, shutdown).await;
                let secret = self.secrets().concat();
                if fault == ChannelFault::LeaksInDebug {
                    connected.debug = connected.debug.map(|debug| format!("{debug} {secret}"));
                }
                connected.channel = Arc::new(FaultyChannel::new(connected.channel, fault, secret));
                connected
            }
        }
    }

    async fn customer(&self, who: Customer, act: Act) -> Result<(), Unsupported> {
        self.inner.customer(who, act).await
    }

    fn acknowledged(&self) -> Option<usize> {
        self.inner.acknowledged()
    }

    fn redelivers(&self) -> bool {
        self.inner.redelivers()
    }

    fn heard(&self) -> usize {
        self.inner.heard()
    }

    fn shown(&self, to: Customer) -> Vec<Shown> {
        self.inner.shown(to)
    }

    async fn set_fault(&self, fault: Fault) -> Result<(), Unsupported> {
        self.inner.set_fault(fault).await
    }

    async fn mend(&self) {
        self.inner.mend().await;
    }

    fn secrets(&self) -> Vec<String> {
        self.inner.secrets()
    }
}

/// Every faulty channel.
pub const CHANNEL_TWINS: &[ChannelTwin] = &[
    ChannelTwin::on_the_way_in(
        IngressFault::AcknowledgesFirst,
        &["an_update_is_acknowledged_only_after_it_is_accepted"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::OffersOnce,
        &["an_update_that_is_not_accepted_comes_again_under_the_same_key"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::ForgetsWhatWasAccepted,
        &["an_update_whose_acknowledgement_is_lost_comes_again_as_the_same"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::ForgetsWhatWasCutOff,
        &["an_update_whose_offer_is_cut_off_comes_again_as_the_same"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::MintsKeys,
        &["an_update_that_is_not_accepted_comes_again_under_the_same_key"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::CountsKeysFromTheStart,
        &["what_was_not_accepted_comes_again_after_a_restart_as_the_same"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::CountsPositionsFromTheStart,
        &["a_conversation_stays_the_same_and_positions_rise_over_a_restart"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::RenamesConversations,
        &["a_conversation_stays_the_same_and_positions_rise_over_a_restart"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::PassesAll,
        &["an_update_that_is_kept_does_not_reach_the_bot"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::KeepsAll,
        &["an_update_that_is_passed_reaches_the_bot_once"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::StartsUnasked,
        &["an_update_that_is_passed_reaches_the_bot_once"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::StartsAll,
        &["an_update_that_an_escalation_took_does_not_reach_the_bot"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::StartsAtOnce,
        &["the_bot_gets_a_conversations_updates_one_after_the_other"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::InsistsOnRefused,
        &["an_update_that_is_refused_for_good_is_acknowledged_and_holds_up_no_other"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::PassesRefused,
        &["an_update_that_is_refused_for_good_is_acknowledged_and_holds_up_no_other"],
    ),
    ChannelTwin::on_the_way_in(IngressFault::KeysWithoutTheChannel, &["a_key_holds_the_channels_name"]),
    ChannelTwin::on_the_way_in(IngressFault::Reorders, &["updates_are_offered_in_their_order"]),
    ChannelTwin::on_the_way_in(IngressFault::CountsDown, &["updates_are_offered_in_their_order"]),
    ChannelTwin::on_the_way_in(IngressFault::ChangesWords, &["a_line_is_offered_as_it_was_written"]),
    ChannelTwin::on_the_way_in(IngressFault::EditsAsMessages, &["an_edit_is_offered_as_an_edit"]),
    ChannelTwin::on_the_way_in(IngressFault::EndsAsMessages, &["an_end_is_offered_as_an_end"]),
    ChannelTwin::on_the_way_in(IngressFault::MixesCustomers, &["two_customers_have_two_conversations"]),
    ChannelTwin::on_the_way_in(
        IngressFault::LosesNames,
        &["a_file_of_the_customer_is_fetched_whole_where_files_are_claimed"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::MixesFiles,
        &["a_file_of_the_customer_is_fetched_whole_where_files_are_claimed"],
    ),
    ChannelTwin::on_the_way_in(
        IngressFault::SwallowsTyping,
        &["typing_of_the_customer_is_told_where_it_is_claimed_and_only_there"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::DoublesCalls,
        &[
            "a_delivery_is_one_visible_call",
            "a_file_of_the_agent_arrives_whole_where_files_are_claimed",
        ],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::SplitsTexts,
        &[
            "a_delivery_is_one_visible_call",
            "a_text_of_the_declared_length_arrives_whole",
        ],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::Retries,
        &[
            "a_wait_that_is_asked_for_is_handed_on",
            "an_error_of_the_platform_leaves_it_unknown",
            "a_lost_answer_leaves_it_unknown_and_shown_once",
        ],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::RepeatsWhatWasCut,
        &["a_call_that_is_cut_off_is_not_made_again"],
    ),
    ChannelTwin::on_the_way_out(ChannelFault::MixesCustomers, &["a_delivery_goes_to_its_own_customer"]),
    ChannelTwin::on_the_way_out(ChannelFault::HidesTheAgent, &["an_agent_is_named_with_the_message"]),
    ChannelTwin::on_the_way_out(
        ChannelFault::CutsTexts,
        &["a_text_of_the_declared_length_arrives_whole"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::ClaimsLongerTexts,
        &["a_text_of_the_declared_length_arrives_whole"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::ChangesItsMind,
        &["capabilities_are_constant_and_possible"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::ClaimsFiles,
        &[
            "a_file_of_the_agent_arrives_whole_where_files_are_claimed",
            "a_file_of_the_customer_is_fetched_whole_where_files_are_claimed",
        ],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::HidesFiles,
        &["a_file_is_rejected_where_files_are_not_claimed"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::RenamesFiles,
        &["a_file_of_the_agent_arrives_whole_where_files_are_claimed"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::CutsFetchedFiles,
        &["a_file_of_the_customer_is_fetched_whole_where_files_are_claimed"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::ClaimsTyping,
        &[
            "typing_of_the_agent_is_shown_where_it_is_claimed_and_only_there",
            "typing_of_the_customer_is_told_where_it_is_claimed_and_only_there",
        ],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::HidesTyping,
        &[
            "typing_of_the_agent_is_shown_where_it_is_claimed_and_only_there",
            "typing_of_the_customer_is_told_where_it_is_claimed_and_only_there",
        ],
    ),
    ChannelTwin::on_the_way_out(ChannelFault::SwallowsWaits, &["a_wait_that_is_asked_for_is_handed_on"]),
    ChannelTwin::on_the_way_out(ChannelFault::ForgetsTheWait, &["a_wait_that_is_asked_for_is_handed_on"]),
    ChannelTwin::on_the_way_out(
        ChannelFault::BelievesErrors,
        &[
            "an_error_of_the_platform_leaves_it_unknown",
            "a_lost_answer_leaves_it_unknown_and_shown_once",
        ],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::DoubtsNothing,
        &[
            "an_error_of_the_platform_leaves_it_unknown",
            "a_lost_answer_leaves_it_unknown_and_shown_once",
        ],
    ),
    ChannelTwin::on_the_way_out(ChannelFault::DoubtsAll, &["a_refused_connection_is_not_sent"]),
    ChannelTwin::on_the_way_out(ChannelFault::HopesForOthers, &["a_refused_connection_is_not_sent"]),
    ChannelTwin::on_the_way_out(
        ChannelFault::NeverRejects,
        &["a_customer_who_cannot_be_reached_is_rejected_and_harms_no_other"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::SlamsTheDoor,
        &["a_customer_who_cannot_be_reached_is_rejected_and_harms_no_other"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::TakesRefusalsLightly,
        &["a_refused_account_closes_the_door"],
    ),
    ChannelTwin::on_the_way_out(ChannelFault::RefusesOneLane, &["a_refused_account_closes_the_door"]),
    ChannelTwin::on_the_way_out(
        ChannelFault::QuotesWords,
        &["no_secret_and_no_word_shows_in_debug_and_outcomes"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::LeaksInOutcomes,
        &["no_secret_and_no_word_shows_in_debug_and_outcomes"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::LeaksInDebug,
        &["no_secret_and_no_word_shows_in_debug_and_outcomes"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::LeaksInRunErrors,
        &["no_secret_shows_in_the_errors_of_run"],
    ),
    ChannelTwin::on_the_way_out(ChannelFault::IgnoresTheShutdown, &["run_ends_when_it_is_told_to"]),
    ChannelTwin::on_the_way_out(ChannelFault::EndsByItself, &["run_ends_when_it_is_told_to"]),
    ChannelTwin::on_the_way_out(
        ChannelFault::DropsUpdates,
        &["an_update_under_way_is_finished_at_the_shutdown"],
    ),
    ChannelTwin::on_the_way_out(
        ChannelFault::DropsDeliveries,
        &["a_delivery_under_way_is_finished_at_the_shutdown"],
    ),
];
