use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Intake, SignalTo,
    arriving::Arriving,
    came_to_no_end, in_doubt, refused,
    takeover::{IN_DOUBT_MAX, from_bot},
    to_the_end,
};
use crate::{
    channel::{
        Arrivals, EscalateError, Escalated, Held, Inbound, IngressError, IngressPort, Offered, Owner, Seat, Started,
        TakenOver, Turn,
    },
    model::{ChannelId, ConversationKey, CustomerEvent, Escalation, HistoryRoute, Line, Position, Signal},
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
    fn glance(&self, seat: &Seat, update: &Inbound) -> Option<Offered> {
        // It is about a session that is over, whoever owns the conversation now.
        if matches!(update.event, CustomerEvent::Answered { .. }) {
            return None;
        }
        // Before the owner, here and below: it rises once a takeover is committed, so that what is read after it is no
        // older than the generation that it is given for.
        let generation = seat.generation();
        match self.owner_at(&update.conversation, update.position) {
            // It was the bot's before the takeover, and comes again.
            (Owner::Human, true) => Some(Offered::Pass),
            (Owner::Human, false) => None,
            // It was the human's before the hand-back, and comes again.
            (Owner::Bot, true) => Some(Offered::Kept),
            (Owner::Bot, false) => seat.pass(update, generation).then_some(Offered::Pass),
        }
    }

    /// A turn of a place that is no conversation has nobody to hand over.
    fn check_bound(&self, turn: &Turn) -> Result<(), IngressError> {
        if self.0.seats.has(turn) {
            return Ok(());
        }
        Err(IngressError::Invalid(
            "the turn belongs to no conversation that a human can take over",
        ))
    }

    /// Refuses what only the instance may do that receives for the channel.
    fn check_held(&self, channel: &ChannelId) -> Result<(), IngressError> {
        if self.0.store.holds(channel) {
            return Ok(());
        }
        Err(IngressError::Unavailable {
            detail: format!("another instance receives for the channel {channel}"),
        })
    }

    /// Who owns a conversation, and whether a position belongs to the former owner.
    fn owner_at(&self, conversation: &ConversationKey, position: Position) -> (Owner, bool) {
        match self.0.store.owners().get(conversation) {
            Some(ownership) => {
                let owner = if ownership.is_human() { Owner::Human } else { Owner::Bot };
                (owner, ownership.is_former(position, (self.0.now)()))
            }
            None => (Owner::Bot, false),
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

    fn held(&self, channel: &ChannelId) -> Vec<Held> {
        let held = self.0.store.owners().of_channel(channel).into_iter();
        held.filter_map(|(conversation, ownership)| {
            Some(Held {
                conversation,
                place: ownership.place,
                accepted: ownership.accepted.or(ownership.mark).map(|mark| mark.position),
                since: ownership.session?.opened_at,
            })
        })
        .collect()
    }

    async fn offer(&self, update: Inbound) -> Result<Offered, IngressError> {
        let channel = &update.conversation.channel;
        self.check_held(channel)?;
        let seat = self.0.seats.of(&update.conversation);
        for _ in 0..GLANCES_MAX {
            // A takeover that is under way decides whose it is.
            seat.settled().await;
            if let Some(offered) = self.glance(&seat, &update) {
                // Only now: until here nobody else can have escalated the conversation.
                self.check_held(channel)?;
                return Ok(offered);
            }
            let accepted = self
                .0
                .store
                .accept(vec![self.0.incoming(&update)])
                .await
                .map_err(|failed| refused(&failed))?;
            // The conversation came back to the bot before the update was committed.
            if accepted.first() != Some(&Accepted::New(Verdict::Bots)) {
                self.0.said.note(&update);
                return Ok(Offered::Kept);
            }
        }
        Err(IngressError::Overloaded)
    }

    async fn start(&self, conversation: &ConversationKey, position: Position) -> Started {
        let seat = self.0.seats.of(conversation);
        for _ in 0..GLANCES_MAX {
            seat.settled().await;
            let generation = seat.generation();
            match self.owner_at(conversation, position) {
                (Owner::Human, true) => return Started::Turn(Turn::new(seat, Turn::OVER)),
                // An escalation took it, or the human part is over and had it.
                (Owner::Human, false) | (Owner::Bot, true) => return Started::Taken,
                (Owner::Bot, false) => {
                    if seat.start(position, generation) {
                        return Started::Turn(Turn::new(seat, generation));
                    }
                    // Another instance has the channel by now: here the bot stays silent.
                    if self.check_held(&conversation.channel).is_err() {
                        return Started::Turn(Turn::new(seat, Turn::OVER));
                    }
                }
            }
        }
        // It changes hands faster than a handler can start: the bot stays silent.
        Started::Turn(Turn::new(seat, Turn::OVER))
    }

    fn turn(&self, conversation: &ConversationKey) -> Option<Turn> {
        let seat = self.0.seats.of(conversation);
        let generation = seat.generation();
        let is_bots = self.owner(conversation) == Owner::Bot && self.check_held(&conversation.channel).is_ok();
        is_bots.then(|| Turn::new(seat, generation))
    }

    async fn escalate(&self, turn: Turn, escalation: Escalation) -> Result<Escalated, EscalateError> {
        if turn.generation() != Turn::OVER {
            self.check_bound(&turn)?;
        }
        self.check_held(&turn.conversation().channel)?;
        let taking = tokio::spawn(Arc::clone(&self.0).take_over(turn, escalation));
        match tokio::time::timeout(IN_DOUBT_MAX, taking).await {
            Ok(taken) => taken.unwrap_or_else(|ended| Err(came_to_no_end(&ended).into())),
            // It goes on, and the seat stays closed until it is known.
            Err(_elapsed) => Err(in_doubt("the escalation is still under way").into()),
        }
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
        self.check_bound(turn)?;
        let seat = Arc::clone(turn.seat());
        if route == HistoryRoute::FirstMessage {
            return Ok(seat.note(history, turn.generation())?);
        }
        let from = details.profile.contact.ok_or(IngressError::Invalid(
            "the chatbot log needs the customer's e-mail address or phone number",
        ))?;
        let subject = details.reason.unwrap_or_else(|| "Chat with the bot".into());
        let intake = Arc::clone(&self.0);
        to_the_end(async move {
            // What stands in memory goes first, so that the log has it.
            let unwritten = seat.unwritten().await;
            let history = [unwritten.clone(), history].concat();
            let event = CustomerEvent::PushLog { from, subject, history };
            let log = from_bot(seat.key(), None, event);
            let accepted = intake.ask_surely(log).await;
            if let Ok(Some(Accepted::New(Verdict::Kept) | Accepted::Duplicate)) = accepted {
                return Ok(());
            }
            seat.put_back(unwritten);
            // Committed and not kept: a human owned the conversation by then.
            Err(accepted.map_or_else(|failed| refused(&failed), |_| TakenOver.into()))
        })
        .await
    }

    async fn end(&self, conversation: &ConversationKey) -> Result<bool, IngressError> {
        let end = from_bot(conversation, None, CustomerEvent::BotEnded);
        let intake = Arc::clone(&self.0);
        to_the_end(async move {
            let accepted = intake.ask_surely(end).await.map_err(|failed| refused(&failed))?;
            Ok(matches!(
                accepted,
                Some(Accepted::New(Verdict::Kept) | Accepted::Duplicate)
            ))
        })
        .await
    }

    fn arrivals(&self, channel: &ChannelId) -> Option<Arc<dyn Arrivals>> {
        let kept = self.0.store.arrivals()?;
        Some(Arc::new(Arriving {
            channel: channel.clone(),
            store: Arc::clone(&self.0.store),
            kept,
        }))
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
