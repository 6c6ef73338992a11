use std::time::Duration;

use crate::{delivery::RetryPolicy, model::OnUnknown};

/// How deliveries are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DispatchSettings {
    /// When a delivery is tried again, and for how long.
    pub retry: RetryPolicy,
    /// What is done with a delivery whose outcome is unknown, where the door cannot remove a double.
    pub on_unknown: OnUnknown,
    /// How long the question for available agents is asked again, before the session opens without an answer. 10 seconds.
    pub availability_max: Duration,
    /// The desk's door.
    pub desk: DoorSettings,
    /// The door of each channel.
    pub channel: DoorSettings,
    /// The door of the bot's own handler.
    pub bot: DoorSettings,
    /// How long it may take to show typing, or that the desk has a message. 5 seconds.
    pub signal_max: Duration,
    /// How many typing signals are under way at once; what comes beside them is dropped. 16.
    pub signals_max: usize,
    /// How many signs that the desk has a message are under way at once; a bounded number waits behind them. 4; with 0 none
    /// is shown.
    pub receipts_max: usize,
    /// How long an agent counts as typing after the desk said so last, where it does not say when that is over. 60
    /// seconds.
    pub typing_max: Duration,
}

/// How one door is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoorSettings {
    /// How many lanes are handed out at once. 1,024.
    pub claims_max: usize,
    /// How many calls without a file are under way at once. 64.
    pub calls_max: usize,
    /// How many calls with a file are under way at once, beside those without. 16.
    pub file_calls_max: usize,
    /// The shortest time between the starts of two calls. None for the desk; 34 milliseconds for a channel, which keeps
    /// below Telegram's 30 messages a second (core.telegram.org/bots/faq).
    pub pace: Duration,
    /// How long a call without a file may take. 30 seconds.
    pub call_max: Duration,
    /// How long a call with a file may take. 15 minutes.
    pub file_call_max: Duration,
    /// The longest wait of a closed door before it is tried again. 15 seconds, or as long as the other side asks.
    pub closed_max: Duration,
}

impl Default for DispatchSettings {
    fn default() -> Self {
        let door = DoorSettings::default();
        Self {
            retry: RetryPolicy::default(),
            on_unknown: OnUnknown::Retry,
            availability_max: Duration::from_secs(10),
            desk: door,
            channel: DoorSettings {
                pace: Duration::from_millis(34),
                ..door
            },
            bot: door,
            signal_max: Duration::from_secs(5),
            signals_max: 16,
            receipts_max: 4,
            typing_max: Duration::from_mins(1),
        }
    }
}

impl Default for DoorSettings {
    fn default() -> Self {
        Self {
            claims_max: 1_024,
            calls_max: 64,
            file_calls_max: 16,
            pace: Duration::ZERO,
            call_max: Duration::from_secs(30),
            file_call_max: Duration::from_mins(15),
            closed_max: Duration::from_secs(15),
        }
    }
}
