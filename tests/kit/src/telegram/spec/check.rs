//! Holding values against the specification's types.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Field, Problem, Shape, Spec};
use crate::telegram::params::Params;

/// The form of a reference from a parameter to an upload.
const ATTACH: &str = "attach://";

/// How the specification writes a list.
const ARRAY: &str = "Array of ";

pub(crate) struct Checker<'a> {
    spec: &'a Spec,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(spec: &'a Spec) -> Self {
        Self { spec }
    }

    /// Everything that is wrong with a call's parameters.
    pub(crate) fn call(&self, method: &Shape, params: &Params) -> Vec<Problem> {
        let mut problems = Vec::new();
        for field in &method.fields {
            match params.get(&field.name) {
                Some(value) => problems.extend(self.parameter(&field.types, value, &field.name)),
                None if params.upload(&field.name).is_some() => {
                    problems.extend(no_file_wanted(field));
                }
                None if field.required => {
                    problems.push(Problem::new(&field.name, "is required"));
                }
                None => {}
            }
        }
        let unknown = params
            .names()
            .filter(|name| !method.fields.iter().any(|field| field.name == *name));
        problems.extend(unknown.map(|name| Problem::new(name, "is no parameter of this method")));
        problems.extend(attachments(method, params));
        problems
    }

    /// A parameter may be text that has to be read as the type: forms know nothing else, and the
    /// real server takes it in JSON too.
    fn parameter(&self, types: &[String], value: &Value, at: &str) -> Vec<Problem> {
        let Value::String(text) = value else {
            return self.value(types, value, at);
        };
        if types.iter().any(|kind| kind == "String" || kind == "InputFile") {
            return Vec::new();
        }
        match serde_json::from_str::<Value>(text) {
            Ok(parsed) => self.value(types, &parsed, at),
            Err(_) => vec![mismatch(types, at)],
        }
    }

    /// Everything that is wrong with a value that may be of any of the types.
    pub(crate) fn value(&self, types: &[String], value: &Value, at: &str) -> Vec<Problem> {
        if let (Some(elements), Value::Array(items)) = (elements(types), value) {
            return self.items(&elements, items, at);
        }
        let mut nearest: Option<Vec<Problem>> = None;
        for kind in types {
            let problems = self.one(kind, value, at);
            if problems.is_empty() {
                return problems;
            }
            let nearer = nearest.as_ref().is_none_or(|nearest| problems.len() < nearest.len());
            if nearer {
                nearest = Some(problems);
            }
        }
        match nearest {
            Some(problems) if types.len() == 1 => problems,
            // What is wrong deep inside says more than "none of these".
            Some(problems) if problems.iter().all(|problem| problem.field != at) => problems,
            _ => vec![mismatch(types, at)],
        }
    }

    fn one(&self, kind: &str, value: &Value, at: &str) -> Vec<Problem> {
        let fits = match kind {
            "Integer" => value.is_i64() || value.is_u64(),
            "Float" => value.is_number(),
            "Boolean" => value.is_boolean(),
            "String" | "InputFile" => value.is_string(),
            _ if kind.starts_with(ARRAY) => match value {
                Value::Array(_) => return self.value(&[kind.to_owned()], value, at),
                _ => false,
            },
            _ => return self.named(kind, value, at),
        };
        if fits {
            return Vec::new();
        }
        vec![mismatch(&[kind.to_owned()], at)]
    }

    fn items(&self, types: &[String], items: &[Value], at: &str) -> Vec<Problem> {
        let items = items.iter().enumerate();
        items
            .flat_map(|(place, item)| self.value(types, item, &format!("{at}[{place}]")))
            .collect()
    }

    fn named(&self, name: &str, value: &Value, at: &str) -> Vec<Problem> {
        let Some(shape) = self.spec.types.get(name) else {
            return vec![Problem::new(at, format!("is of the unknown type {name}"))];
        };
        if !shape.subtypes.is_empty() {
            return self.value(&shape.subtypes, value, at);
        }
        match value {
            Value::Object(fields) => self.object(shape, fields, at),
            _ => vec![mismatch(&[name.to_owned()], at)],
        }
    }

    fn object(&self, shape: &Shape, object: &Map<String, Value>, at: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        for field in &shape.fields {
            let path = format!("{at}.{}", field.name);
            match object.get(&field.name).filter(|value| !value.is_null()) {
                Some(value) => problems.extend(self.value(&field.types, value, &path)),
                None if field.required => problems.push(Problem::new(path, "is required")),
                None => {}
            }
        }
        let unknown = object
            .keys()
            .filter(|key| !shape.fields.iter().any(|field| field.name == **key));
        problems.extend(unknown.map(|key| Problem::new(format!("{at}.{key}"), "is no field of this type")));
        problems
    }
}

/// The element types of a list, where all that is allowed is lists: an album mixes its elements,
/// so each is held against all of them.
fn elements(types: &[String]) -> Option<Vec<String>> {
    let element = |kind: &String| kind.strip_prefix(ARRAY).map(str::to_owned);
    types.iter().map(element).collect()
}

fn mismatch(types: &[String], at: &str) -> Problem {
    Problem::new(at, format!("is not {}", types.join(" or ")))
}

fn no_file_wanted(field: &Field) -> Option<Problem> {
    let wanted = field.types.iter().any(|kind| kind == "InputFile");
    (!wanted).then(|| Problem::new(&field.name, "is a file where none is taken"))
}

/// Each `attach://` must name an upload, and each upload must be named.
fn attachments(method: &Shape, params: &Params) -> Vec<Problem> {
    let mut named = BTreeSet::new();
    for name in params.names() {
        if let Some(value) = params.get(name) {
            collect(value, &mut named);
        }
        if let Some(nested) = params.json(name) {
            collect(&nested, &mut named);
        }
    }
    let field = |name: &str| method.fields.iter().any(|field| field.name == name);
    let lost = named
        .iter()
        .filter(|name| params.upload(name).is_none())
        .map(|name| Problem::new(name.as_str(), "is attached but was not uploaded"));
    let idle = params
        .uploads()
        .filter(|(name, _)| !named.contains(*name) && !field(name))
        .map(|(name, _)| Problem::new(name, "was uploaded but is not attached"));
    lost.chain(idle).collect()
}

fn collect(value: &Value, named: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            named.extend(text.strip_prefix(ATTACH).map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, named)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, named)),
        _ => {}
    }
}
