//! Holding requests against the specification's schemas.

use serde_json::{Map, Value, json};

use super::{Problem, Spec};
use crate::discord::body::Content;

/// The most files of a request.
const FILES_MAX: usize = 10;

pub(crate) struct Checker<'a> {
    spec: &'a Spec,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(spec: &'a Spec) -> Self {
        Self { spec }
    }

    /// Everything that is wrong with a call's query, body and files.
    pub(crate) fn call(
        &self,
        operation: &Value,
        shared: Option<&Value>,
        query: &[(String, String)],
        content: &Content,
    ) -> Vec<Problem> {
        let parameters = [shared, operation.get("parameters")];
        let parameters: Vec<_> = parameters
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .collect();
        let mut problems = self.query(&parameters, query);
        problems.extend(self.body(&operation["requestBody"], content));
        problems.extend(files(operation, content));
        problems
    }

    fn query(&self, parameters: &[&Value], query: &[(String, String)]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, value) in query {
            let known = parameters
                .iter()
                .find(|known| known["in"] == "query" && known["name"] == name.as_str());
            match known {
                Some(known) => problems.extend(self.written(&known["schema"], value, name)),
                None => problems.push(Problem::new(name, "is no parameter of this address")),
            }
        }
        let missing = parameters.iter().filter(|known| {
            let name = known["name"].as_str().unwrap_or_default();
            known["in"] == "query" && known["required"] == true && query.iter().all(|(key, _)| key != name)
        });
        problems.extend(missing.filter_map(|known| Some(Problem::new(known["name"].as_str()?, "is required"))));
        problems
    }

    /// A query knows text alone, so a value may be read as a number or a flag.
    fn written(&self, schema: &Value, value: &str, at: &str) -> Vec<Problem> {
        let text = self.value(schema, &json!(value), at);
        match serde_json::from_str::<Value>(value) {
            Ok(read) if !text.is_empty() => self.value(schema, &read, at),
            _ => text,
        }
    }

    fn body(&self, wanted: &Value, content: &Content) -> Vec<Problem> {
        let kinds = &wanted["content"];
        let schema = [
            &kinds["application/json"]["schema"],
            &kinds["multipart/form-data"]["schema"],
        ];
        let schema = schema.into_iter().find(|schema| !schema.is_null());
        match (schema, content.body.is_null()) {
            (Some(schema), false) => self.value(schema, &content.body, ""),
            (Some(_), true) if wanted["required"] == true && content.uploads.is_empty() => {
                vec![Problem::new("", "a body is required")]
            }
            // An empty object is what many clients send where nothing is wanted.
            (None, false) if content.body != json!({}) => vec![Problem::new("", "a body is sent where none is taken")],
            _ => Vec::new(),
        }
    }

    /// Everything that is wrong with a value.
    pub(crate) fn value(&self, schema: &Value, value: &Value, at: &str) -> Vec<Problem> {
        if let Some(reference) = schema["$ref"].as_str() {
            return match self.spec.schema(reference) {
                Some(schema) => self.value(schema, value, at),
                None => vec![Problem::new(at, "is of an unknown type")],
            };
        }
        if let Some(choices) = choices(schema) {
            return self.choice(choices, value, at);
        }
        let mut problems = self.typed(schema, value, at);
        if problems.is_empty() {
            let parts = schema["allOf"].as_array().into_iter().flatten();
            problems.extend(parts.flat_map(|part| self.value(part, value, at)));
        }
        problems
    }

    fn choice(&self, choices: &[Value], value: &Value, at: &str) -> Vec<Problem> {
        let mut nearest: Option<Vec<Problem>> = None;
        for choice in choices {
            let problems = self.value(choice, value, at);
            if problems.is_empty() {
                return problems;
            }
            let kind = json_path(at, "type");
            let deep = |problems: &Vec<Problem>| {
                problems
                    .iter()
                    .all(|problem| problem.field != at && problem.field != kind)
            };
            // What is wrong deep inside the right kind says more than "none of these".
            let nearer = nearest.as_ref().is_none_or(|nearest| problems.len() < nearest.len());
            if deep(&problems) && nearer {
                nearest = Some(problems);
            }
        }
        nearest.unwrap_or_else(|| vec![Problem::new(at, "is none of the kinds that are taken")])
    }

    fn typed(&self, schema: &Value, value: &Value, at: &str) -> Vec<Problem> {
        let one = |problem: &str| vec![Problem::new(at, problem)];
        if schema.get("const").is_some_and(|wanted| wanted != value)
            || schema["enum"].as_array().is_some_and(|wanted| !wanted.contains(value))
        {
            return one("is not one of the values that are taken");
        }
        if schema["format"] == "snowflake" {
            let digits = value.as_str().is_some_and(|text| text.parse::<u64>().is_ok());
            return if digits || value.is_u64() {
                Vec::new()
            } else {
                one("is not a snowflake")
            };
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => return Vec::new(),
        };
        if !kinds.iter().any(|kind| is_a(kind, value)) {
            return vec![Problem::new(at, format!("is not {}", kinds.join(" or ")))];
        }
        match value {
            Value::Object(fields) => self.object(schema, fields, at),
            Value::Array(items) => {
                let mut problems = beyond(schema, items.len(), "Items", at);
                let items = items.iter().enumerate();
                problems.extend(
                    items.flat_map(|(place, item)| self.value(&schema["items"], item, &format!("{at}[{place}]"))),
                );
                problems
            }
            Value::String(text) => beyond(schema, text.chars().count(), "Length", at),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                let below = schema["minimum"].as_f64().is_some_and(|least| number < least);
                let above = schema["maximum"].as_f64().is_some_and(|most| number > most);
                if below || above {
                    one("is out of its range")
                } else {
                    Vec::new()
                }
            }
            _ => Vec::new(),
        }
    }

    fn object(&self, schema: &Value, object: &Map<String, Value>, at: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let required = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let missing = required.filter(|field| !object.contains_key(*field));
        problems.extend(missing.map(|field| Problem::new(json_path(at, field), "is required")));
        let more = &schema["additionalProperties"];
        for (field, value) in object {
            let path = json_path(at, field);
            match schema["properties"].get(field) {
                Some(schema) => problems.extend(self.value(schema, value, &path)),
                None if more.is_object() => problems.extend(self.value(more, value, &path)),
                None if says_nothing(value) => {}
                None => problems.push(Problem::new(path, "is no field of this type")),
            }
        }
        problems
    }
}

fn choices(schema: &Value) -> Option<&[Value]> {
    let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    choices.map(Vec::as_slice)
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// A length or a count that is out of its bounds.
fn beyond(schema: &Value, count: usize, what: &str, at: &str) -> Vec<Problem> {
    let bound = |side: &str| schema[format!("{side}{what}")].as_u64();
    let count = count as u64;
    if bound("max").is_some_and(|most| count > most) {
        return vec![Problem::new(at, "is too long")];
    }
    if bound("min").is_some_and(|least| count < least) {
        return vec![Problem::new(at, "is too short")];
    }
    Vec::new()
}

/// Each file stands in a field `files[n]` of a form that takes files.
fn files(operation: &Value, content: &Content) -> Vec<Problem> {
    let takes = !operation["requestBody"]["content"]["multipart/form-data"].is_null();
    let named = |field: &str| (0..FILES_MAX).any(|number| field == format!("files[{number}]"));
    let uploads = content.uploads.iter().filter(|upload| !takes || !named(&upload.field));
    uploads
        .map(|upload| Problem::new(&upload.field, "is a file where none is taken"))
        .collect()
}

/// Clients write whole structures out, with nothing in the fields that do not apply; Discord passes
/// over them.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn json_path(at: &str, field: &str) -> String {
    if at.is_empty() {
        field.to_owned()
    } else {
        format!("{at}.{field}")
    }
}
