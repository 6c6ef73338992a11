//! The channel against a fake Discord: with a ledger of one, and with the whole house and a desk.

mod catch_up;
mod content;
mod courtesy;
mod desk_of_one;
mod faults;
mod opening;
mod order;
mod rig;
mod shop;
mod showing;
mod stories;
