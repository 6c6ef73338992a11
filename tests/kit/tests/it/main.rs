//! The kit over real sockets, tried by clients that share nothing with it: one test binary for the package.

mod desk;
mod discord;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod shared_timers;
mod telegram;
