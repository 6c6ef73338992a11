//! The Discord channel of [`escalator`]: hands a customer of a serenity or poise bot to a human agent, and back.

mod admit;
mod bot;
mod bounded;
mod catch_up;
mod channel;
mod commands;
mod config;
mod deed;
mod error;
mod history;
mod inbound;
mod install;
mod interaction;
mod order;
mod outbound;
mod places;
mod post;
mod rest;
mod turn;
mod turn_ext;

pub use self::{
    admit::Admitted,
    bot::{Bot, BotError, INTENTS, explain},
    channel::Discord,
    config::{AgentAuthor, Commands, History, Place, Settings, Texts},
    install::{Handler, Wrapped},
    turn_ext::TurnExt,
};
