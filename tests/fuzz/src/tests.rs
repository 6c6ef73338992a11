//! The targets as tests: what each begins with, what once broke something, and a few made inputs.

use std::{fs, panic, path::Path};

use super::*;

/// How many inputs are made for each target.
const MADE: usize = 400;

#[test]
fn every_seed_keeps_the_promises() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} begins with nothing", target.name);
        for seed in seeds {
            assert!(seed.len() <= target.bytes_max, "a seed of {} is too long", target.name);
            take(&target, &seed, "a seed");
        }
    }
}

#[test]
fn what_was_found_stays_mended() {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("found");
    for folder in fs::read_dir(found).expect("the folder is there") {
        let folder = folder.expect("a folder is readable").path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let target = target(&name).unwrap_or_else(|| panic!("{name} is no target"));
        for file in fs::read_dir(&folder).expect("a folder is readable") {
            let file = file.expect("a folder is readable").path();
            let input = fs::read(&file).expect("a file is readable");
            take(target, &input, &file.display().to_string());
        }
    }
}

#[test]
fn made_inputs_keep_the_promises() {
    for target in TARGETS {
        let mut random = fastrand::Rng::with_seed(1);
        let seeds = (target.seeds)();
        for number in 0..MADE {
            let input = made(&seeds, &mut random);
            take(&target, &input, &format!("made input {number}"));
        }
    }
}

/// Takes an input, and says which one it was when a promise is broken.
fn take(target: &Target, input: &[u8], what: &str) {
    let kept = panic::catch_unwind(|| (target.run)(input));
    assert!(
        kept.is_ok(),
        "{} breaks on {what}: {}",
        target.name,
        input.escape_ascii()
    );
}

/// A seed with some bytes changed, or bytes that nobody chose.
fn made(seeds: &[Vec<u8>], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut input = seeds[random.usize(..seeds.len())].clone();
    if input.is_empty() || random.u8(..4) == 0 {
        return (0..random.usize(..300)).map(|_| random.u8(..)).collect();
    }
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..input.len());
        match random.u8(..3) {
            0 => input[at] = random.u8(..),
            1 => input.insert(at, random.u8(32..127)),
            _ if input.len() > 1 => drop(input.remove(at)),
            _ => {}
        }
    }
    input
}
