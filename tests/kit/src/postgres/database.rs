use std::fmt;

use uuid::Uuid;

use super::{access::Access, error::PostgresError, server::Server};

/// A fresh, empty database, which is dropped together with this handle.
pub struct Database {
    name: String,
    url: String,
    access: Access,
    /// Where the server is private: it runs as long as the database is used.
    server: Option<Server>,
}

impl Database {
    pub(super) fn create(access: Access, server: Option<Server>) -> Result<Self, PostgresError> {
        let name = format!("escalator_test_{}", Uuid::new_v4().simple());
        // No one is connected to `template0`, ever; `template1` may be in use, and then is not copied.
        access.psql(None, &[&format!("CREATE DATABASE {name} TEMPLATE template0")])?;
        Ok(Self {
            url: access.url_of(&name),
            name,
            access,
            server,
        })
    }

    /// The address, with the password: `postgres://user:password@127.0.0.1:port/name`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The private server that it is in; `None` where `DATABASE_URL` names another.
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// Carries statements out, each for itself, and returns what they answer: a line a row, fields apart by `|`.
    ///
    /// # Errors
    /// The first statement that fails; those before it stay done.
    pub fn run(&self, statements: &[&str]) -> Result<String, PostgresError> {
        self.access.psql(Some(&self.name), statements)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.server.as_ref().is_some_and(|server| !server.answers()) {
            // It goes with its server.
            return;
        }
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Err(error) = self.access.psql(None, &[&drop]) {
            tracing::warn!(%error, database = self.name, "a test's database stays behind");
        }
    }
}

/// Without the password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
