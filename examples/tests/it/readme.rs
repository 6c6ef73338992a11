//! The README's code, in one file for each platform (`build.rs`): it compiles so, and its test passes.

#[expect(dead_code, reason = "nobody runs its `main`")]
mod telegram {
    include!(concat!(env!("OUT_DIR"), "/readme_telegram.rs"));
}

#[expect(dead_code, reason = "nobody serves it")]
mod discord {
    include!(concat!(env!("OUT_DIR"), "/readme_discord.rs"));
}
