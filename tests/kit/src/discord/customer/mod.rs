//! The customers' side: who they are, where they are, and what they do.

mod content;
mod event;
mod guild;
mod happen;
mod seat;
mod user;

pub use content::Content;
pub use event::{CannotHappen, Event, Happened};
pub use guild::{Guild, Place};
pub use seat::Customer;
pub use user::{User, UserBuilder};
