//! What the example bots share: settings from the environment, logs, a small FAQ, and a channel that is the terminal.

pub mod custom_channel;
pub mod demo;
pub mod discord_bot;
pub mod exit;
pub mod faq;
pub mod held;
pub mod logs;
pub mod poise_bot;
pub mod program;
pub mod settings;
pub mod stop;
pub mod telegram_bot;
pub mod told;
pub mod two_channels;
pub mod updates;

/// The code that the README shows, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The code that the guide to a channel of one's own shows, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/adding-a-channel.md")]
pub struct AddingAChannel;
