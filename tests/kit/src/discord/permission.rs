//! What the bot may do.

use std::collections::BTreeSet;

/// A permission that a test can take from the bot. It has all of them unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// Seeing a channel at all; without it every call there is refused with 50001.
    ViewChannel,
    /// Writing in a channel.
    SendMessages,
    /// Writing in threads.
    SendMessagesInThreads,
    /// Opening a private thread.
    CreatePrivateThreads,
    /// Seeing and changing the threads of others.
    ManageThreads,
    /// Listing and making webhooks.
    ManageWebhooks,
    /// Deleting the messages of others.
    ManageMessages,
    /// Sending files.
    AttachFiles,
    /// Reading what was said before; without it a list of messages is empty.
    ReadMessageHistory,
    /// Putting reactions on messages.
    AddReactions,
    /// Removing channels.
    ManageChannels,
}

const ALL: [Permission; 11] = [
    Permission::ViewChannel,
    Permission::SendMessages,
    Permission::SendMessagesInThreads,
    Permission::CreatePrivateThreads,
    Permission::ManageThreads,
    Permission::ManageWebhooks,
    Permission::ManageMessages,
    Permission::AttachFiles,
    Permission::ReadMessageHistory,
    Permission::AddReactions,
    Permission::ManageChannels,
];

impl Permission {
    /// Its bit, as Discord numbers it.
    pub fn bit(self) -> u64 {
        match self {
            Self::ManageChannels => 1 << 4,
            Self::AddReactions => 1 << 6,
            Self::ViewChannel => 1 << 10,
            Self::SendMessages => 1 << 11,
            Self::ManageMessages => 1 << 13,
            Self::AttachFiles => 1 << 15,
            Self::ReadMessageHistory => 1 << 16,
            Self::ManageWebhooks => 1 << 29,
            Self::ManageThreads => 1 << 34,
            Self::CreatePrivateThreads => 1 << 36,
            Self::SendMessagesInThreads => 1 << 38,
        }
    }
}

/// The bits of all permissions but those.
pub(crate) fn bits_without(forbidden: &BTreeSet<Permission>) -> u64 {
    let allowed = ALL.iter().filter(|permission| !forbidden.contains(permission));
    allowed.fold(0, |bits, permission| bits | permission.bit())
}

/// The bits of those permissions.
pub(crate) fn bits(permissions: &BTreeSet<Permission>) -> u64 {
    permissions.iter().fold(0, |bits, permission| bits | permission.bit())
}
