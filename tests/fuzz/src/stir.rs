//! Makes documents of documents: a fuzzer that changes bytes of JSON mostly breaks it.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value, json};

/// How many parts of a document are changed at most.
const CHANGES_MAX: usize = 6;

/// One of the documents, with some of its parts exchanged for others' parts, left out, or added.
pub(crate) fn stirred(documents: &[Value], input: &mut Unstructured<'_>) -> Result<Value> {
    let mut document = input.choose(documents)?.clone();
    for _ in 0..input.int_in_range(0..=CHANGES_MAX)? {
        let donated = part(input.choose(documents)?, input)?;
        let place = place(&mut document, input)?;
        change(place, donated, input)?;
    }
    Ok(document)
}

fn change(place: &mut Value, donated: &Value, input: &mut Unstructured<'_>) -> Result<()> {
    match (input.int_in_range(0..=4)?, place) {
        (0, place) => *place = donated.clone(),
        (1, Value::Object(fields)) => remove(fields, input)?,
        (2, Value::Object(fields)) => add(fields, donated),
        (3, Value::Array(items)) => items.push(donated.clone()),
        (_, place) => *place = odd(input)?,
    }
    Ok(())
}

fn remove(fields: &mut Map<String, Value>, input: &mut Unstructured<'_>) -> Result<()> {
    if !fields.is_empty() {
        let at = input.choose_index(fields.len())?;
        let name = fields.keys().nth(at).cloned().unwrap_or_default();
        fields.remove(&name);
    }
    Ok(())
}

fn add(fields: &mut Map<String, Value>, donated: &Value) {
    let donated = donated.as_object().into_iter().flatten();
    for (name, value) in donated {
        fields.entry(name).or_insert_with(|| value.clone());
    }
}

/// What no corpus has.
fn odd(input: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match input.int_in_range(0..=9)? {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(input.arbitrary::<u8>()?),
        3 => json!(input.arbitrary::<i64>()?),
        4 => json!(u64::MAX),
        5 => json!(1e300),
        6 => json!([]),
        7 => json!({}),
        8 => json!(input.arbitrary::<i64>()?.to_string()),
        _ => json!(input.arbitrary::<String>()?),
    })
}

fn part<'v>(document: &'v Value, input: &mut Unstructured<'_>) -> Result<&'v Value> {
    let mut at = document;
    while size(at) > 0 && input.ratio(4_u8, 5_u8)? {
        let index = input.choose_index(size(at))?;
        at = match at {
            Value::Object(fields) => fields.values().nth(index).expect("it is one of them"),
            Value::Array(items) => &items[index],
            _ => unreachable!("nothing else has a size"),
        };
    }
    Ok(at)
}

fn place<'v>(document: &'v mut Value, input: &mut Unstructured<'_>) -> Result<&'v mut Value> {
    let mut at = document;
    while size(at) > 0 && input.ratio(4_u8, 5_u8)? {
        let index = input.choose_index(size(at))?;
        at = match at {
            Value::Object(fields) => fields.values_mut().nth(index).expect("it is one of them"),
            Value::Array(items) => &mut items[index],
            _ => unreachable!("nothing else has a size"),
        };
    }
    Ok(at)
}

fn size(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.len(),
        Value::Array(items) => items.len(),
        _ => 0,
    }
}
