//! The commands, one file a family.

pub(crate) mod checks;
pub(crate) mod ci;
pub(crate) mod dependencies;
pub(crate) mod fuzz;
pub(crate) mod msrv;
pub(crate) mod package;
pub(crate) mod programs;
pub(crate) mod test;
pub(crate) mod tree;
