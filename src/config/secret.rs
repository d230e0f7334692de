//! Values that must never be printed.

use std::fmt;

/// A value that prints as `***`. Only [`Secret::reveal`] shows it, so every use can be found by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one call that needs it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A URL with its password as `***`. Text that is no proper URL is masked rather too much than too little: it
/// may be one in which something was forgotten.
pub(super) fn mask_url(text: &str) -> String {
    let (text, query) = match text.split_once('?') {
        Some((before, query)) if query.to_ascii_lowercase().contains("pass") => (before, "?***"),
        Some(_) | None => (text, ""),
    };
    let start = text.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = text.split_at(start);
    let masked = match rest.rsplit_once('@') {
        Some((user, host)) => user.split_once(':').map(|(user, _)| format!("{scheme}{user}:***@{host}")),
        None if scheme.is_empty() => None,
        None => {
            let after_address = rest.rsplit_once(']').map_or(rest, |(_, after)| after);
            let (_, port) = after_address.split_once(':').unwrap_or_default();
            let after_port = port.trim_start_matches(|c: char| c.is_ascii_digit());
            let is_port = after_port.is_empty() || after_port.starts_with(['/', '?', '#']);
            rest.strip_suffix(port).filter(|_| !is_port).map(|host| format!("{scheme}{host}***"))
        }
    };
    masked.unwrap_or_else(|| text.to_owned()) + query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_url_is_masked() {
        for (text, expected) in [
            ("mysql://user:hunter2@host/db", "mysql://user:***@host/db"),
            ("mysql://user:hunter2@host:3306/db?ssl-mode=required", "mysql://user:***@host:3306/db?ssl-mode=required"),
            ("mysql://user:hunt@er/2?x@host/db", "mysql://user:***@host/db"),
            ("mysql://user@host:3306/db", "mysql://user@host:3306/db"),
            ("mysql://user:hunter2/db", "mysql://user:***"),
            ("mysql://user:hunter2", "mysql://user:***"),
            ("mysql:user:hunter2@host/db", "mysql:***@host/db"),
            ("mysql://user@host/db?Password=hunter2", "mysql://user@host/db?***"),
            ("https://chat.bank.example:8443/x", "https://chat.bank.example:8443/x"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("sqlite:bank-aicc.db", "sqlite:bank-aicc.db"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("", ""),
        ] {
            assert_eq!(mask_url(text), expected, "{text}");
        }
    }

    #[test]
    fn a_secret_prints_as_stars() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(*secret.reveal(), "hunter2");
    }
}
