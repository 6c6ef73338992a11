use std::process::{Command, Stdio};

use url::{Url, form_urlencoded};

use super::{error::PostgresError, folder::last_lines, programs::Programs};

/// How long a connection may take.
const CONNECT_SECS_MAX: &str = "20";

/// How to reach a server: what to call, and as whom. It holds the password, so it has no `Debug`.
#[derive(Clone)]
pub(super) struct Access {
    programs: Programs,
    url: Url,
}

impl Access {
    pub(super) fn new(programs: Programs, url: &str) -> Result<Self, PostgresError> {
        let url = Url::parse(url).map_err(|_not_a_url| PostgresError::Address)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(PostgresError::Address);
        }
        Ok(Self { programs, url })
    }

    /// The address of one of the server's databases.
    pub(super) fn url_of(&self, database: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(database);
        url.into()
    }

    /// Carries statements out, one after the other and each for itself, in the database that the address names or in
    /// another. Returns what they answer: a line a row, fields apart by `|`.
    pub(super) fn psql(&self, database: Option<&str>, statements: &[&str]) -> Result<String, PostgresError> {
        let mut command = self.command(database);
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        command.args(["--set", "ON_ERROR_STOP=1"]);
        for statement in statements {
            command.args(["--command", statement]);
        }
        let done = command
            .stdin(Stdio::null())
            .output()
            .map_err(PostgresError::system("psql could not be started"))?;
        if !done.status.success() {
            return Err(PostgresError::Failed {
                program: "psql",
                said: last_lines(&done.stderr),
            });
        }
        Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned())
    }

    /// By the environment, which other users of the machine do not see.
    fn command(&self, database: Option<&str>) -> Command {
        let mut command = self.programs.command("psql");
        command.env("PGCONNECT_TIMEOUT", CONNECT_SECS_MAX);
        let named = |key: &str| {
            self.url
                .query_pairs()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.into_owned())
        };
        let path = decoded(self.url.path().trim_start_matches('/'));
        let parts = [
            ("PGHOST", named("host").or_else(|| self.url.host_str().map(decoded))),
            ("PGPORT", self.url.port().map(|port| port.to_string())),
            ("PGUSER", Some(decoded(self.url.username()))),
            ("PGPASSWORD", self.url.password().map(decoded)),
            ("PGSSLMODE", named("sslmode")),
            ("PGDATABASE", Some(database.map_or(path, str::to_owned))),
        ];
        for (name, value) in parts {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                command.env(name, value);
            }
        }
        command
    }
}

fn decoded(part: &str) -> String {
    // A plus is a space in a form, and itself in an address.
    let form = part.replace('+', "%2B").replace('&', "%26");
    let mut pairs = form_urlencoded::parse(form.as_bytes());
    pairs
        .next()
        .map(|(name, value)| {
            if value.is_empty() {
                name.into_owned()
            } else {
                format!("{name}={value}")
            }
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(url: &str, database: Option<&str>) -> Vec<(String, String)> {
        let programs = Programs::of_a_client().expect("psql is installed");
        let access = Access::new(programs, url).expect("it is an address");
        let command = access.command(database);
        let set = command.get_envs().filter_map(|(name, value)| {
            let name = name.to_str()?.to_owned();
            name.starts_with("PG").then_some((name, value?.to_str()?.to_owned()))
        });
        let mut set: Vec<_> = set.filter(|(name, _)| name != "PGCONNECT_TIMEOUT").collect();
        set.sort();
        set
    }

    fn pair((name, value): (&str, &str)) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn an_address_is_read_as_its_client_reads_it() {
        let whole = [
            ("PGDATABASE", "main"),
            ("PGHOST", "db.example.org"),
            ("PGPASSWORD", "a+b c=&/"),
            ("PGPORT", "5433"),
            ("PGSSLMODE", "require"),
            ("PGUSER", "me"),
        ];
        let url = "postgres://me:a+b%20c%3D%26%2F@db.example.org:5433/main?sslmode=require";
        assert_eq!(environment(url, None), whole.map(pair));
        let other = [("PGDATABASE", "other"), ("PGHOST", "/run/postgresql"), ("PGUSER", "me")];
        assert_eq!(
            environment("postgresql://me@localhost/main?host=/run/postgresql", Some("other")),
            other.map(pair)
        );
    }

    #[test]
    fn other_addresses_are_refused_without_being_shown() {
        let programs = Programs::of_a_client().expect("psql is installed");
        for url in ["", "sqlite:escalator.db", "http://me:secret@host/", "postgres"] {
            let refused = Access::new(programs.clone(), url)
                .err()
                .expect("it is no address of a PostgreSQL");
            assert!(!refused.to_string().contains("secret"), "{refused}");
        }
    }
}
