//! Reads what somebody wrote in a format into [`RichText`](super::RichText). Nothing is refused, whatever stands there, and
//! the time that it takes grows with the length of the text alone.

mod address;
mod html;
mod markdown;
mod page;
mod plain;
#[cfg(test)]
mod tests;

pub(super) use self::address::find;
