//! The kit over real sockets: one test binary for the package.

mod desk;
