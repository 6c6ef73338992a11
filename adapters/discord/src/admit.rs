use std::{sync::Arc, time::Duration};

use escalator::{
    channel::{Offered, Owner},
    model::{ConversationKey, Signal},
};
use futures::future::join_all;
use serenity::{
    client::{Context, FullEvent},
    model::{
        channel::Message,
        event::TypingStartEvent,
        gateway::Ready,
        id::{ChannelId, MessageId, ShardId},
    },
};
use uuid::Uuid;

use crate::{
    channel::Discord,
    deed::Deed,
    inbound, interaction,
    order::{self, Place, Straggler, Ticket},
    places::{self, Whose},
    post::Post,
};

/// The bot may have the event. Keep it until the bot's handler is done: the next event of the conversation waits for
/// that, for a while.
#[must_use = "dropped at once, it lets the next event of the conversation overtake this one"]
pub struct Admitted<'a> {
    /// The next ones come up when they are dropped. More than one where an event tells of several messages.
    turns: Vec<InTurn<'a>>,
}

/// The first in its lane.
pub(crate) enum InTurn<'a> {
    /// It had a ticket.
    Place(Place),
    /// No collector saw it.
    Straggler(Straggler<'a>),
}

impl Discord {
    /// Deals with an event, in the order of the gateway, before the bot sees it. `None`: it belongs to a conversation
    /// that a human owns, is committed, and the bot must not have it.
    ///
    /// For a bot that dispatches by hand; [`wrap`](Self::wrap) calls it for every other. Call it with each event of the
    /// gateway, those that the bot does nothing about among them, and [`watch`](Self::watch) once.
    ///
    /// # Cancel safety
    /// None: an event whose call is dropped may be lost, or overtaken.
    pub async fn admit(&self, ctx: &Context, event: &FullEvent) -> Option<Admitted<'_>> {
        let post = self.post();
        match event {
            FullEvent::Ready { data_about_bot } => self.begin_session(ctx, data_about_bot),
            FullEvent::TypingStart { event } => post.typing(event),
            FullEvent::Message { new_message } if post.voices.are_ours(new_message) => {
                post.memory.note_message(new_message);
                return None;
            }
            FullEvent::ReactionAdd { add_reaction } if post.receipts.are_ours(add_reaction, post.places.me()) => {
                return None;
            }
            event => post.note_unseen(event),
        }
        if let FullEvent::ReactionRemoveAll {
            channel_id,
            removed_from_message_id,
        } = event
        {
            return post.unless_human(*channel_id, *removed_from_message_id);
        }
        if let FullEvent::ReactionRemoveEmoji { removed_reactions } = event {
            return post.unless_human(removed_reactions.channel_id, removed_reactions.message_id);
        }
        // One at most, but for a deletion of several messages, which is kept from the bot when one of them is a human's.
        let mut deeds = Deed::of_dispatched(event);
        deeds.retain(|deed| !post.is_own(deed));
        let admitted = deeds.iter().map(|deed| post.admit(deed));
        let admitted: Option<Vec<_>> = join_all(admitted).await.into_iter().collect();
        let turns = admitted?.into_iter().flat_map(|admitted| admitted.turns);
        Some(Admitted { turns: turns.collect() })
    }

    /// A session has begun: Discord tells nothing of what was before it.
    ///
    /// What was missed is fetched in a task of its own: the bot needs not wait for it to set itself up.
    fn begin_session(&self, ctx: &Context, ready: &Ready) {
        let post = self.post();
        post.places.note_me(ready.user.id);
        drop(post.hold_places());
        note_collector(post, ctx, ctx.shard_id, &ready.session_id);
        let (discord, application) = (self.clone(), ready.application.id);
        tokio::spawn(async move {
            discord.post().catch_up().await;
            discord.make_commands(application).await;
        });
    }
}

/// Where no collector saw the session begin, one is put there now.
fn note_collector(post: &Arc<Post>, ctx: &Context, shard: ShardId, session: &str) {
    if !post.order.has_noted(shard, session) {
        tracing::debug!(%shard, "the collector was late: the first messages are put in order by their ids");
        post.order.note_session(shard, session);
        order::collect(post, shard, &ctx.shard);
    }
}

impl Post {
    async fn admit(self: &Arc<Self>, deed: &Deed<'_>) -> Option<Admitted<'_>> {
        if let Deed::Interacted(interaction) = deed {
            return interaction::admit(self, deed, interaction).await;
        }
        // At once: what is not claimed for long counts as lost, and is overtaken.
        let ticket = self.order.claim(&deed.mark());
        let Some(_waiting) = self.wait() else {
            // No task waits for its turn: there is no end to what may come now.
            ticket.into_iter().for_each(Ticket::give_up);
            let whose = self.whose_deed(deed).await;
            return self.is_bots(whose.as_ref()).then_some(Admitted::alone());
        };
        let turn = self.in_turn(deed, ticket).await;
        // Only now is it known where the conversations are held.
        let whose = self.whose_deed(deed).await;
        if let Some(Whose::Conversation(of)) = &whose {
            self.caught_up(of).await;
        }
        match whose {
            Some(Whose::Conversation(conversation)) if self.ingress.owner(&conversation) == Owner::Human => {
                let offered = self.offer_deed(deed, &conversation, turn.at()).await;
                // An older one than the human's part is the bot's; only a message is of use to it.
                let is_bots = offered == Some(Offered::Pass) && matches!(deed, Deed::Said(_));
                is_bots.then(|| turn.with_bot(self.settings.handler_wait_max))
            }
            whose => self
                .is_bots(whose.as_ref())
                .then(|| turn.with_bot(self.settings.handler_wait_max)),
        }
    }

    /// Keeps from the bot what a moderator did to a message of a human's conversation. To the agent it says nothing.
    fn unless_human(&self, channel: ChannelId, message: MessageId) -> Option<Admitted<'_>> {
        let of = self.written_by(message).or_else(|| self.of_channel(channel));
        let is_bots = of.is_none_or(|of| self.ingress.owner(&of) == Owner::Bot);
        is_bots.then(Admitted::alone)
    }

    /// Whether what a deed belongs to is the bot's.
    fn is_bots(&self, whose: Option<&Whose>) -> bool {
        match whose {
            Some(Whose::Conversation(of) | Whose::Stranger(of)) => self.ingress.owner(of) == Owner::Bot,
            Some(Whose::Unknown) | None => true,
        }
    }

    async fn whose_deed(&self, deed: &Deed<'_>) -> Option<Whose> {
        if let Deed::Deleted {
            guild,
            channel,
            message,
        } = deed
        {
            return self.deleted_of(*guild, *channel, *message).map(Whose::Conversation);
        }
        Some(self.whose(deed.guild(), deed.channel()?, deed.person()?).await)
    }

    /// Waits for a deed's turn.
    async fn in_turn(&self, deed: &Deed<'_>, ticket: Option<Ticket>) -> InTurn<'_> {
        let lane = self.lane(deed).unwrap_or_default();
        match ticket {
            Some(ticket) => InTurn::Place(self.order.turn(ticket, self.settings.handler_wait_max).await),
            None => InTurn::Straggler(self.order.straggle(lane, deed.id(), deed.mark()).await),
        }
    }

    /// Waits until what was passed over of a conversation is fetched: it stands before what has its turn now.
    pub(crate) async fn caught_up(&self, conversation: &ConversationKey) {
        if let Some(lane) = places::lane(conversation) {
            self.order.gate().opened(lane).await;
        }
    }

    /// Commits a deed for the human. `None` when nothing was said by it.
    async fn offer_deed(&self, deed: &Deed<'_>, conversation: &ConversationKey, at: u64) -> Option<Offered> {
        let conversation = conversation.clone();
        let update = match deed {
            Deed::Said(message) => return Some(self.offer_message(message, conversation).await),
            Deed::Edited(event) => inbound::edit(conversation, event, &self.memory)?,
            Deed::Deleted { message, .. } => inbound::deletion(conversation, *message, at, &self.memory),
            Deed::Reacted { reaction, is_added } => {
                inbound::reaction(conversation, reaction, *is_added, at, Uuid::now_v7(), &self.memory)
            }
            Deed::Interacted(_) => return None,
        };
        Some(self.offer(&update).await)
    }

    /// Commits a message for the human.
    pub(crate) async fn offer_message(&self, message: &Message, conversation: ConversationKey) -> Offered {
        if inbound::is_hidden(message) && self.is_first_hidden() {
            tracing::warn!(
                channel = %conversation.channel,
                "a message came without its words: is the intent MESSAGE_CONTENT asked for? Others are not logged"
            );
        }
        self.memory.note_message(message);
        let update = inbound::message(conversation, message, &self.memory).without_handler();
        let offered = self.offer(&update).await;
        match offered {
            Offered::Kept => self.note_written(message.id, &update.conversation),
            // It stands in the history, and needs not be offered again for a turn.
            Offered::Pass => drop(self.begin(message.id.get())),
        }
        offered
    }

    /// The customer began to write.
    fn typing(&self, event: &TypingStartEvent) {
        let whose = self.known_whose(event.guild_id, event.channel_id, event.user_id);
        if let Whose::Conversation(conversation) = whose {
            self.ingress.signal(&conversation, Signal::TypingStarted);
        }
    }

    /// Notes what a collector that was late may have missed.
    fn note_unseen(&self, event: &FullEvent) {
        match event {
            FullEvent::GuildCreate { guild, .. } => {
                self.places.note_guild(guild);
                self.memory.note_guild(guild);
            }
            FullEvent::ThreadCreate { thread: channel } | FullEvent::ChannelCreate { channel } => {
                self.places.note_channel(channel);
                self.memory.note_channel(channel);
            }
            _ => {}
        }
    }
}

impl<'a> InTurn<'a> {
    /// The latest id that was seen when the event was noted; 0 where nobody noted it.
    const fn at(&self) -> u64 {
        match self {
            Self::Place(place) => place.at(),
            Self::Straggler(_) => 0,
        }
    }

    /// The event goes to the bot.
    pub(crate) fn with_bot(self, handler_wait_max: Duration) -> Admitted<'a> {
        match &self {
            Self::Place(place) => place.with_bot(),
            Self::Straggler(straggler) => straggler.with_bot(handler_wait_max),
        }
        Admitted { turns: vec![self] }
    }
}

impl Admitted<'_> {
    /// Nobody waits for it.
    pub(crate) const fn alone() -> Self {
        Self { turns: Vec::new() }
    }
}
