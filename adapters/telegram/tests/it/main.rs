//! The channel against a fake Telegram, with a real teloxide dispatcher in between.

mod content;
mod desk_of_one;
mod faults;
mod files;
mod formatting;
mod groups;
mod instances;
mod listening;
mod node_alone;
mod owning;
mod polling;
mod rig;
mod running;
mod sending;
mod stopping;
mod webhook;
