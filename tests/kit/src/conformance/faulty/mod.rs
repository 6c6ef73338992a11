//! Deliberately faulty channels and stores: each breaks one thing, so that the suites can be seen to notice.
//!
//! A twin wraps what works, in the way in ([`ingress`]), in the channel ([`channel`]) or in the store ([`store`]), and
//! names the trials that it must fail. The kit's own tests make each of those trials on each twin, and fail where a trial
//! has none.

mod channel;
mod ingress;
mod twins;

pub use self::twins::{CHANNEL_TWINS, ChannelTwin};
