//! Keeps the compiler's version, so that a report can name it.

use std::{env, process::Command};

fn main() {
    let rustc = env::var_os("RUSTC").expect("cargo names the compiler to a build script");
    let told = Command::new(rustc).arg("--version").output();
    let version = told
        .ok()
        .and_then(|told| String::from_utf8(told.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |version| version.trim().to_owned());
    println!("cargo:rustc-env=BENCH_RUSTC={version}");
    println!("cargo:rerun-if-changed=build.rs");
}
