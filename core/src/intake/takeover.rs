use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Intake, minted, refused, said::Said};
use crate::{
    channel::{EscalateError, Escalated, Inbound, IngressError, Seat, Taken, Turn},
    model::{ConversationKey, CustomerEvent, Escalation, Line, Position, Profile, SessionId},
    session::{Event, Verdict},
    store::{Accepted, Incoming, StoreError, Target},
};

/// How long who asked for something waits to learn whether it was committed.
pub(super) const IN_DOUBT_MAX: Duration = Duration::from_mins(2);

/// How long it waits until the ledger is asked again.
const AGAIN_EVERY: Duration = Duration::from_millis(250);

impl Intake {
    /// Hands a conversation to a human: closes the seat, waits for the bot's lines on their way, and commits the opening
    /// together with what the bot had been passed and not started.
    pub(super) async fn take_over(
        self: Arc<Self>,
        turn: Turn,
        escalation: Escalation,
    ) -> Result<Escalated, EscalateError> {
        let seat = turn.seat();
        let taken = loop {
            if let Some(taken) = seat.take(turn.generation()) {
                break taken;
            }
            // Another escalation of the same turn is under way, or was.
            seat.settled().await;
            if seat.generation() != turn.generation() {
                return self.standing(seat.key()).map(Escalated::Already);
            }
        };
        seat.drain(self.settings.turn_drain_max).await;
        // Only now: the last lines of the bot belong to the history.
        let unwritten = seat.take_unwritten();
        let accepted = self.commit_opening(seat, &taken, &unwritten, escalation).await;
        if let Ok([Accepted::Duplicate, ..]) = accepted.as_deref() {
            // It was committed before, and the answer lost.
            seat.taken_over(turn.generation(), given_back(taken.remainder, &accepted?));
            return self.standing(seat.key()).map(Escalated::Opened);
        }
        match accepted.and_then(|accepted| Ok((opened(&accepted)?, accepted))) {
            Ok((escalated, accepted)) => {
                if let Escalated::Already(_) = escalated {
                    // No opening took them.
                    seat.put_back(unwritten);
                }
                seat.taken_over(turn.generation(), given_back(taken.remainder, &accepted));
                Ok(escalated)
            }
            Err(failed @ IngressError::InDoubt { .. }) => {
                // Whose it is, who holds the channel next reads from the ledger. Here the bot says nothing more.
                seat.put_back(unwritten);
                seat.taken_over(turn.generation(), Vec::new());
                Err(failed.into())
            }
            Err(failed) => {
                seat.put_back(unwritten);
                seat.give_back(taken);
                Err(failed.into())
            }
        }
    }

    /// The session that followed an old turn.
    fn standing(&self, key: &ConversationKey) -> Result<SessionId, EscalateError> {
        let ownership = self.store.owners().get(key);
        let session = ownership
            .and_then(|ownership| ownership.session)
            .map(|standing| standing.id);
        session.ok_or(EscalateError::TurnOver)
    }

    /// Commits the opening, then the remainder, as one.
    async fn commit_opening(
        &self,
        seat: &Seat,
        taken: &Taken,
        unwritten: &[Line],
        mut escalation: Escalation,
    ) -> Result<Vec<Accepted>, IngressError> {
        escalation.history.splice(0..0, unwritten.iter().cloned());
        escalation.profile = merged(escalation.profile, &taken.profile);
        let event = CustomerEvent::Escalate(Box::new(escalation));
        let opening = Incoming {
            // Its key is kept: it comes again where the answer is lost.
            is_new: false,
            ..from_bot(seat.key(), taken.mark, event)
        };
        let within = Said::default();
        let remainder = taken.remainder.iter();
        let events = std::iter::once(opening)
            .chain(remainder.map(|update| self.of_remainder(update, &within)))
            .collect();
        // Whoever took a lost answer for a no would let the bot speak in what is a human's. Not for longer than the channel
        // is held: then the bot is silent here, and who owns the conversation is read anew before the channel is held again.
        let accepted = self
            .accept_surely(events, || self.store.holds(&seat.key().channel))
            .await;
        let accepted = accepted.map_err(|failed| refused(&failed))?;
        // Only now: where it failed, the next escalation tells of the same.
        taken.remainder.iter().for_each(|update| self.said.note(update));
        Ok(accepted)
    }

    /// An update as the ledger takes it, with what is remembered of what it changes.
    pub(super) fn incoming(&self, update: &Inbound) -> Incoming {
        explained(update, self.said.explained(update))
    }

    /// The same, of one that can change what was said in the same commit.
    fn of_remainder(&self, update: &Inbound, within: &Said) -> Incoming {
        let event = within.explained(update).or_else(|| self.said.explained(update));
        within.note(update);
        explained(update, event)
    }

    /// Commits events, and where the answer is lost, sends the same again until one comes: their keys tell whether they were
    /// committed. [`StoreError::InDoubt`] where none came for as long as somebody waits for it.
    pub(super) async fn accept_surely(
        &self,
        events: Vec<Incoming>,
        is_awaited: impl Fn() -> bool,
    ) -> Result<Vec<Accepted>, StoreError> {
        let doubt = match self.store.accept(events.clone()).await {
            Err(doubt @ StoreError::InDoubt { .. }) => doubt,
            answered => return answered,
        };
        while is_awaited() {
            sleep(AGAIN_EVERY).await;
            match self.store.accept(events.clone()).await {
                Err(failed) if is_no_answer(&failed) => {}
                answered => return answered,
            }
        }
        Err(doubt)
    }

    /// Commits what the bot asked for, and learns what came of it also where the answer is lost: [`Accepted::Duplicate`]
    /// where it was committed then.
    pub(super) async fn ask_surely(&self, event: Incoming) -> Result<Option<Accepted>, StoreError> {
        let event = Incoming { is_new: false, ..event };
        let until = Instant::now() + IN_DOUBT_MAX;
        let accepted = self.accept_surely(vec![event], || Instant::now() < until).await?;
        Ok(accepted.first().copied())
    }
}

/// An update as the ledger takes it, with the event that says more than its own, where there is one.
fn explained(update: &Inbound, event: Option<CustomerEvent>) -> Incoming {
    match event {
        Some(event) => from_platform(&Inbound {
            event,
            ..update.clone()
        }),
        None => from_platform(update),
    }
}

/// An event that the bot makes of its own accord.
pub(super) fn from_bot(key: &ConversationKey, mark: Option<Position>, event: CustomerEvent) -> Incoming {
    Incoming {
        key: minted("bot"),
        target: Target::Conversation(key.clone()),
        event: Event::Customer { position: mark, event },
        is_new: true,
    }
}

/// Whether an error says nothing of what was sent before.
fn is_no_answer(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unavailable { .. }
            | StoreError::InDoubt { .. }
            | StoreError::Overloaded { .. }
            | StoreError::Contended { .. }
    )
}

/// What the ledger answered to the opening.
fn opened(accepted: &[Accepted]) -> Result<Escalated, IngressError> {
    match accepted.first() {
        Some(Accepted::New(Verdict::Opened(session))) => Ok(Escalated::Opened(*session)),
        Some(Accepted::New(Verdict::Already(session))) => Ok(Escalated::Already(*session)),
        other => Err(IngressError::Unavailable {
            detail: format!("the ledger answered {other:?} to an opening"),
        }),
    }
}

/// What is the bot's of the remainder: an update before it ended the session at once.
fn given_back(remainder: Vec<Inbound>, accepted: &[Accepted]) -> Vec<Inbound> {
    let answers = accepted.iter().skip(1);
    let bots = remainder
        .into_iter()
        .zip(answers)
        .filter(|(_, answer)| **answer == Accepted::New(Verdict::Bots));
    bots.map(|(update, _)| update).collect()
}

/// An update as the ledger takes it.
pub(super) fn from_platform(update: &Inbound) -> Incoming {
    Incoming {
        key: update.key.clone(),
        target: Target::Conversation(update.conversation.clone()),
        event: Event::Customer {
            position: Some(update.position),
            event: update.event.clone(),
        },
        is_new: false,
    }
}

/// What the bot says of a customer stands before what the platform says.
fn merged(bots: Profile, platforms: &Profile) -> Profile {
    Profile {
        name: bots.name.or_else(|| platforms.name.clone()),
        username: bots.username.or_else(|| platforms.username.clone()),
        language: bots.language.or_else(|| platforms.language.clone()),
        platform: bots.platform.or_else(|| platforms.platform.clone()),
        link: bots.link.or_else(|| platforms.link.clone()),
        contact: bots.contact.or_else(|| platforms.contact.clone()),
    }
}
