//! The Bot API's specification, read from a file where there is one.
//!
//! The file is not part of this crate. It is found in the folder that the variable
//! `ESCALATOR_SPECS` names, or in `shared/specs` beside the workspace.

mod check;

use std::{
    collections::HashMap,
    env,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use super::params::Params;

/// The file's name in its folder.
const FILE: &str = "telegram-bot-api.json";

/// The variable that names the folder.
const VARIABLE: &str = "ESCALATOR_SPECS";

/// The methods, fields and types of the Bot API.
pub struct Spec {
    methods: HashMap<String, Method>,
    types: HashMap<String, Shape>,
}

/// Something that a request broke of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The call.
    pub call: usize,
    /// Its method.
    pub method: String,
    /// The field, with the path that leads to it; empty for the method itself.
    pub field: String,
    /// What is wrong with it; never its value.
    pub problem: String,
}

/// A specification that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file cannot be opened.
    #[error("cannot open the specification {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no specification.
    #[error("{} is not a specification of the Bot API", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// A problem at a place in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) field: String,
    pub(crate) problem: String,
}

impl Spec {
    /// Reads that file.
    ///
    /// # Errors
    /// When it is missing or is no specification.
    pub fn load(path: &Path) -> Result<Self, SpecError> {
        let text = std::fs::read_to_string(path).map_err(|source| SpecError::Open {
            path: path.to_owned(),
            source,
        })?;
        let document: Document = serde_json::from_str(&text).map_err(|source| SpecError::Parse {
            path: path.to_owned(),
            source,
        })?;
        let methods = document.methods.into_iter();
        Ok(Self {
            methods: methods
                .map(|(name, shape)| (name.to_ascii_lowercase(), Method { name, shape }))
                .collect(),
            types: document.types,
        })
    }

    /// Where the file lies on this machine, if anywhere.
    pub fn find() -> Option<PathBuf> {
        let named = env::var_os(VARIABLE).map(|folder| PathBuf::from(folder).join(FILE));
        let start = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let beside = start.iter().flat_map(|start| start.ancestors());
        named
            .into_iter()
            .chain(beside.map(|folder| folder.join("shared/specs").join(FILE)))
            .find(|path| path.is_file())
    }

    /// What is wrong with a value that should be of that type, such as `Update`.
    pub fn check_type(&self, name: &str, value: &Value) -> Vec<String> {
        let problems = check::Checker::new(self).value(&[name.to_owned()], value, name);
        problems
            .into_iter()
            .map(|problem| format!("{}: {}", problem.field, problem.problem))
            .collect()
    }

    /// The names of a type's fields; none of a type that is not there.
    pub fn fields_of(&self, name: &str) -> impl Iterator<Item = &str> {
        let shape = self.types.get(name).into_iter();
        shape.flat_map(|shape| shape.fields.iter().map(|field| field.name.as_str()))
    }

    /// The method's name as it is documented, from any case of letters.
    pub(crate) fn method_name(&self, name: &str) -> Option<&str> {
        let method = self.methods.get(&name.to_ascii_lowercase())?;
        Some(&method.name)
    }

    /// Whether the method can answer with a plain `true`.
    pub(crate) fn returns_true(&self, name: &str) -> bool {
        let method = self.methods.get(&name.to_ascii_lowercase());
        method.is_some_and(|method| method.shape.returns.iter().any(|kind| kind == "Boolean"))
    }

    /// What is wrong with a call.
    pub(crate) fn check_call(&self, method: &str, params: &Params) -> Vec<Problem> {
        match self.methods.get(&method.to_ascii_lowercase()) {
            Some(method) => check::Checker::new(self).call(&method.shape, params),
            None => vec![Problem::new("", "there is no such method")],
        }
    }
}

impl Problem {
    fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spec")
            .field("methods", &self.methods.len())
            .field("types", &self.types.len())
            .finish()
    }
}

struct Method {
    name: String,
    shape: Shape,
}

#[derive(Deserialize)]
struct Document {
    methods: HashMap<String, Shape>,
    types: HashMap<String, Shape>,
}

#[derive(Deserialize)]
struct Shape {
    fields: Vec<Field>,
    #[serde(default)]
    subtypes: Vec<String>,
    #[serde(default)]
    returns: Vec<String>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    types: Vec<String>,
    required: bool,
}
