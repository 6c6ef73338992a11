use std::{fmt, sync::Arc};

use uuid::Uuid;

/// One id type over a text that is shared: ids go along with everything. A macro, because a function cannot make types and each id must be a type of its own.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the id as the outside wrote it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into().into())
            }

            /// The id as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// One id type over a UUID that we mint. Version 7: rows that are made together lie together.
macro_rules! minted_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Mints an id that was never used.
            pub fn mint() -> Self {
                Self(Uuid::now_v7())
            }

            /// Takes an id that was minted before.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Reads an id from its text form; `None` when it is no UUID.
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::parse_str(text.trim()).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

text_id! {
    /// An album whose parts a platform sends as messages of their own (Telegram's `media_group_id`). Opaque to the core.
    AlbumId
}

text_id! {
    /// A connected platform account, as its owner named it: `telegram`, `support-bot-2`.
    ChannelId
}
text_id! {
    /// Where a conversation takes place on its platform, in the platform's own terms (a chat id). Opaque to the core.
    Address
}
text_id! {
    /// A person on a platform, in the platform's own terms.
    CustomerId
}
text_id! {
    /// What makes an accepted event one of a kind: the same key twice is the same event twice.
    EventKey
}
text_id! {
    /// A platform's own id of a customer's message. Opaque to the core.
    MessageId
}

minted_id! {
    /// One customer's thread on one channel.
    ConversationId
}
minted_id! {
    /// One escalation of a conversation. It goes to the desk as `chatSessionID` and is never used again.
    SessionId
}
minted_id! {
    /// A file whose bytes we keep.
    BlobId
}

/// How often a conversation has changed hands. What was made under an older epoch is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch after the next change of hands.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Where an update stands in the order of its conversation: Telegram's update id, Discord's message id.
///
/// A later update has a higher one, over restarts too; no two messages of a conversation have the same; and an update that
/// comes again has the one that it had. What stands at or below the position at which the conversation last changed hands
/// is taken for the former owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position(pub i64);
