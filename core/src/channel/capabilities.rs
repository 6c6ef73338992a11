use std::time::Duration;

use crate::model::ChatLimits;

/// What a channel can do.
///
/// The core itself asks for [`limits`](Self::limits), by which it cuts texts and stops files, for [`files`](Self::files)
/// of the agent, for [`places`](Self::places), [`receipts`](Self::receipts) and [`buttons`](Self::buttons), and for how long
/// [typing lasts](Self::typing_lasts). What else a channel does not claim it answers with
/// [`Outcome::Rejected`](crate::delivery::Outcome::Rejected), and the agent is told; the conformance suite holds it to
/// that both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each says of one thing whether the platform has it, and they do not hang together"
)]
pub struct Capabilities {
    /// Lengths and sizes.
    pub limits: ChatLimits,
    /// Whether the channel can send and fetch files.
    pub files: bool,
    /// Whether the platform can show that the agent is typing.
    pub typing_to_customer: bool,
    /// How long the platform shows typing before it takes it back by itself: the sign is given again in time for as long
    /// as the agent types. `None`: it shows it until it is told otherwise.
    pub typing_lasts: Option<Duration>,
    /// Whether the platform tells that the customer is typing.
    pub typing_from_customer: bool,
    /// Whether a session is held in a place of its own, which a [`ChatPayload::Open`](crate::delivery::ChatPayload::Open)
    /// opens before anything is said there.
    pub places: bool,
    /// Whether the platform can show beside a message of the customer that it arrived
    /// ([`received`](crate::channel::EscalationChannel::received)).
    pub receipts: bool,
    /// Whether a text can have buttons, so that a [`ChatPayload::Question`](crate::delivery::ChatPayload::Question) can be
    /// asked.
    pub buttons: bool,
}

impl Capabilities {
    /// A channel of text alone.
    pub const fn text_only(limits: ChatLimits) -> Self {
        Self {
            limits,
            files: false,
            typing_to_customer: false,
            typing_lasts: None,
            typing_from_customer: false,
            places: false,
            receipts: false,
            buttons: false,
        }
    }

    /// Says that files go both ways.
    pub const fn with_files(mut self) -> Self {
        self.files = true;
        self
    }

    /// Says which typing signals the platform has.
    pub const fn with_typing(mut self, to_customer: bool, from_customer: bool) -> Self {
        self.typing_to_customer = to_customer;
        self.typing_from_customer = from_customer;
        self
    }

    /// Says how long the platform shows typing before it takes it back by itself.
    pub const fn with_typing_lasting(mut self, lasts: Duration) -> Self {
        self.typing_lasts = Some(lasts);
        self
    }

    /// Says that the platform can show that a message of the customer arrived.
    pub const fn with_receipts(mut self) -> Self {
        self.receipts = true;
        self
    }

    /// Says that a text can have buttons.
    pub const fn with_buttons(mut self) -> Self {
        self.buttons = true;
        self
    }

    /// Says that each session is held in a place that has to be opened.
    pub const fn with_places(mut self) -> Self {
        self.places = true;
        self
    }
}
