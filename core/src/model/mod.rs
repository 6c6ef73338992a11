//! Plain values that every room speaks: ids, texts, files, events, settings, the clock.
//!
//! # Invariants
//! - Nothing here is async, does I/O or reads the time, but for [`SystemClock`].
//! - What a person wrote never shows in `Debug`: it is held in [`Text`].
//!
//! # Not here
//! - What is sent, and how it ended: `delivery`.
//! - Which event leads to what: `session`.

mod arrival;
mod author;
mod clock;
mod customer;
mod event;
mod file;
mod file_name;
mod hook_address;
mod id;
mod line;
mod rich;
mod settings;
mod text;

pub(crate) use self::file_name::plain_file_name;
pub use self::{
    arrival::Arrival,
    author::Author,
    clock::{Clock, SystemClock, Timestamp},
    customer::{Contact, ContactError, ConversationKey, Profile},
    event::{Answer, BotEvent, CustomerEvent, CustomerMessage, DeskEvent, EndReason, Escalation, Signal, Unsent},
    file::{Attachment, FileKind, FileRef, FileSource},
    file_name::file_name,
    hook_address::HookAddress,
    id::{
        Address, AlbumId, BlobId, ChannelId, ConversationId, CustomerId, Epoch, EventKey, MessageId, Position,
        SessionId,
    },
    line::{Line, Speaker},
    rich::{Piece, RichText, Span, Style},
    settings::{
        ChatLimits, ContactQuestion, DeskLimits, Formatting, HistoryRoute, HowOften, LengthUnit, OnNoAgents, OnTimeout,
        OnUnknown, Policy, ReceiptSign, SolvedQuestion, TextChoice, TextFormat, Texts,
    },
    text::Text,
};
