//! Reads the source files of a crate and knows the module of each.

use std::{fs, path::Path};

use syn::Item;

use super::sight;

/// A parsed file.
pub(super) struct SourceFile {
    /// Its path below the source folder, for messages.
    pub(super) name: String,
    /// Its module, from the crate root; empty for the root itself.
    pub(super) module: Vec<String>,
    pub(super) syntax: syn::File,
}

impl SourceFile {
    /// Parses `text` as the file of `module`.
    pub(super) fn parse(name: &str, module: Vec<String>, text: &str) -> Self {
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{name} does not parse: {error}"));
        Self {
            name: name.to_owned(),
            module,
            syntax,
        }
    }

    /// The files that this one declares for test builds only, as modules.
    fn test_modules(&self) -> impl Iterator<Item = Vec<String>> {
        self.syntax.items.iter().filter_map(|item| match item {
            Item::Mod(child) if sight::test_only(&child.attrs) => {
                Some([self.module.as_slice(), &[child.ident.to_string()]].concat())
            }
            _ => None,
        })
    }
}

/// Every file under `root` but those of test-only modules.
pub(super) fn read_all(root: &Path) -> Vec<SourceFile> {
    let mut files = Vec::new();
    read_folder(root, &[], &mut files);
    let exempt: Vec<Vec<String>> = files.iter().flat_map(SourceFile::test_modules).collect();
    files.retain(|file| !exempt.iter().any(|module| file.module.starts_with(module)));
    files
}

fn read_folder(folder: &Path, module: &[String], files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("a source folder is readable") {
        let path = entry.expect("a source folder is readable").path();
        let stem = path
            .file_stem()
            .expect("an entry has a name")
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            read_folder(&path, &[module, &[stem]].concat(), files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let own = if matches!(stem.as_str(), "lib" | "mod") {
                module.to_vec()
            } else {
                [module, &[stem]].concat()
            };
            let text = fs::read_to_string(&path).expect("a source file is readable");
            files.push(SourceFile::parse(&path.display().to_string(), own, &text));
        }
    }
}
