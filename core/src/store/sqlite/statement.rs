//! Statements over many rows at once.
//!
//! Rows are bound as `VALUES (?, ?), …`: measured, that is half the cost of handing them over as one JSON array. The
//! number of rows in a statement is always a power of two, so that a few texts serve every batch and each is prepared
//! once; what is missing to it is filled up, since a second statement costs more than empty rows.

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::failure::failed;
use crate::store::StoreError;

/// How many rows one statement takes at the most. With 14 columns it stays far below SQLite's 32,766 parameters.
const ROWS_MAX: usize = 128;

/// How many prepared statements a connection keeps: every text that this room can make.
pub(super) const STATEMENTS_MAX: usize = 256;

/// What is bound to a parameter.
#[derive(Clone)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// Inserts rows: `{insert} SELECT … {conflict}`. The first column is never null: a row in which it is fills the
/// statement up, and is left out.
pub(super) async fn insert<const COLUMNS: usize>(
    connection: &mut SqliteConnection,
    insert: &'static str,
    rows: Vec<[Value; COLUMNS]>,
    conflict: &'static str,
) -> Result<(), StoreError> {
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let (count, filled) = filled(rows.len());
        let marks = marks(filled, COLUMNS);
        let sql = format!("{insert} SELECT * FROM (VALUES {marks}) WHERE column1 IS NOT NULL {conflict}");
        let values = rows.by_ref().take(count).flatten();
        let filling = std::iter::repeat_n(Value::Null, (filled - count) * COLUMNS);
        bound(sql, values.chain(filling))
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// Changes what the given rows name: `WITH given (…) AS (VALUES …) {change}`. The last row may be given several times.
pub(super) async fn change<const COLUMNS: usize>(
    connection: &mut SqliteConnection,
    given: Given<COLUMNS>,
    change: &str,
) -> Result<(), StoreError> {
    for (sql, values) in given.statements(change) {
        bound(sql, values).execute(&mut *connection).await.map_err(failed)?;
    }
    Ok(())
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

/// `(?, ?), (?, ?)`
fn marks(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
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
        assert_eq!(marks(2, 3), "(?, ?, ?), (?, ?, ?)");
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
