use serenity::model::id::{ChannelId, InteractionId, MessageId, UserId};

/// What keeps its order: the events of one customer at one home address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub(crate) home: ChannelId,
    pub(crate) customer: UserId,
}

/// What tells one event from another, in the collector and in its dispatch alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mark {
    Message(MessageId),
    /// The second part is the moment of the edit, in milliseconds.
    Edit(MessageId, i64),
    Delete(MessageId),
    Interaction(InteractionId),
    Reaction {
        message: MessageId,
        customer: UserId,
        /// The emoji, as it stands in an address.
        emoji: String,
        is_added: bool,
    },
}
