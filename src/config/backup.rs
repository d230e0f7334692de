//! `[backup]`: when copies of everything are made, where they lie, and how many are kept.

use std::path::PathBuf;

use age::x25519::Recipient;
use toml::Spanned;
use toml::de::DeValue;

use crate::config::section::Section;
use crate::config::value::Reading;
use crate::config::value::Refusal;
use crate::config::value::Value;
use crate::config::value::quote_text;

/// When copies of everything are made, where they lie, and how many are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// When one is made each day; none: only by command.
    pub schedule: Option<DailyTime>,
    /// Where they lie, relative to `server.data_dir`.
    pub folder: PathBuf,
    /// The public key that they are encrypted to; none: they are not.
    pub recipient: Option<Recipient>,
    /// How many of those that were named by their time are kept, at least one.
    pub keep: usize,
}

impl Backup {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            schedule: section.key("schedule", None),
            folder: section.key("folder", PathBuf::from("backups")),
            recipient: section.key("recipient", None),
            keep: section.within("keep", 14, 1..=10_000),
        }
    }
}

/// A time of day on Korea's wall clock, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyTime(time::Time);

impl DailyTime {
    /// Reads `HH:MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let is_number = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = |text: &str| text.parse().ok().filter(|_| is_number(text));
        time::Time::from_hms(number(hour)?, number(minute)?, 0).ok().map(Self)
    }

    /// The time.
    pub const fn get(self) -> time::Time {
        self.0
    }
}

impl Value for Option<DailyTime> {
    const NOUN: &'static str = "a time of day";
    const ALLOWED: &'static str = r#""HH:MM" in Korean time, such as "02:30", or "" for never"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str()? {
            "" => Some(None),
            text => DailyTime::parse(text).map(Some),
        }
    }

    fn to_toml(&self) -> String {
        quote_text(&self.map_or_else(String::new, |at| format!("{:02}:{:02}", at.get().hour(), at.get().minute())))
    }
}

impl Value for Option<Recipient> {
    const NOUN: &'static str = "a public key of age";
    const ALLOWED: &'static str = r#""age1…", as `bank-aicc backup keygen` prints it, or "" for none"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str()? {
            "" => Some(None),
            text => text.parse().ok().map(Some),
        }
    }

    fn to_toml(&self) -> String {
        quote_text(&self.as_ref().map_or_else(String::new, ToString::to_string))
    }

    fn read(value: &Spanned<DeValue<'_>>) -> Reading<Self> {
        Self::parse(value.get_ref()).ok_or_else(|| {
            let text = value.get_ref().as_str().unwrap_or("the value");
            vec![Refusal { message: refusal_of_recipient(text), offset: Some(value.span().start) }]
        })
    }
}

/// Why a text is no public key. A private key, which is easily taken for one, is not repeated.
pub fn refusal_of_recipient(text: &str) -> String {
    let remedy = "allowed: \"age1…\", as `bank-aicc backup keygen` prints it";
    if text.to_ascii_lowercase().contains("age-secret-key-") {
        return format!("what stands there is a private key, which belongs in no configuration; {remedy}");
    }
    format!("{text} is no public key of age; {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read_and_written() {
        for text in ["02:30", "00:00", "23:59", ""] {
            let read = Option::<DailyTime>::parse(&DeValue::String(text.into()));
            assert_eq!(read.map(|time| time.to_toml()), Some(format!("\"{text}\"")));
        }
        for text in ["24:00", "2:30", "02:60", "0230", "02:30:00", "+2:30", "now", "０2:30"] {
            assert_eq!(Option::<DailyTime>::parse(&DeValue::String(text.into())), None, "{text}");
        }
    }
}
