//! The customers' side: who they are, and what they do.

mod chat;
mod content;
mod event;
mod push;
mod user;

pub use chat::Chat;
pub use content::{Content, Media};
pub use event::{CannotPush, Event, Pushed};
pub use user::{User, UserBuilder};
