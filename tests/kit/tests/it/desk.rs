//! The desk simulator, called and calling over real HTTP.

mod agent_api;
mod contract;
mod faults;
mod hooks;
mod port;
mod product;
mod rules;
mod stages;
