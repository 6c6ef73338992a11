//! The hookpoint before a real intake, with a ledger, a blob store and a desk that behave.

mod admission;
mod encodings;
mod files;
mod form;
mod logs;
mod rejections;
mod sockets;
mod world;
