//! Everything that CI runs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{checks, dependencies, msrv, package, programs, test, tree};
use crate::workspace::Workspace;

/// Enough kills to visit every site of both platforms once, and most of them twice.
const CRASH: &[&str] = &["--platform", "both", "--points", "300", "--jobs", "6", "--seed", "1"];

type Step = (&'static str, fn(&Workspace) -> Result<()>);

/// Cheap first. Tools that have to be built come before the long steps, so that a missing licence is not found late.
const STEPS: &[Step] = &[
    ("fmt", |workspace| checks::format(workspace, false)),
    ("tree", tree::check),
    ("msrv", msrv::check),
    ("unused", dependencies::unused),
    ("typos", checks::typos),
    ("deny", dependencies::deny),
    ("lint", checks::lint),
    ("test", |workspace| test::all(workspace, &[])),
    ("docs", checks::pages),
    ("features", dependencies::features),
    ("browser", test::browser),
    ("crash", |workspace| programs::crash_as_a_step(workspace, CRASH)),
    ("package", |workspace| {
        package::pack(workspace, &package::Options::STRICT)
    }),
];

/// Runs the steps in order and stops at the first that fails. The table of their times is printed in any case.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut times = Vec::new();
    let result = STEPS.iter().try_for_each(|step| timed(step, workspace, &mut times));
    print_table(&times, result.is_ok());
    result
}

fn timed((name, action): &Step, workspace: &Workspace, times: &mut Vec<(&str, Duration)>) -> Result<()> {
    println!("\n== {name}");
    let start = Instant::now();
    let result = action(workspace);
    times.push((name, start.elapsed()));
    result.with_context(|| format!("step {name}"))
}

fn print_table(times: &[(&str, Duration)], all_passed: bool) {
    println!("\nstep        seconds");
    for (place, (name, time)) in times.iter().enumerate() {
        let verdict = if all_passed || place + 1 < times.len() {
            ""
        } else {
            "  failed"
        };
        println!("{name:<10} {:>8.1}{verdict}", time.as_secs_f64());
    }
    for (name, _) in &STEPS[times.len()..] {
        println!("{name:<10}        -  not run");
    }
}
