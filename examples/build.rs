//! Puts the README's code together as its reader does, a file for each platform, for `tests/it/readme.rs` to compile.

use std::{env, fs, path::Path};

const README: &str = "../README.md";

fn main() {
    println!("cargo::rerun-if-changed={README}");
    let readme = fs::read_to_string(README).expect("the README is there");
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    // A block of `rust` is a doc test too; one of `rs` goes with the Telegram bot, and means nothing alone.
    for (name, languages, other) in [
        ("telegram", ["rust,no_run", "rs"].as_slice(), "escalator_discord"),
        ("discord", &["rust,no_run"], "escalator_telegram"),
    ] {
        let code = blocks(&readme).filter(|(language, code)| languages.contains(language) && !code.contains(other));
        let mut code: Vec<_> = code.map(|(_, code)| code).collect();
        // Tests stand at the end of a file.
        code.sort_by_key(|code| code.starts_with("#[cfg(test)]"));
        assert!(code.len() >= 2, "the README embeds {name} in a house");
        let file = Path::new(&out).join(format!("readme_{name}.rs"));
        fs::write(file, code.join("\n")).expect("the folder is cargo's");
    }
}

/// The fenced blocks, with what stands at their fence.
fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let fenced = text.split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n'))
}
