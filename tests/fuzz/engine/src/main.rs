//! Gives what libFuzzer makes to one target: that of the variable `ESCALATOR_FUZZ_TARGET`.
#![no_main]

use std::{env, sync::LazyLock};

use escalator_fuzz::Target;

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = env::var("ESCALATOR_FUZZ_TARGET").unwrap_or_default();
    escalator_fuzz::target(&name).unwrap_or_else(|| panic!("ESCALATOR_FUZZ_TARGET={name} is no target"))
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| (TARGET.run)(input));
