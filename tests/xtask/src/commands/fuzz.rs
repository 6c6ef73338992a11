//! Fuzzing: `tests/fuzz` has the targets, libFuzzer makes the inputs. It takes any toolchain; the counters that libFuzzer
//! wants are put in by a pass that every LLVM has.

mod progress;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use self::progress::Progress;
use crate::{process, workspace::Workspace};

/// What is put into the code to be fuzzed, for rustc.
const COUNTERS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// How long one input may take, in seconds.
const INPUT_SECS_MAX: u64 = 20;

/// How much memory a run may have, in MiB.
const MEMORY_MIB_MAX: u64 = 2_048;

#[derive(Args)]
pub(crate) struct Options {
    /// One target alone; without it each has its turn.
    target: Option<String>,
    /// How long each target is run.
    #[arg(long, value_name = "N", default_value_t = 60)]
    secs: u64,
    /// How many processes run it at once.
    #[arg(long, value_name = "N", default_value_t = 1)]
    jobs: u32,
}

/// A target, as `tests/fuzz` lists it.
struct Target {
    name: String,
    bytes_max: u64,
}

/// Runs one target, or each, and prints what came of it. What is found is kept beside the inputs.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let targets = chosen(list(workspace)?, options.target.as_deref())?;
    let engine = build(workspace)?;
    let mut rows = Vec::new();
    for target in &targets {
        rows.push((target, run_one(workspace, options, &engine, target)?));
    }
    print_table(&rows);
    let is_clean = rows.iter().all(|(_, progress)| progress.is_clean);
    ensure!(is_clean, "{HOW_TO_GO_ON}");
    Ok(())
}

const HOW_TO_GO_ON: &str = "\
something was found: `cargo run -p escalator-fuzz -- run TARGET FILE` takes the input that is named above again. Mend it, and \
keep the input in tests/fuzz/found/TARGET, where the tests take it";

fn chosen(mut targets: Vec<Target>, wanted: Option<&str>) -> Result<Vec<Target>> {
    let Some(wanted) = wanted else { return Ok(targets) };
    let names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
    targets.retain(|target| target.name == wanted);
    if targets.is_empty() {
        bail!("there is no target {wanted}; there are: {}", names.join(", "));
    }
    Ok(targets)
}

fn list(workspace: &Workspace) -> Result<Vec<Target>> {
    let text = targets(workspace).arg("list").read()?;
    let read = |line: &str| {
        let (name, bytes_max) = line.split_once(' ')?;
        Some(Target {
            name: name.to_owned(),
            bytes_max: bytes_max.parse().ok()?,
        })
    };
    let all: Option<Vec<Target>> = text.lines().map(read).collect();
    all.context("`escalator-fuzz list` prints names and lengths")
}

/// The targets' own program.
fn targets(workspace: &Workspace) -> process::Run {
    process::cargo(&workspace.root).args(["run", "--quiet", "--package", "escalator-fuzz", "--"])
}

/// Builds the targets with counters in them, in a folder of their own, with the versions of the workspace's lock file.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let host = host(workspace)?;
    let package = workspace.root.join("tests/fuzz/engine");
    fs::copy(workspace.root.join("Cargo.lock"), package.join("Cargo.lock")).context("the lock file can be copied")?;
    let folder = folder(workspace).join("build");
    // With a target named, build scripts and macros stay as they are.
    process::cargo(&workspace.root)
        .args(["build", "--release", "--target", &host, "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&folder)
        .arg("--config")
        .arg(format!("build.rustflags={COUNTERS:?}"))
        .env("CARGO_INCREMENTAL", "0")
        .run_on_stderr()?;
    Ok(folder.join(host).join("release/engine"))
}

fn host(workspace: &Workspace) -> Result<String> {
    let version = process::program("rustc", &workspace.root).arg("-vV").read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc tells its host")
}

fn run_one(workspace: &Workspace, options: &Options, engine: &Path, target: &Target) -> Result<Progress> {
    let (corpus, seeds) = (
        folder(workspace).join("corpus").join(&target.name),
        folder(workspace).join("seeds").join(&target.name),
    );
    fs::create_dir_all(&corpus).with_context(|| format!("{} can be made", corpus.display()))?;
    targets(workspace)
        .args(["seeds", &target.name])
        .arg(&seeds)
        .run_on_stderr()?;
    let found = folder(workspace).join("found").join(&target.name);
    fs::create_dir_all(&found).with_context(|| format!("{} can be made", found.display()))?;
    let mut arguments = vec![
        format!("-max_total_time={}", options.secs),
        format!("-max_len={}", target.bytes_max),
        format!("-timeout={INPUT_SECS_MAX}"),
        format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
        format!("-artifact_prefix={}/", found.display()),
        "-print_final_stats=1".to_owned(),
    ];
    if options.jobs > 1 {
        arguments.push(format!("-fork={}", options.jobs));
    }
    let mut progress = Progress::default();
    let kept = workspace.root.join("tests/fuzz/found").join(&target.name);
    let run = process::program(engine, &workspace.root)
        .args(arguments)
        .arg(&corpus)
        .arg(&seeds)
        .args(kept.is_dir().then_some(kept))
        .env("ESCALATOR_FUZZ_TARGET", &target.name);
    let start = Instant::now();
    progress.is_clean = run.run_lines_of_stderr(|line| {
        eprintln!("{line}");
        progress.read(line);
    })?;
    progress.time = start.elapsed();
    Ok(progress)
}

/// Where all that belongs to it stands, so that a later run goes on from there.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("fuzz")
}

fn print_table(rows: &[(&Target, Progress)]) {
    println!("| target | inputs | minutes | reached at first | reached in the end | found |");
    println!("|---|---:|---:|---:|---:|---|");
    for (target, progress) in rows {
        println!("| `{}` | {progress} |", target.name);
    }
}
