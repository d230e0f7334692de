//! Statements whose number of rows is known only at run time, built from constant pieces and bound values.

use sqlx::AssertSqlSafe;
use sqlx::MySqlConnection;
use sqlx::SqliteConnection;
use sqlx::mysql::MySqlQueryResult;
use sqlx::sqlite::SqliteQueryResult;

use crate::store::Result;

/// Largest number of rows in one statement; a power of two.
pub(super) const ROWS_MAX: usize = 128;

/// A value to bind.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Int(i64),
    MaybeInt(Option<i64>),
    Real(f64),
    Bool(bool),
    Text(String),
    Word(&'static str),
    MaybeText(Option<String>),
    MaybeWord(Option<&'static str>),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// SQL text and the values bound in it.
#[derive(Debug)]
pub(super) struct Statement {
    sql: String,
    values: Vec<Value>,
}

/// Binds each value of a statement to a query of either database.
macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Int(number) => query.bind(number),
                Value::MaybeInt(number) => query.bind(number),
                Value::Real(number) => query.bind(number),
                Value::Bool(flag) => query.bind(flag),
                Value::Text(text) => query.bind(text),
                Value::Word(text) => query.bind(text),
                Value::MaybeText(text) => query.bind(text),
                Value::MaybeWord(text) => query.bind(text),
            };
        }
        query
    }};
}

impl Statement {
    /// Multi-row inserts (`verb`, `into`, the values, `suffix`) for any number of rows. They come in sizes that are powers of
    /// two, so that few distinct statements are ever prepared.
    pub(super) fn inserts(
        verb: &'static str,
        into: &'static str,
        columns: usize,
        suffix: &'static str,
        rows: Vec<Vec<Value>>,
    ) -> Vec<Self> {
        let row = format!("({})", vec!["?"; columns].join(", "));
        let mut statements = Vec::new();
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let count = largest_power_of_two(rows.len()).min(ROWS_MAX);
            let sql = format!("{verb} {into} VALUES {} {suffix}", vec![row.as_str(); count].join(", "));
            statements.push(Self { sql, values: rows.by_ref().take(count).flatten().collect() });
        }
        statements
    }

    /// Selects or deletions for any number of keys: `before`, then `term` once for each key joined by `glue`, then `after`.
    /// The last key is repeated up to a power of two.
    pub(super) fn selects(
        before: &'static str,
        term: &'static str,
        glue: &'static str,
        after: &'static str,
        keys: &[Vec<Value>],
    ) -> Vec<Self> {
        keys.chunks(ROWS_MAX)
            .filter_map(|keys| {
                let last = keys.last()?;
                let count = keys.len().next_power_of_two();
                let padding = std::iter::repeat_n(last, count - keys.len());
                let values = keys.iter().chain(padding).flatten().cloned().collect();
                Some(Self { sql: format!("{before}{}{after}", vec![term; count].join(glue)), values })
            })
            .collect()
    }

    /// A statement that is constant.
    pub(super) fn plain(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql: sql.to_owned(), values }
    }

    /// How many rows an insert with this many columns holds.
    pub(super) fn rows(&self, columns: usize) -> usize {
        self.values.len() / columns
    }

    /// Executes on SQLite.
    pub(super) async fn execute_sqlite(self, connection: &mut SqliteConnection) -> Result<SqliteQueryResult> {
        let query = bound!(sqlx::query(AssertSqlSafe(self.sql)), self.values);
        Ok(query.execute(connection).await?)
    }

    /// Executes on MariaDB.
    pub(super) async fn execute_mysql(self, connection: &mut MySqlConnection) -> Result<MySqlQueryResult> {
        let query = bound!(sqlx::query(AssertSqlSafe(self.sql)), self.values);
        Ok(query.execute(connection).await?)
    }

    /// The rows of a select on SQLite.
    pub(super) async fn fetch_sqlite<T>(self, connection: &mut SqliteConnection) -> Result<Vec<T>>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
    {
        Ok(bound!(sqlx::query_as(AssertSqlSafe(self.sql)), self.values).fetch_all(connection).await?)
    }

    /// The rows of a select on MariaDB.
    pub(super) async fn fetch_mysql<T>(self, connection: &mut MySqlConnection) -> Result<Vec<T>>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::mysql::MySqlRow> + Send + Unpin,
    {
        Ok(bound!(sqlx::query_as(AssertSqlSafe(self.sql)), self.values).fetch_all(connection).await?)
    }
}

fn largest_power_of_two(number: usize) -> usize {
    1 << number.ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_needs_few_distinct_statements() {
        let rows = |count| (0..count).map(|number| vec![Value::Int(number), Value::Bool(true)]).collect();
        let sizes = |count| {
            Statement::inserts("INSERT", "INTO t (a, b)", 2, "", rows(count))
                .iter()
                .map(|s| s.rows(2))
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(0), Vec::<usize>::new());
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(7), [4, 2, 1]);
        assert_eq!(sizes(300), [128, 128, 32, 8, 4]);
    }

    #[test]
    fn keys_are_padded_with_the_last() {
        let keys: Vec<_> = (1..=3).map(|number| vec![Value::Int(number)]).collect();
        let statements = Statement::selects("SELECT a FROM t WHERE a IN (", "?", ", ", ")", &keys);
        let [statement] = statements.as_slice() else { panic!("one statement") };
        assert_eq!(statement.sql, "SELECT a FROM t WHERE a IN (?, ?, ?, ?)");
        assert!(matches!(statement.values.as_slice(), [.., Value::Int(3), Value::Int(3)]));
    }
}
