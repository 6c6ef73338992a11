//! Buttons and commands. Discord shows one as failed that is not answered within three seconds, so where the commit takes
//! longer the answer comes before it, and then says of nothing that it was done.

mod solved;

use std::{sync::Arc, time::Duration};

use escalator::{
    channel::{EscalateError, Escalated, Inbound, IngressError, Offered, Owner, Started, Turn},
    model::{Answer, ConversationKey, Escalation},
};
use serde_json::{Value, json};
use serenity::model::{application::Interaction, id::ApplicationId, user::User};
use tokio::task::JoinHandle;

use crate::{
    admit::{Admitted, InTurn},
    deed::Deed,
    inbound::{self, Asked as AskedAbout, Button},
    order::{Place, Ticket},
    places::Whose,
    post::{Post, WaitingInteraction},
};

/// How long an interaction waits for what was said before it. Of Discord's three seconds the rest is for the answer.
const TURN_WAIT_MAX: Duration = Duration::from_secs(1);
/// How long Discord may take to tell what kind of channel it is in. After that it is taken as a plain one.
const WHOSE_WAIT_MAX: Duration = Duration::from_millis(300);
/// How long an answer waits for the commit of what it tells.
const COMMIT_WAIT_MAX: Duration = Duration::from_millis(1_300);
/// Only the customer sees the answer.
const EPHEMERAL: u32 = 1 << 6;

/// What an interaction asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    End,
    Human(By),
    /// It answers whether it was solved.
    Answer(AskedAbout, Answer),
    /// Something of the bot's.
    Bots,
}

/// How a human is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Command,
    Button,
}

/// What came of asking for a human.
enum Asked {
    Got(Escalated),
    /// It is not known, and goes on.
    InDoubt,
    InVain,
}

/// A customer who asks for a human.
struct Asks {
    update: Inbound,
    by: By,
    /// Whether something stands before it that is not dealt with.
    is_early: bool,
}

/// Deals with an interaction.
pub(crate) async fn admit<'a>(post: &'a Arc<Post>, deed: &Deed<'_>, interaction: &Interaction) -> Option<Admitted<'a>> {
    let turn = post.soon_in_turn(deed).await;
    let (Some(channel), Some(person)) = (deed.channel(), deed.person()) else {
        return Some(Admitted::alone());
    };
    let wish = post.wish(interaction);
    if let (Wish::Answer(asked, answer), Interaction::Component(press)) = (wish, interaction) {
        post.take_answer(interaction, press, (asked, answer), turn).await;
        return None;
    }
    let whose = post.whose(deed.guild(), channel, person);
    let whose = tokio::time::timeout(WHOSE_WAIT_MAX, whose).await;
    let whose = whose.unwrap_or_else(|_late| Whose::Conversation(post.places.key(channel, person)));
    let conversation = match whose {
        Whose::Conversation(conversation) => conversation,
        Whose::Stranger(_) | Whose::Unknown if wish == Wish::Bots => {
            return Some(turn.admitted(post.settings.handler_wait_max));
        }
        Whose::Stranger(_) | Whose::Unknown => {
            let texts = &post.settings.texts;
            let text = if wish == Wish::End {
                &texts.nothing_to_end
            } else {
                &texts.not_yours
            };
            post.answer(interaction, text.as_deref()).await;
            return None;
        }
    };
    match (post.ingress.owner(&conversation), wish) {
        (Owner::Bot, Wish::Bots | Wish::Answer(..)) => {
            if turn.is_early() {
                post.note_early(interaction.id().get());
            }
            return Some(turn.admitted(post.settings.handler_wait_max));
        }
        (Owner::Bot, Wish::End) => {
            let text = post.settings.texts.nothing_to_end.as_deref();
            post.answer(interaction, text).await;
        }
        (Owner::Bot, Wish::Human(by)) => post.escalate(interaction, conversation, by, turn).await,
        (Owner::Human, wish) => {
            let is_stale = wish == Wish::End && post.is_of_earlier(interaction, &conversation);
            let wish = if is_stale { Wish::Bots } else { wish };
            post.keep(interaction, conversation, wish, turn).await;
        }
    }
    None
}

/// An interaction's turn, or that it cannot wait for it any longer.
enum Soon {
    InTurn(Place, WaitingInteraction),
    /// It comes all the same.
    Later(JoinHandle<(Place, WaitingInteraction)>),
    /// No collector saw it.
    Never(WaitingInteraction),
    /// Too many wait: it has none.
    GivenUp,
}

impl Soon {
    /// Whether something may stand before it that is not dealt with.
    const fn is_early(&self) -> bool {
        matches!(self, Self::Later(_) | Self::GivenUp)
    }

    fn admitted<'a>(self, handler_wait_max: Duration) -> Admitted<'a> {
        match self {
            Self::InTurn(place, _) => InTurn::Place(place).with_bot(handler_wait_max),
            Self::Later(_) | Self::Never(_) | Self::GivenUp => Admitted::alone(),
        }
    }

    /// Waits for the turn, which lasts until it is dropped. `None` when there is none to wait for.
    async fn come(self) -> Option<(Option<Place>, WaitingInteraction)> {
        match self {
            Self::InTurn(place, waiting) => Some((Some(place), waiting)),
            Self::Later(turn) => turn.await.ok().map(|(place, waiting)| (Some(place), waiting)),
            Self::Never(waiting) => Some((None, waiting)),
            Self::GivenUp => None,
        }
    }
}

impl By {
    /// What the agent reads.
    const fn reason(self) -> &'static str {
        match self {
            Self::Command => "the customer asked for a human",
            Self::Button => "the customer pressed “Talk to a human”",
        }
    }
}

impl Asks {
    fn of(interaction: &Interaction, conversation: ConversationKey, by: By, is_early: bool) -> Option<Self> {
        let (user, language) = who(interaction)?;
        let update = inbound::interaction(conversation, interaction.id(), user, language, false);
        Some(Self { update, by, is_early })
    }
}

impl Post {
    async fn soon_in_turn(self: &Arc<Self>, deed: &Deed<'_>) -> Soon {
        let ticket = self.order.claim(&deed.mark());
        let Some(waiting) = self.wait_for_interaction() else {
            ticket.into_iter().for_each(Ticket::give_up);
            return Soon::GivenUp;
        };
        let Some(ticket) = ticket else {
            return Soon::Never(waiting);
        };
        let post = Arc::clone(self);
        // A task of its own: given up here, it would let the next one of its lane go ahead.
        let mut turn = tokio::spawn(async move {
            let place = post.order.turn(ticket, post.settings.handler_wait_max).await;
            (place, waiting)
        });
        match tokio::time::timeout(TURN_WAIT_MAX, &mut turn).await {
            Ok(Ok((place, waiting))) => Soon::InTurn(place, waiting),
            Ok(Err(_panic)) => Soon::GivenUp,
            Err(_elapsed) => Soon::Later(turn),
        }
    }

    fn wish(&self, interaction: &Interaction) -> Wish {
        let commands = self.settings.commands.as_ref();
        let is = |name: Option<&String>, of: &str| name.is_some_and(|name| name == of);
        match interaction {
            Interaction::Component(of) => match Button::read(&of.data.custom_id) {
                Some(Button::End) => Wish::End,
                Some(Button::Human) => Wish::Human(By::Button),
                Some(Button::Answer(asked, answer)) => Wish::Answer(asked, answer),
                None => Wish::Bots,
            },
            Interaction::Command(of) => match commands {
                Some(commands) if is(commands.end.as_ref(), &of.data.name) => Wish::End,
                Some(commands) if is(commands.human.as_ref(), &of.data.name) => Wish::Human(By::Command),
                _ => Wish::Bots,
            },
            _ => Wish::Bots,
        }
    }

    /// Whether a button stands under a text of an earlier session than the one that a human has now.
    fn is_of_earlier(&self, interaction: &Interaction, conversation: &ConversationKey) -> bool {
        let Interaction::Component(press) = interaction else {
            return false;
        };
        let said = inbound::moment(press.message.id.get());
        self.ingress.is_before_session(conversation, said)
    }

    /// A human owns the conversation: the bot does not get it.
    async fn keep(self: &Arc<Self>, interaction: &Interaction, conversation: ConversationKey, wish: Wish, turn: Soon) {
        let Some((user, language)) = who(interaction) else {
            return self.answer(interaction, None).await;
        };
        let (id, is_end) = (interaction.id(), wish == Wish::End);
        let update = inbound::interaction(conversation.clone(), id, user, language, is_end).without_handler();
        let post = Arc::clone(self);
        // A task of its own: the commit may take as long as it takes, and the answer has three seconds.
        let kept = tokio::spawn(async move {
            let Some(_turn) = turn.come().await else {
                let (channel, interactions_max) = (post.ingress.channel(), post.settings.interactions_max);
                tracing::error!(%channel, interactions_max, "too many buttons and commands wait: one is lost");
                return;
            };
            post.caught_up(&update.conversation).await;
            post.offer(&update).await;
        });
        let kept = tokio::time::timeout(COMMIT_WAIT_MAX, kept).await;
        let texts = &self.settings.texts;
        let text = match wish {
            Wish::Human(By::Command) => &texts.human_already,
            Wish::Human(By::Button) | Wish::Answer(..) | Wish::Bots => &texts.kept,
            // Nothing is called over that is not.
            Wish::End if kept.is_err() => &texts.ending,
            Wish::End if self.ingress.owner(&conversation) == Owner::Human => &texts.end_failed,
            Wish::End => &texts.ended,
        };
        self.answer(interaction, text.as_deref()).await;
    }

    async fn escalate(self: &Arc<Self>, interaction: &Interaction, conversation: ConversationKey, by: By, turn: Soon) {
        let texts = &self.settings.texts;
        let Some(asks) = Asks::of(interaction, conversation, by, turn.is_early()) else {
            return self.answer(interaction, texts.human_failed.as_deref()).await;
        };
        let post = Arc::clone(self);
        // A task of its own: what the customer was told must not be cut off by the wait for it.
        let mut asked = tokio::spawn(async move {
            let asked = post.ask_for_human(asks).await;
            // Only now is it known whose is what stands behind it.
            drop(turn);
            asked
        });
        let text = match tokio::time::timeout(COMMIT_WAIT_MAX, &mut asked).await {
            Ok(Ok(Asked::Got(Escalated::Opened(_)) | Asked::InDoubt)) => &texts.human,
            Ok(Ok(Asked::Got(Escalated::Already(_)))) => &texts.human_already,
            Ok(Ok(Asked::InVain) | Err(_)) => &texts.human_failed,
            Err(_elapsed) => {
                self.answer(interaction, texts.human.as_deref()).await;
                if matches!(asked.await, Ok(Asked::InVain) | Err(_)) {
                    self.follow_up(interaction, texts.human_failed.as_deref()).await;
                }
                return;
            }
        };
        self.answer(interaction, text.as_deref()).await;
    }

    async fn ask_for_human(&self, asks: Asks) -> Asked {
        let conversation = asks.update.conversation.clone();
        let turn = if asks.is_early {
            // Past its own position: what stands before it goes to the human.
            self.ingress.turn(&conversation)
        } else {
            self.turn_of(&asks.update).await
        };
        let mut escalation = Escalation::because(asks.by.reason());
        escalation.profile = asks.update.profile;
        escalation.history = self.history(&conversation).await;
        let Some(turn) = turn else { return Asked::InVain };
        match self.ingress.escalate(turn, escalation).await {
            Ok(escalated) => Asked::Got(escalated),
            Err(failed) => {
                let channel = self.ingress.channel();
                tracing::warn!(%channel, error = %failed, "nobody could be asked for");
                match failed {
                    // It goes on, and the bot must not say that it does not.
                    EscalateError::Ingress(IngressError::InDoubt { .. }) => Asked::InDoubt,
                    _ => Asked::InVain,
                }
            }
        }
    }

    async fn turn_of(&self, update: &Inbound) -> Option<Turn> {
        if self.offer(update).await == Offered::Kept {
            return None;
        }
        match self.ingress.start(&update.conversation, update.position).await {
            Started::Turn(turn) => Some(turn),
            Started::Taken => None,
        }
    }

    /// Answers, so that the customer sees it and nobody else.
    async fn answer(&self, interaction: &Interaction, text: Option<&str>) {
        let answer = answer(interaction, text);
        if let Err(failure) = self.rest.answer(interaction.id(), interaction.token(), &answer).await {
            let (channel, error) = (self.ingress.channel(), failure.detail());
            tracing::debug!(%channel, error, "an interaction was not answered");
        }
    }

    /// Takes back what was answered, so that the customer sees it and nobody else.
    async fn follow_up(&self, interaction: &Interaction, text: Option<&str>) {
        let (Some(application), Some(text)) = (application(interaction), text) else {
            return;
        };
        let said = said(text);
        if let Err(failure) = self.rest.follow_up(application, interaction.token(), &said).await {
            let (channel, error) = (self.ingress.channel(), failure.detail());
            tracing::warn!(%channel, error, "a customer was not told that nobody could be asked for");
        }
    }
}

/// The answer that an interaction of its kind takes.
fn answer(interaction: &Interaction, text: Option<&str>) -> Value {
    /// `CHANNEL_MESSAGE_WITH_SOURCE`.
    const SAY: u8 = 4;
    /// `DEFERRED_UPDATE_MESSAGE`: nothing is to be seen.
    const NOTHING: u8 = 6;
    /// `APPLICATION_COMMAND_AUTOCOMPLETE_RESULT`.
    const CHOICES: u8 = 8;
    match (interaction, text) {
        (Interaction::Autocomplete(_), _) => json!({"type": CHOICES, "data": {"choices": []}}),
        (Interaction::Component(_), None) => json!({"type": NOTHING}),
        // A command insists on a text.
        (_, text) => json!({"type": SAY, "data": said(text.unwrap_or("✓"))}),
    }
}

/// A text that only the customer sees.
fn said(text: &str) -> Value {
    json!({"content": text, "flags": EPHEMERAL, "allowed_mentions": {"parse": []}})
}

/// The application that an interaction is with.
fn application(interaction: &Interaction) -> Option<ApplicationId> {
    match interaction {
        Interaction::Command(of) | Interaction::Autocomplete(of) => Some(of.application_id),
        Interaction::Component(of) => Some(of.application_id),
        Interaction::Modal(of) => Some(of.application_id),
        _ => None,
    }
}

fn who(interaction: &Interaction) -> Option<(&User, &str)> {
    match interaction {
        Interaction::Command(of) | Interaction::Autocomplete(of) => Some((&of.user, &of.locale)),
        Interaction::Component(of) => Some((&of.user, &of.locale)),
        Interaction::Modal(of) => Some((&of.user, &of.locale)),
        _ => None,
    }
}
