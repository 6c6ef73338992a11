//! Conformance suites: trials that any channel or store must pass, as data.
//!
//! Whoever writes a channel or a store makes a test target with `harness = false`, implements a small harness, and runs
//! the trials. This is such a target, whole, for the [reference channel](loopback):
//!
//! ```
//! use escalator_testkit::conformance::{channel, libtest_mimic, loopback::LoopbackHarness};
//!
//! let arguments = libtest_mimic::Arguments::from_iter(["conformance", "an_end_is_offered_as_an_end"]);
//! let trials = channel::trials("loopback", LoopbackHarness::full());
//! libtest_mimic::run(&arguments, trials).exit_if_failed();
//! ```
//!
//! In a target of your own the arguments are `Arguments::from_args()`, and the last line ends with `.exit()`. The target
//! stands in `Cargo.toml`, and `cargo test --test conformance -- --list` names the trials:
//!
//! ```toml
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! `docs/adding-a-channel.md` in the repository leads there, and `examples/channel-template` is a channel with its harness
//! to copy.
//!
//! A trial that cannot be made, because the platform or its stand-in knows no such thing, is reported as ignored, with
//! the reason; nothing is skipped in silence.
//!
//! # Invariants
//! - A trial waits for conditions, with a deadline; it never sleeps and hopes.
//! - For each trial there is a deliberately [faulty] twin on which it fails, and a test says so.
//!
//! # Not here
//! Whether a channel reads everything that its platform can say: that is a test of the adapter's own.

pub mod channel;
pub mod faulty;
pub mod loopback;
pub mod store;
mod trial;

pub use libtest_mimic;

pub use self::trial::{Patience, Stop, Unsupported};
