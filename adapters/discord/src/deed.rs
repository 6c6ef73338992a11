use serenity::{
    client::FullEvent,
    model::{
        application::Interaction,
        channel::{Message, Reaction},
        event::{Event, MessageUpdateEvent},
        id::{ChannelId, GuildId, MessageId, UserId},
    },
};

use crate::{
    inbound,
    order::{Lane, Mark},
};

/// Something that a person did, and that may belong to a conversation.
#[derive(Clone, Copy)]
pub(crate) enum Deed<'a> {
    Said(&'a Message),
    Edited(&'a MessageUpdateEvent),
    /// Who did it is not told.
    Deleted {
        guild: Option<GuildId>,
        channel: ChannelId,
        message: MessageId,
    },
    Reacted {
        reaction: &'a Reaction,
        is_added: bool,
    },
    Interacted(&'a Interaction),
}

impl<'a> Deed<'a> {
    /// What an event of the gateway tells, as the collector sees it. One deed at most, or the deletions of one event.
    pub(crate) fn of_event(event: &'a Event) -> Vec<Self> {
        let deed = match event {
            Event::MessageCreate(event) => Self::said(&event.message),
            Event::MessageUpdate(event) => Self::edited(event),
            Event::MessageDelete(event) => Some(Self::deleted(event.guild_id, event.channel_id, event.message_id)),
            Event::MessageDeleteBulk(event) => {
                let deleted = |id: &MessageId| Self::deleted(event.guild_id, event.channel_id, *id);
                return event.ids.iter().map(deleted).collect();
            }
            Event::ReactionAdd(event) => Self::reacted(&event.reaction, true),
            Event::ReactionRemove(event) => Self::reacted(&event.reaction, false),
            Event::InteractionCreate(event) => Self::interacted(&event.interaction),
            _ => None,
        };
        deed.into_iter().collect()
    }

    /// What a dispatched event tells: the same.
    pub(crate) fn of_dispatched(event: &'a FullEvent) -> Vec<Self> {
        let deed = match event {
            FullEvent::Message { new_message } => Self::said(new_message),
            FullEvent::MessageUpdate { event, .. } => Self::edited(event),
            FullEvent::MessageDelete {
                channel_id,
                deleted_message_id,
                guild_id,
            } => Some(Self::deleted(*guild_id, *channel_id, *deleted_message_id)),
            FullEvent::MessageDeleteBulk {
                channel_id,
                multiple_deleted_messages_ids,
                guild_id,
            } => {
                let deleted = |id: &MessageId| Self::deleted(*guild_id, *channel_id, *id);
                return multiple_deleted_messages_ids.iter().map(deleted).collect();
            }
            FullEvent::ReactionAdd { add_reaction } => Self::reacted(add_reaction, true),
            FullEvent::ReactionRemove { removed_reaction } => Self::reacted(removed_reaction, false),
            FullEvent::InteractionCreate { interaction } => Self::interacted(interaction),
            _ => None,
        };
        deed.into_iter().collect()
    }

    const fn deleted(guild: Option<GuildId>, channel: ChannelId, message: MessageId) -> Self {
        Self::Deleted {
            guild,
            channel,
            message,
        }
    }

    fn said(message: &'a Message) -> Option<Self> {
        inbound::is_told(message).then_some(Self::Said(message))
    }

    fn edited(event: &'a MessageUpdateEvent) -> Option<Self> {
        let is_person = event.author.as_ref().is_some_and(|author| !author.bot);
        (is_person && event.webhook_id.flatten().is_none()).then_some(Self::Edited(event))
    }

    fn reacted(reaction: &'a Reaction, is_added: bool) -> Option<Self> {
        let is_bot = reaction.member.as_ref().is_some_and(|member| member.user.bot);
        (reaction.user_id.is_some() && !is_bot).then_some(Self::Reacted { reaction, is_added })
    }

    fn interacted(interaction: &'a Interaction) -> Option<Self> {
        (!matches!(interaction, Interaction::Ping(_))).then_some(Self::Interacted(interaction))
    }

    /// What tells it from others.
    pub(crate) fn mark(&self) -> Mark {
        match self {
            Self::Said(message) => Mark::Message(message.id),
            Self::Edited(event) => Mark::Edit(event.id, inbound::edit_moment(event).unwrap_or_default()),
            Self::Deleted { message, .. } => Mark::Delete(*message),
            Self::Reacted { reaction, is_added } => Mark::Reaction {
                message: reaction.message_id,
                customer: self.person().unwrap_or_default(),
                emoji: reaction.emoji.as_data(),
                is_added: *is_added,
            },
            Self::Interacted(interaction) => Mark::Interaction(interaction.id()),
        }
    }

    /// A number that rises with time.
    pub(crate) fn id(&self) -> u64 {
        match self {
            Self::Said(message) => message.id.get(),
            Self::Edited(event) => event.id.get(),
            Self::Deleted { message, .. } => message.get(),
            Self::Reacted { reaction, .. } => reaction.message_id.get(),
            Self::Interacted(interaction) => interaction.id().get(),
        }
    }

    pub(crate) fn person(&self) -> Option<UserId> {
        match self {
            Self::Said(message) => Some(message.author.id),
            Self::Edited(event) => event.author.as_ref().map(|author| author.id),
            Self::Deleted { .. } => None,
            Self::Reacted { reaction, .. } => reaction.user_id,
            Self::Interacted(interaction) => match interaction {
                Interaction::Command(of) | Interaction::Autocomplete(of) => Some(of.user.id),
                Interaction::Component(of) => Some(of.user.id),
                Interaction::Modal(of) => Some(of.user.id),
                _ => None,
            },
        }
    }

    pub(crate) fn channel(&self) -> Option<ChannelId> {
        match self {
            Self::Said(message) => Some(message.channel_id),
            Self::Edited(event) => Some(event.channel_id),
            Self::Deleted { channel, .. } => Some(*channel),
            Self::Reacted { reaction, .. } => Some(reaction.channel_id),
            Self::Interacted(interaction) => match interaction {
                Interaction::Command(of) | Interaction::Autocomplete(of) => Some(of.channel_id),
                Interaction::Component(of) => Some(of.channel_id),
                Interaction::Modal(of) => Some(of.channel_id),
                _ => None,
            },
        }
    }

    pub(crate) fn guild(&self) -> Option<GuildId> {
        match self {
            Self::Said(message) => message.guild_id,
            Self::Edited(event) => event.guild_id,
            Self::Deleted { guild, .. } => *guild,
            Self::Reacted { reaction, .. } => reaction.guild_id,
            Self::Interacted(interaction) => interaction.guild_id(),
        }
    }

    /// The lane of what nobody can be named for.
    pub(crate) fn nobodys_lane(&self) -> Option<Lane> {
        Some(Lane {
            home: self.channel()?,
            customer: UserId::default(),
        })
    }
}
