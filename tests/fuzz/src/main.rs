//! `escalator-fuzz list`, `escalator-fuzz seeds TARGET FOLDER`, `escalator-fuzz run TARGET FILE…`: the names of the targets
//! and the longest input of each; writes what a fuzzer begins with; takes inputs as a test does.

use std::{env, error::Error, fs, path::Path};

use escalator_fuzz::{TARGETS, Target, target};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["list"] => {
            for target in TARGETS {
                println!("{} {}", target.name, target.bytes_max);
            }
        }
        ["seeds", name, folder] => write_seeds(named(name)?, Path::new(folder))?,
        ["run", name, files @ ..] => {
            let target = named(name)?;
            for file in files {
                println!("{file}");
                (target.run)(&fs::read(file)?);
            }
        }
        _ => return Err("use: list | seeds TARGET FOLDER | run TARGET FILE…".into()),
    }
    Ok(())
}

fn named(name: &str) -> Result<&'static Target, String> {
    target(name).ok_or_else(|| format!("there is no target {name}"))
}

fn write_seeds(target: &Target, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for (number, seed) in (target.seeds)().iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:03}")), seed)?;
    }
    Ok(())
}
