//! The targets, one file each.

pub(crate) mod agent_text;
pub(crate) mod discord_event;
pub(crate) mod discord_markdown;
pub(crate) mod entities;
pub(crate) mod hook;
pub(crate) mod hook_fields;
mod hookpoint;
pub(crate) mod telegram_update;
