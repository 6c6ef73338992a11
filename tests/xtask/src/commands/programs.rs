//! Programs of this workspace. Each is built first, its progress on standard error, and then takes this process's place:
//! standard input and output, signals and the exit code are its own.

use anyhow::Result;

use crate::{process, system, workspace::Workspace};

/// A binary of a member.
struct Program<'a> {
    package: &'a str,
    /// Left out where the package has one binary.
    binary: Option<&'a str>,
    /// Binaries beside it that it starts itself.
    starts: &'a [&'a str],
    release: bool,
}

const DEMO: Program = Program {
    package: "escalator-examples",
    binary: Some("demo"),
    starts: &[],
    release: false,
};
const CRASH: Program = Program {
    package: "escalator-house",
    binary: Some("crash"),
    starts: &["killable_telegram_bot", "killable_discord_bot"],
    release: false,
};
const FAULTS: Program = Program {
    package: "escalator-house",
    binary: Some("faults"),
    starts: &["killable_telegram_bot", "killable_discord_bot"],
    release: false,
};
const FLOOD: Program = Program {
    package: "escalator-house",
    binary: Some("flood"),
    starts: &["killable_telegram_bot"],
    release: false,
};
const INSTANCES: Program = Program {
    package: "escalator-house",
    binary: Some("instances"),
    starts: &["killable_telegram_bot"],
    release: false,
};
const SCREENSHOTS: Program = Program {
    package: "escalator-house",
    binary: Some("screenshots"),
    starts: &["driven_demo"],
    release: false,
};
const BENCH: Program = Program {
    package: "escalator-bench",
    binary: None,
    starts: &[],
    release: true,
};

pub(crate) fn demo(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    DEMO.become_it(workspace, arguments)
}

pub(crate) fn crash(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    CRASH.become_it(workspace, arguments)
}

pub(crate) fn faults(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    FAULTS.become_it(workspace, arguments)
}

pub(crate) fn flood(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    FLOOD.become_it(workspace, arguments)
}

pub(crate) fn instances(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    INSTANCES.become_it(workspace, arguments)
}

/// Runs the kill test to its end and comes back.
pub(crate) fn crash_as_a_step(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    CRASH.build(workspace)?;
    CRASH.run(workspace).arg("--").args(arguments).run()
}

pub(crate) fn bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    BENCH.become_it(workspace, arguments)
}

pub(crate) fn screenshots(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    system::browser_ready(&workspace.root)?;
    SCREENSHOTS.build(workspace)?;
    SCREENSHOTS
        .run(workspace)
        .arg("--quiet")
        .arg("--")
        .args(arguments)
        .run()?;
    process::cargo(&workspace.root)
        .args(["test", "--package", "escalator-house", "--test", "it", "kinds::"])
        .env("ESCALATOR_SCREENSHOTS", workspace.root.join("docs/screenshots"))
        .run()
}

impl Program<'_> {
    fn become_it(&self, workspace: &Workspace, arguments: &[String]) -> Result<()> {
        self.build(workspace)?;
        self.run(workspace).arg("--quiet").arg("--").args(arguments).become_it()
    }

    fn build(&self, workspace: &Workspace) -> Result<()> {
        let starts = self.starts.iter().flat_map(|name| ["--bin", name]);
        self.cargo(workspace, "build").args(starts).run_on_stderr()
    }

    fn run(&self, workspace: &Workspace) -> process::Run {
        self.cargo(workspace, "run")
    }

    fn cargo(&self, workspace: &Workspace, command: &str) -> process::Run {
        let binary = self.binary.map(|name| ["--bin", name]);
        process::cargo(&workspace.root)
            .args([command, "--package", self.package])
            .args(binary.into_iter().flatten())
            .args(self.release.then_some("--release"))
    }
}
