//! Statements over many rows at once, and several of them sent as one.
//!
//! Rows are bound as `VALUES (?, ?), …`: measured, that is half the cost of handing them over as one JSON array. The
//! number of rows in a statement is always a power of two, so that a few texts serve every batch and each is prepared
//! once; what is missing to it is filled up, since a second statement costs more than empty rows. The statements of a
//! batch go to the thread of their connection as one text: each trip there and back costs two switches between threads.

use std::borrow::Cow;

use sqlx::{
    Arguments, AssertSqlSafe, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::failure::failed;
use crate::store::StoreError;

/// How many rows one statement takes at the most. With 14 columns it stays far below SQLite's 32,766 parameters.
const ROWS_MAX: usize = 128;

/// How many prepared texts a connection keeps. A long one takes about 100 KiB.
pub(super) const STATEMENTS_MAX: usize = 64;

/// What is bound to a parameter.
#[derive(Clone)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// Statements that are sent as one, and run in their order. When one fails, those behind it are not run.
pub(super) struct Script {
    parts: Vec<Part>,
    /// How many rows each statement has places for, at the least: alike in all of them, so that there are few texts.
    places: usize,
}

#[derive(Default)]
struct Part {
    sql: String,
    arguments: SqliteArguments,
    /// Whether it is one statement of as many rows as one takes.
    is_whole: bool,
}

impl Script {
    /// A script whose longest statement is of so many rows.
    pub(super) fn new(rows_max: usize) -> Self {
        Self {
            parts: vec![Part::default()],
            places: filled(rows_max).1,
        }
    }

    /// Adds a statement.
    pub(super) fn run(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.part().add([sql], values);
    }

    /// Adds rows to a table: `{insert} SELECT … {conflict}`. The first column is never null: a row in which it is fills
    /// the statement up, and is left out.
    pub(super) fn insert<const COLUMNS: usize>(&mut self, insert: &str, rows: Vec<[Value; COLUMNS]>, conflict: &str) {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let (count, places) = self.room(rows.len());
            let marks = marks(places, COLUMNS);
            let text = [
                insert,
                " SELECT * FROM (VALUES ",
                &marks,
                ") WHERE column1 IS NOT NULL ",
                conflict,
            ];
            let filling = std::iter::repeat_n(Value::Null, (places - count) * COLUMNS);
            let values = rows.by_ref().take(count).flatten().chain(filling);
            self.part().add(text, values);
        }
    }

    /// Changes what the given rows name: `WITH given (…) AS (VALUES …) {change}`. The last row may be given several times.
    pub(super) fn change<const COLUMNS: usize>(&mut self, given: Given<COLUMNS>, change: &str) {
        let Given { columns, mut rows } = given;
        while let Some(last) = rows.last().cloned() {
            let (count, places) = self.room(rows.len());
            let later = rows.split_off(count);
            let last = rows.last().cloned().unwrap_or(last);
            let marks = marks(places, COLUMNS);
            let text = ["WITH given (", columns, ") AS (VALUES ", &marks, ") ", change];
            let filling = std::iter::repeat_n(last, places - count);
            let values = std::mem::replace(&mut rows, later).into_iter().chain(filling).flatten();
            self.part().add(text, values);
        }
    }

    /// Runs it.
    pub(super) async fn execute(self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        for Part { sql, arguments, .. } in self.parts {
            if !sql.is_empty() {
                let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
                query.execute(&mut *connection).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    /// How many of so many rows the next statement takes, and how many it has places for. What is too long for one gets
    /// texts of its own, always the same.
    fn room(&mut self, rows: usize) -> (usize, usize) {
        let (count, places) = filled(rows);
        let is_whole = rows > ROWS_MAX;
        let after_whole = self.parts.last().is_some_and(|part| part.is_whole);
        if (is_whole && !self.part().sql.is_empty()) || after_whole {
            self.parts.push(Part::default());
        }
        self.part().is_whole = is_whole;
        (count, places.max(self.places))
    }

    fn part(&mut self) -> &mut Part {
        self.parts
            .last_mut()
            .expect("there is always one, and none is taken away")
    }
}

impl Part {
    fn add<const WORDS: usize>(&mut self, text: [&str; WORDS], values: impl IntoIterator<Item = Value>) {
        for words in text {
            self.sql.push_str(words);
        }
        self.sql.push(';');
        for value in values {
            let added = match value {
                Value::Null => self.arguments.add(None::<i64>),
                Value::Integer(number) => self.arguments.add(number),
                Value::Text(text) => self.arguments.add(text),
                Value::Blob(bytes) => self.arguments.add(bytes),
            };
            added.expect("numbers, texts and bytes are taken as they are");
        }
    }
}

/// Reads what the given rows name: `WITH given (…) AS (VALUES …) {select}`. The last row may be given several times.
pub(super) async fn select<const COLUMNS: usize>(
    connection: &mut SqliteConnection,
    given: Given<COLUMNS>,
    select: &str,
) -> Result<Vec<SqliteRow>, StoreError> {
    let mut found = Vec::new();
    for (sql, values) in given.statements(select) {
        found.extend(bound(sql, values).fetch_all(&mut *connection).await.map_err(failed)?);
    }
    Ok(found)
}

/// Does one thing, and tells how many rows it changed.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    sql: &'static str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, StoreError> {
    let done = bound(sql, values).execute(connection).await.map_err(failed)?;
    Ok(done.rows_affected())
}

/// Reads what one statement finds.
pub(super) async fn fetch(
    connection: &mut SqliteConnection,
    sql: &'static str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<SqliteRow>, StoreError> {
    bound(sql, values).fetch_all(connection).await.map_err(failed)
}

/// Rows that a statement reads as the table `given`.
pub(super) struct Given<const COLUMNS: usize> {
    pub(super) columns: &'static str,
    pub(super) rows: Vec<[Value; COLUMNS]>,
}

impl<const COLUMNS: usize> Given<COLUMNS> {
    /// As few statements as possible: what is missing to a power of two is filled with the last row.
    fn statements(self, statement: &str) -> Vec<(String, Vec<Value>)> {
        let text = |rows: &[[Value; COLUMNS]]| {
            let count = rows.len().next_power_of_two();
            let filled = rows
                .iter()
                .chain(std::iter::repeat_n(&rows[rows.len() - 1], count - rows.len()));
            let (columns, marks) = (self.columns, marks(count, COLUMNS));
            let sql = format!("WITH given ({columns}) AS (VALUES {marks}) {statement}");
            (sql, filled.flatten().cloned().collect())
        };
        self.rows.chunks(ROWS_MAX).map(text).collect()
    }
}

/// The texts that are made here are of nothing but constants and question marks.
fn bound<'q>(
    sql: impl Into<Cow<'static, str>>,
    values: impl IntoIterator<Item = Value>,
) -> Query<'q, Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(sql.into()));
    values.into_iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Blob(bytes) => query.bind(bytes),
    })
}

/// How many of so many rows the next statement takes, and how many it has places for: a power of two.
fn filled(rows: usize) -> (usize, usize) {
    let count = rows.min(ROWS_MAX);
    (count, count.next_power_of_two())
}

/// `(?,?),(?,?)`
fn marks(rows: usize, columns: usize) -> String {
    let row = format!("({}?),", "?,".repeat(columns - 1));
    let mut marks = row.repeat(rows);
    marks.pop();
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_powers_of_two_of_places() {
        for (rows, expected) in [
            (1, (1, 1)),
            (2, (2, 2)),
            (3, (3, 4)),
            (100, (100, 128)),
            (500, (128, 128)),
        ] {
            assert_eq!(filled(rows), expected, "{rows}");
        }
        assert_eq!(marks(2, 3), "(?,?,?),(?,?,?)");
    }

    #[test]
    fn given_rows_are_filled_up_with_the_last() {
        let given = Given {
            columns: "a",
            rows: (0..131).map(|n| [Value::Integer(n)]).collect(),
        };
        let counts: Vec<usize> = given
            .statements("SELECT a")
            .iter()
            .map(|(_, values)| values.len())
            .collect();
        assert_eq!(counts, [128, 4]);
    }
}
