//! Runs other programs.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// A program and its arguments, run in the workspace's root.
///
/// Standard input is closed to it but for [`Run::become_it`]: nothing here waits for a person.
pub(crate) struct Run {
    command: Command,
}

/// The cargo that started this command.
pub(crate) fn cargo(root: &Path) -> Run {
    program(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")), root)
}

/// Any program.
pub(crate) fn program(name: impl AsRef<OsStr>, root: &Path) -> Run {
    let mut command = Command::new(name);
    command.current_dir(root).stdin(Stdio::null());
    for (name, _) in env::vars_os().filter(|(name, _)| speaks_of_xtask(name)) {
        command.env_remove(name);
    }
    Run { command }
}

impl Run {
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end; what it prints is printed.
    pub(crate) fn run(mut self) -> Result<()> {
        eprintln!("$ {self}");
        let status = self
            .command
            .status()
            .with_context(|| format!("`{self}` did not start"))?;
        if !status.success() {
            bail!("`{self}` failed: {status}");
        }
        Ok(())
    }

    /// Runs it to its end, with what it prints on standard output moved to standard error.
    pub(crate) fn run_on_stderr(mut self) -> Result<()> {
        self.command.stdout(std::io::stderr());
        self.run()
    }

    /// Runs it to its end, hands each line of its standard output to `each`, and says whether it succeeded.
    pub(crate) fn run_lines(mut self, mut each: impl FnMut(&str)) -> Result<bool> {
        self.command.stdout(Stdio::piped());
        let mut child = self.start()?;
        let output = child.stdout.take().expect("standard output was asked for as a pipe");
        read_lines(output, &mut each)?;
        self.ended(child)
    }

    /// The same with its standard error.
    pub(crate) fn run_lines_of_stderr(mut self, mut each: impl FnMut(&str)) -> Result<bool> {
        self.command.stderr(Stdio::piped());
        let mut child = self.start()?;
        let output = child.stderr.take().expect("standard error was asked for as a pipe");
        read_lines(output, &mut each)?;
        self.ended(child)
    }

    fn start(&mut self) -> Result<Child> {
        eprintln!("$ {self}");
        let child = self.command.spawn();
        child.with_context(|| format!("`{self}` did not start"))
    }

    fn ended(&self, mut child: Child) -> Result<bool> {
        let status = child.wait().with_context(|| format!("`{self}` cannot be waited for"))?;
        Ok(status.success())
    }

    /// Runs it silently and returns its standard output.
    pub(crate) fn read(mut self) -> Result<String> {
        let output = self
            .command
            .output()
            .with_context(|| format!("`{self}` did not start"))?;
        if !output.status.success() {
            bail!(
                "`{self}` failed: {}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{self}` prints no text"))
    }

    /// Puts it in the place of this process, so that its input, signals and exit code are its own.
    pub(crate) fn become_it(mut self) -> Result<()> {
        self.command.stdin(Stdio::inherit());
        replace(self)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Path::new(self.command.get_program()).file_name().unwrap_or_default();
        write!(out, "{}", name.display())?;
        self.command
            .get_args()
            .try_for_each(|argument| write!(out, " {}", argument.display()))
    }
}

fn read_lines(output: impl Read, each: &mut impl FnMut(&str)) -> Result<()> {
    for line in BufReader::new(output).split(b'\n') {
        each(&String::from_utf8_lossy(&line.context("its output can be read")?));
    }
    Ok(())
}

#[cfg(unix)]
fn replace(mut run: Run) -> Result<()> {
    use std::os::unix::process::CommandExt;

    let error = run.command.exec();
    Err(error).with_context(|| format!("`{run}` did not start"))
}

#[cfg(not(unix))]
fn replace(mut run: Run) -> Result<()> {
    let status = run.command.status().with_context(|| format!("`{run}` did not start"))?;
    std::process::exit(status.code().unwrap_or(1))
}

/// `cargo run` describes the package that it runs in the environment. Build scripts that watch these variables
/// would be built again at every change between this command and a plain cargo.
fn speaks_of_xtask(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || matches!(&*name, "CARGO_BIN_NAME" | "CARGO_CRATE_NAME")
}
