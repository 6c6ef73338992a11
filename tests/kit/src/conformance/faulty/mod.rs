//! Deliberately faulty channels and stores: each breaks one thing, so that the suites can be seen to notice.
//!
//! A twin wraps what works (the reference channel, its way in, the SQLite ledger) and names the trials that it must
//! fail. The kit's own tests make each of those trials on each twin, and fail where a trial
//! has none.

mod channel;
mod channel_twins;
mod ingress;
mod store;
mod store_twins;

pub use self::{
    channel_twins::{CHANNEL_TWINS, ChannelTwin},
    store_twins::{STORE_TWINS, StoreTwin},
};
