//! What the example bots share: settings from the environment, logs, a small FAQ, and a channel that is the terminal.

pub mod custom_channel;
pub mod demo;
pub mod exit;
pub mod faq;
pub mod logs;
pub mod settings;
pub mod telegram_bot;
