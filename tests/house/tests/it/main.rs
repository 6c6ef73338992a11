//! Whole-house tests: one test binary.
//!
//! `crash`, `discord_killed`, `discord_story`, `story`, `twins` and `webhook` run the bot in a process of its own; the others
//! open a house in this one, and `cut` ledgers alone too.

mod bot;
mod browser;
mod bytes;
mod cable;
mod control;
mod crash;
mod crowd;
mod cut;
mod discord_killed;
mod discord_story;
mod disk;
mod faults;
mod fence;
mod flood;
mod guest;
mod home;
mod hooks;
mod instances;
mod kinds;
mod late;
mod limits;
mod no_agents;
mod operate;
mod outage;
mod race;
mod restart;
mod slow_files;
mod square;
mod story;
mod street;
mod texts;
mod timers;
mod twins;
mod webhook;
