//! Discord's OpenAPI document, read from a file where there is one.
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

use super::body::Content;

/// The file's name in its folder.
const FILE: &str = "discord-openapi.json";

/// The variable that names the folder.
const VARIABLE: &str = "ESCALATOR_SPECS";

/// Where the document's addresses begin.
const REST: &str = "/api/v10";

/// The addresses and types of Discord's REST API.
pub struct Spec {
    paths: Vec<Address>,
    schemas: HashMap<String, Value>,
}

/// Something that a request broke of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The call.
    pub call: usize,
    /// Its HTTP method.
    pub method: String,
    /// The field, with the path that leads to it; empty for the address or the body itself.
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
    #[error("{} is not a specification of Discord's API", path.display())]
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
        let paths = document.paths.into_iter().map(|(path, methods)| Address {
            parts: path.trim_start_matches(REST).split('/').map(str::to_owned).collect(),
            methods,
        });
        Ok(Self {
            paths: paths.collect(),
            schemas: document.components.schemas,
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

    /// What is wrong with a value that should be of that type, such as `MessageResponse`.
    pub fn check_type(&self, name: &str, value: &Value) -> Vec<String> {
        let schema = serde_json::json!({ "$ref": format!("#/components/schemas/{name}") });
        let problems = check::Checker::new(self).value(&schema, value, name);
        let shown = problems.into_iter();
        shown
            .map(|problem| format!("{}: {}", problem.field, problem.problem))
            .collect()
    }

    /// The names of a type's fields; none of a type that is not there.
    pub fn fields_of(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self
            .schemas
            .get(name)
            .and_then(|schema| schema["properties"].as_object());
        fields.into_iter().flat_map(|fields| fields.keys().map(String::as_str))
    }

    /// The numbers that a type can be, such as `MessageType`; none of a type that is not there.
    pub fn numbers_of(&self, name: &str) -> impl Iterator<Item = u64> {
        let choices = self.schemas.get(name).and_then(|schema| schema["oneOf"].as_array());
        choices
            .into_iter()
            .flatten()
            .filter_map(|choice| choice["const"].as_u64())
    }

    /// What is wrong with a call; the path is that behind `/api/v10`.
    pub(crate) fn check_call(
        &self,
        method: &str,
        path: &str,
        query: &[(String, String)],
        content: &Content,
    ) -> Vec<Problem> {
        let Some(address) = self.address(path) else {
            return vec![Problem::new("", "there is no such address")];
        };
        let Some(operation) = address.methods.get(&method.to_ascii_lowercase()) else {
            return vec![Problem::new("", "there is no such method at this address")];
        };
        let shared = address.methods.get("parameters");
        check::Checker::new(self).call(operation, shared, query, content)
    }

    /// The address with the fewest parts left open.
    fn address(&self, path: &str) -> Option<&Address> {
        let parts: Vec<_> = path.split('/').collect();
        let fitting = self.paths.iter().filter(|address| address.fits(&parts));
        fitting.min_by_key(|address| address.parts.iter().filter(|part| part.starts_with('{')).count())
    }

    fn schema(&self, reference: &str) -> Option<&Value> {
        self.schemas.get(reference.rsplit('/').next()?)
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
            .field("paths", &self.paths.len())
            .field("schemas", &self.schemas.len())
            .finish()
    }
}

struct Address {
    parts: Vec<String>,
    methods: HashMap<String, Value>,
}

impl Address {
    fn fits(&self, path: &[&str]) -> bool {
        let mut pairs = self.parts.iter().zip(path);
        self.parts.len() == path.len() && pairs.all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    }
}

#[derive(Deserialize)]
struct Document {
    paths: HashMap<String, HashMap<String, Value>>,
    components: Components,
}

#[derive(Deserialize)]
struct Components {
    schemas: HashMap<String, Value>,
}
