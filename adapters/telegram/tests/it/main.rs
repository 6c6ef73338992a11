//! The channel against a fake Telegram, with a real teloxide dispatcher in between.

mod content;
mod courtesy;
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
mod shop;
mod stopping;
mod webhook;
