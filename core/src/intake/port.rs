use std::sync::Arc;

use async_trait::async_trait;

use super::{Intake, SignalTo, refused, takeover::from_platform, to_the_end};
use crate::{
    channel::{EscalateError, Escalated, Inbound, IngressError, IngressPort, Offered, Owner, Started, TakenOver, Turn},
    model::{ConversationKey, CustomerEvent, Escalation, HistoryRoute, Line, Position, Signal},
    session::Verdict,
    store::Accepted,
};

/// What channels reach intake by.
#[derive(Clone)]
pub struct Port(Arc<Intake>);

impl Port {
    /// Opens intake to channels.
    pub fn new(intake: Arc<Intake>) -> Arc<Self> {
        Arc::new(Self(intake))
    }

    /// Whose an update is, as far as memory tells; `None` when the ledger must be asked.
    fn glance(&self, update: &Inbound) -> Option<Offered> {
        let seat = self.0.seats.of(&update.conversation);
        let generation = seat.generation();
        if seat.is_taking() {
            return None;
        }
        match self.0.store.owners().get(&update.conversation) {
            Some(ownership) => match (
                ownership.is_human(),
                ownership.is_former(update.position, (self.0.now)()),
            ) {
                // It was the bot's before the takeover, and comes again.
                (true, true) => Some(Offered::Pass),
                (true, false) => None,
                // It was the human's before the hand-back, and comes again.
                (false, true) => Some(Offered::Kept),
                (false, false) => seat.pass(update, generation).then_some(Offered::Pass),
            },
            None => seat.pass(update, generation).then_some(Offered::Pass),
        }
    }
}

/// How often an update is looked at anew because its conversation changed hands meanwhile.
const GLANCES_MAX: usize = 16;

#[async_trait]
impl IngressPort for Port {
    fn owner(&self, conversation: &ConversationKey) -> Owner {
        let human = self
            .0
            .store
            .owners()
            .get(conversation)
            .is_some_and(|ownership| ownership.is_human());
        if human || self.0.seats.of(conversation).is_taking() {
            Owner::Human
        } else {
            Owner::Bot
        }
    }

    async fn offer(&self, update: Inbound) -> Result<Offered, IngressError> {
        for _ in 0..GLANCES_MAX {
            if let Some(offered) = self.glance(&update) {
                return Ok(offered);
            }
            let accepted = self
                .0
                .store
                .accept(vec![from_platform(&update)])
                .await
                .map_err(|failed| refused(&failed))?;
            match accepted.first() {
                // The conversation came back to the bot before the update was committed.
                Some(Accepted::New(Verdict::Bots)) => {}
                _ => return Ok(Offered::Kept),
            }
            // A takeover that is under way decides whose it is.
            self.0.seats.of(&update.conversation).settled().await;
        }
        Err(IngressError::Overloaded)
    }

    fn start(&self, conversation: &ConversationKey, position: Position) -> Started {
        let seat = self.0.seats.of(conversation);
        let ownership = self.0.store.owners().get(conversation);
        if let Some(ownership) = ownership.filter(|ownership| ownership.is_human()) {
            return if ownership.is_former(position, (self.0.now)()) {
                Started::Turn(Turn::new(seat, Turn::OVER))
            } else {
                Started::Taken
            };
        }
        let generation = seat.generation();
        if seat.start(position) {
            Started::Turn(Turn::new(seat, generation))
        } else {
            Started::Taken
        }
    }

    fn turn(&self, conversation: &ConversationKey) -> Option<Turn> {
        if self.owner(conversation) == Owner::Human {
            return None;
        }
        let seat = self.0.seats.of(conversation);
        let generation = seat.generation();
        Some(Turn::new(seat, generation))
    }

    async fn escalate(&self, turn: Turn, escalation: Escalation) -> Result<Escalated, EscalateError> {
        tokio::spawn(Arc::clone(&self.0).take_over(turn, escalation))
            .await
            .unwrap_or_else(|died| {
                Err(IngressError::Unavailable {
                    detail: died.to_string(),
                }
                .into())
            })
    }

    async fn push_history(
        &self,
        turn: &Turn,
        history: Vec<Line>,
        route: HistoryRoute,
        details: Escalation,
    ) -> Result<(), IngressError> {
        if !turn.is_current() {
            return Err(TakenOver.into());
        }
        let seat = Arc::clone(turn.seat());
        if route == HistoryRoute::FirstMessage {
            seat.note(history);
            return Ok(());
        }
        let from = details.profile.contact.ok_or(IngressError::Invalid(
            "the chatbot log needs the customer's e-mail address or phone number",
        ))?;
        let subject = details.reason.unwrap_or_else(|| "Chat with the bot".into());
        let intake = Arc::clone(&self.0);
        to_the_end(async move {
            // What stands in memory goes first, so that the log has it.
            intake.flush_seat(Arc::clone(&seat)).await;
            let event = CustomerEvent::PushLog { from, subject, history };
            let log = intake.from_bot(seat.key(), None, event);
            intake
                .store
                .accept(vec![log])
                .await
                .map(drop)
                .map_err(|failed| refused(&failed))
        })
        .await
    }

    async fn end(&self, conversation: &ConversationKey) -> Result<bool, IngressError> {
        let end = self.0.from_bot(conversation, None, CustomerEvent::BotEnded);
        let intake = Arc::clone(&self.0);
        to_the_end(async move {
            let accepted = intake
                .store
                .accept(vec![end])
                .await
                .map_err(|failed| refused(&failed))?;
            Ok(matches!(accepted.first(), Some(Accepted::New(Verdict::Kept))))
        })
        .await
    }

    fn signal(&self, conversation: &ConversationKey, signal: Signal) {
        if let Some(standing) = self
            .0
            .store
            .owners()
            .get(conversation)
            .and_then(|ownership| ownership.session)
        {
            let (session, hook_address) = (standing.id, standing.hook_address);
            self.0.signals.send(SignalTo::Agent {
                session,
                hook_address,
                signal,
            });
        }
    }
}
