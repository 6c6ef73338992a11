use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use escalator::channel::{Inbound, Ingress, IngressError, Offered};
use futures::FutureExt;
use teloxide::types::{CallbackQueryId, Update};
use tokio_util::sync::CancellationToken;

use crate::{
    asides::{Aside, Asides},
    config::Settings,
    inbound::{self, Press, Read},
    webhook::Registering,
};

/// What listener, node and channel share: the way in, and the small answers. It knows no bot.
pub(crate) struct Post {
    pub(crate) ingress: Ingress,
    pub(crate) settings: Settings,
    pub(crate) asides: Asides,
    /// Ends the listener that runs now; a later one gets another.
    stop: Mutex<CancellationToken>,
    /// Where updates come by a webhook of ours.
    webhook: OnceLock<Registering>,
}

impl Post {
    pub(crate) fn new(ingress: Ingress, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            ingress,
            settings,
            asides: Asides::new(),
            stop: Mutex::default(),
            webhook: OnceLock::new(),
        })
    }

    /// From now on a webhook is no obstacle. The first one counts.
    pub(crate) fn receive_by_webhook(&self, registering: &Registering) {
        self.webhook.get_or_init(|| registering.clone());
    }

    /// Who registers the webhook that updates come by, if they do.
    pub(crate) fn webhook(&self) -> Option<&Registering> {
        self.webhook.get()
    }

    /// What ends a listener that begins now.
    pub(crate) fn stop_token(&self) -> CancellationToken {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the listeners that run now.
    pub(crate) fn stop(&self) {
        std::mem::take(&mut *self.stop.lock().unwrap_or_else(PoisonError::into_inner)).cancel();
    }

    /// Reads an update; `None` when it is no part of a conversation.
    pub(crate) fn read(&self, update: &Update) -> Option<Read> {
        let read = inbound::read(self.ingress.channel(), update)?;
        Some(if self.ends_earlier(&read) {
            read.of_earlier_session()
        } else {
            read
        })
    }

    /// Whether a button to end the chat stands under a text of an earlier session than the one that a human has now.
    fn ends_earlier(&self, read: &Read) -> bool {
        let end = read.button.as_ref().filter(|button| button.press == Press::End);
        end.and_then(|end| end.said)
            .is_some_and(|said| self.ingress.is_before_session(&read.inbound.conversation, said))
    }

    /// Offers an update until it is accepted, with growing waits.
    ///
    /// # Cancel safety
    /// When the future is dropped, the update may have been accepted. Its key removes the double.
    pub(crate) async fn offer(&self, update: &Inbound) -> Offered {
        let mut attempt = 1;
        loop {
            let failed = match self.offer_once(update).await {
                Ok(offered) => return offered,
                // The other chats do not wait for it, and the bot does not get what may be a human's.
                Err(IngressError::Refused { detail }) => {
                    tracing::error!(
                        channel = %update.conversation.channel,
                        update = update.position.0,
                        detail,
                        "an update is lost: the ledger refuses it for good"
                    );
                    return Offered::Kept;
                }
                Err(failed) => failed,
            };
            let wait = self.settings.offer_retry.wait(attempt, fraction(update), None);
            tracing::warn!(
                channel = %update.conversation.channel,
                update = update.position.0,
                attempt,
                wait_millis = wait.as_millis(),
                error = %failed,
                "an update is not accepted; it is not acknowledged and is offered again"
            );
            tokio::time::sleep(wait).await;
            attempt = attempt.saturating_add(1);
        }
    }

    /// A ledger that panics or hangs is one that is away.
    async fn offer_once(&self, update: &Inbound) -> Result<Offered, IngressError> {
        let offer = AssertUnwindSafe(self.ingress.offer(update.clone())).catch_unwind();
        match tokio::time::timeout(self.settings.offer_max, offer).await {
            Ok(Ok(offered)) => offered,
            Ok(Err(_panic)) => Err(away("accepting it panicked")),
            Err(_elapsed) => Err(away("no answer in time")),
        }
    }

    /// Answers a pressed button. `true` when its update goes no further.
    pub(crate) fn settle_button(&self, read: &Read, offered: Offered) -> bool {
        let Some(button) = &read.button else {
            return false;
        };
        let texts = &self.settings.texts;
        let text = match (button.press, offered) {
            (Press::Theirs, Offered::Pass) => return false,
            // The node asks for a human, with the turn that it is given there.
            (Press::Human, Offered::Pass) if read.inbound.has_handler => return false,
            (Press::Human, Offered::Pass) => &texts.human_failed,
            (Press::Human | Press::EarlierEnd | Press::Theirs, Offered::Kept) => &texts.button_kept,
            (Press::End | Press::EarlierEnd, Offered::Pass) => &texts.nothing_to_end,
            (Press::End, Offered::Kept) => &texts.ended,
            // It is thanked for by a notice.
            (Press::Answer(..), _) => &None,
        };
        self.answer(button.id.clone(), text.clone());
        let chat = inbound::chat(&read.inbound.conversation);
        if let (Press::Answer(..), Some(chat), Some(question)) = (button.press, chat, button.under) {
            self.asides.push(Aside::Bare { chat, question });
        }
        true
    }

    /// Answers a pressed button.
    pub(crate) fn answer(&self, button: CallbackQueryId, text: Option<String>) {
        self.asides.push(Aside::Pressed { button, text });
    }
}

fn away(detail: &str) -> IngressError {
    IngressError::Unavailable {
        detail: detail.to_owned(),
    }
}

/// Spreads the waits of several bots on one ledger, the same for the same update.
fn fraction(update: &Inbound) -> f64 {
    f64::from(i32::try_from(update.position.0.rem_euclid(16)).unwrap_or(0)) / 15.0
}
