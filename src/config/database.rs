//! `storage.url`: which database, and how to reach it.

use std::path::PathBuf;

use toml::de::DeValue;

use crate::config::secret::Secret;
use crate::config::secret::mask_url;
use crate::config::value::Value;
use crate::config::value::plain_text;
use crate::config::value::quote_text;

/// Which database holds everything. Well-formed by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// The embedded one.
    Sqlite {
        /// Its file, relative to `server.data_dir`.
        file: PathBuf,
    },
    /// MariaDB, or MySQL 8.
    MySql {
        /// `mysql://` or `mariadb://`, a user, perhaps a password, a host, perhaps a port, and a database.
        url: Secret<String>,
    },
}

impl Database {
    /// Reads a URL; `None` if it is no database this program knows.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(file) = text.strip_prefix("sqlite:") {
            let file = file.strip_prefix("//").unwrap_or(file);
            return is_file(file).then(|| Self::Sqlite { file: file.into() });
        }
        let rest = text.strip_prefix("mysql://").or_else(|| text.strip_prefix("mariadb://"))?;
        let (authority, database) = rest.split_once('/')?;
        let (user, host) = authority.rsplit_once('@')?;
        let name = user.split_once(':').map_or(user, |(name, _)| name);
        let is_whole = !name.is_empty() && is_host(host) && !database.is_empty() && !database.starts_with(['?', '#']);
        // These end the part before the database, so in a password they must be percent-encoded.
        let is_encoded = !authority.contains(['?', '#', ' ']) && !user.contains('@');
        (is_whole && is_encoded).then(|| Self::MySql { url: Secret::new(text.to_owned()) })
    }

    /// The URL with its password as `***`, for people.
    pub fn display_masked(&self) -> String {
        match self {
            Self::Sqlite { file } => format!("sqlite:{}", file.display()),
            Self::MySql { url } => mask_url(url.reveal()),
        }
    }

    /// The same database with a password that was kept elsewhere.
    ///
    /// # Errors
    /// Why this database takes none.
    pub fn with_password(&self, password: &str) -> Result<Self, &'static str> {
        let url = match self {
            Self::Sqlite { .. } => return Err("the URL names a SQLite file, which has no password"),
            Self::MySql { url } => url.reveal(),
        };
        match url.split_once('@') {
            Some((user, _)) if user.matches(':').count() > 1 => Err("the URL holds a password too; keep one"),
            Some((user, host)) => {
                let url = format!("{user}:{}@{host}", percent_encode(password));
                Ok(Self::MySql { url: Secret::new(url) })
            }
            None => Err("the URL names no user"),
        }
    }
}

impl Value for Database {
    const NOUN: &'static str = "a database this program knows";
    const ALLOWED: &'static str =
        r#""sqlite:<file>" or "mysql://user@host/database", with ? # / @ in a password percent-encoded"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        Self::parse(plain_text(value)?)
    }

    fn to_toml(&self) -> String {
        quote_text(&self.display_masked())
    }
}

/// Not a database in memory, which would forget acknowledged messages, and no parameters, which are not ours.
fn is_file(file: &str) -> bool {
    !file.is_empty() && !file.ends_with('/') && !file.contains([':', '?'])
}

/// A host with an optional port that is a number.
fn is_host(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    };
    !host.is_empty() && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Everything but the unreserved characters of RFC 3986 §2.3 as `%XX`.
fn percent_encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_databases_are_understood() {
        for (text, shown) in [
            ("sqlite:bank-aicc.db", Some("sqlite:bank-aicc.db")),
            ("sqlite:///srv/bank.db", Some("sqlite:/srv/bank.db")),
            ("sqlite:/srv/은행 상담.db", Some("sqlite:/srv/은행 상담.db")),
            ("mysql://aicc@db/bank", Some("mysql://aicc@db/bank")),
            ("mysql://aicc:hunter2@db:3306/bank", Some("mysql://aicc:***@db:3306/bank")),
            ("mariadb://aicc:p%40ss@[fd00::1]:3306/bank", Some("mariadb://aicc:***@[fd00::1]:3306/bank")),
            ("mysql://aicc@[fd00::1]/bank", Some("mysql://aicc@[fd00::1]/bank")),
            ("sqlite:", None),
            ("sqlite::memory:", None),
            ("sqlite:bank.db?mode=rwc", None),
            ("sqlite:/var/lib/", None),
            ("mysql://db/bank", None),
            ("mysql://@db/bank", None),
            ("mysql://:pw@db/bank", None),
            ("mysql://aicc@/bank", None),
            ("mysql://aicc@db", None),
            ("mysql://aicc@db/", None),
            ("mysql://aicc@db:port/bank", None),
            ("mysql://aicc:a/b@db/bank", None),
            ("mysql://aicc:a@b@db/bank", None),
            ("mysql://aicc:a?b@db/bank", None),
            ("postgres://aicc@db/bank", None),
            ("bank.db", None),
            ("", None),
        ] {
            assert_eq!(Database::parse(text).map(|database| database.display_masked()).as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn a_password_is_added_percent_encoded() {
        let database = Database::parse("mysql://aicc@db:3306/bank").unwrap();
        let Ok(Database::MySql { url }) = database.with_password("p@ss/w:rd?#% 가") else { panic!("no password") };
        assert_eq!(url.reveal(), "mysql://aicc:p%40ss%2Fw%3Ard%3F%23%25%20%EA%B0%80@db:3306/bank");
        for text in ["sqlite:bank.db", "mysql://aicc:one@db/bank", "mysql://aicc:@db/bank"] {
            assert!(Database::parse(text).unwrap().with_password("two").is_err(), "{text}");
        }
    }
}
