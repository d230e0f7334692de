//! The kinds of value a key can have: how each is read from TOML, what an error says, how it is shown.
//!
//! A kind that belongs to one section (an origin, a log level) stands in that section's file.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use ipnet::Ipv4Net;
use toml::Spanned;
use toml::de::DeArray;
use toml::de::DeValue;

use crate::config::secret::mask_url;
use crate::config::units::ByteSize;
use crate::config::units::format_duration;
use crate::config::units::parse_duration;

/// A kind of value. A new one needs the three functions without a body, and the two constants.
pub(super) trait Value: Sized {
    /// What one value is called: "… is not a duration".
    const NOUN: &'static str;
    /// What may stand in the file, for the error.
    const ALLOWED: &'static str;

    /// Reads what the file says; `None` if that is something else.
    fn parse(value: &DeValue<'_>) -> Option<Self>;

    /// As it would stand in the file, with secrets masked.
    fn to_toml(&self) -> String;

    /// Reads what the file says, or tells everything that is wrong with it.
    fn read(value: &Spanned<DeValue<'_>>) -> Reading<Self> {
        Self::parse(value.get_ref()).ok_or_else(|| {
            let found = quote(value.get_ref());
            let message = format!("{found} is not {}; allowed: {}", Self::NOUN, Self::ALLOWED);
            vec![Refusal { message, offset: Some(value.span().start) }]
        })
    }

    /// What the text of an environment variable may mean, in the order to try: as TOML, then as it stands.
    fn meanings(text: &str) -> Vec<DeValue<'_>> {
        let as_toml = DeValue::parse(text).ok().map(Spanned::into_inner);
        as_toml.into_iter().chain([DeValue::String(text.into())]).collect()
    }
}

/// Makes an enum a kind of value that is one of a few words: what one is called, and each word with its variant.
macro_rules! choices {
    ($kind:ty: $noun:literal, { $first:literal => $first_variant:ident, $($word:literal => $variant:ident),+ $(,)? }) => {
        impl $crate::config::value::Value for $kind {
            const NOUN: &'static str = $noun;
            const ALLOWED: &'static str = concat!("\"", $first, "\"", choices!(@or $($word)+));

            fn parse(value: &toml::de::DeValue<'_>) -> Option<Self> {
                match value.as_str()? {
                    $first => Some(Self::$first_variant),
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn to_toml(&self) -> String {
                $crate::config::value::quote_text(match self {
                    Self::$first_variant => $first,
                    $(Self::$variant => $word,)+
                })
            }
        }
    };
    (@or $last:literal) => { concat!(" or \"", $last, "\"") };
    (@or $next:literal $($rest:literal)+) => { concat!(", \"", $next, "\"", choices!(@or $($rest)+)) };
}

pub(super) use choices;

/// A value, or everything that is wrong with it.
pub(super) type Reading<T> = Result<T, Vec<Refusal>>;

/// Why a value is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// What was found and what is allowed.
    pub(super) message: String,
    /// Where the value begins in the file, if it came from there.
    pub(super) offset: Option<usize>,
}

/// A string as TOML writes it, on one line whatever is in it.
pub(super) fn quote_text(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// What a TOML value says in one short line, however long or strange it is, without the password of a URL.
pub(super) fn quote(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quote_text(&shorten(&mask_url(text))),
        DeValue::Integer(number) => shorten(&number.to_string()),
        DeValue::Float(number) => shorten(&number.to_string()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a section".to_owned(),
    }
}

/// The text of a string that an operator can have meant: no control characters, which no terminal, path or
/// header carries as they are.
pub(super) fn plain_text<'v>(value: &'v DeValue<'_>) -> Option<&'v str> {
    value.as_str().filter(|text| !text.contains(char::is_control))
}

/// At most the first characters.
fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let shown: String = text.chars().take(CHARS_MAX).collect();
    if shown.len() < text.len() { shown + "…" } else { shown }
}

impl Value for bool {
    const NOUN: &'static str = "a switch";
    const ALLOWED: &'static str = "true or false";

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

/// The same lines for each width of integer; `TryFrom` refuses what does not fit.
macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Value for $integer {
            const NOUN: &'static str = "a whole number this key can hold";
            const ALLOWED: &'static str = "a whole number without quotes";

            fn parse(value: &DeValue<'_>) -> Option<Self> {
                let number = value.as_integer()?;
                Self::from_str_radix(number.as_str(), number.radix()).ok()
            }

            fn to_toml(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

integers!(u8, u32, u64, usize);

impl Value for f64 {
    const NOUN: &'static str = "a number";
    const ALLOWED: &'static str = "a number without quotes";

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        match value.as_integer() {
            Some(_) => u32::parse(value).map(Self::from),
            None => value.as_float()?.as_str().parse().ok(),
        }
    }

    fn to_toml(&self) -> String {
        format!("{self:?}")
    }
}

impl Value for Duration {
    const NOUN: &'static str = "a duration";
    const ALLOWED: &'static str = r#"a whole number with ms, s, m, h or d, such as "30s""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        parse_duration(value.as_str()?)
    }

    fn to_toml(&self) -> String {
        quote_text(&format_duration(*self))
    }
}

impl Value for ByteSize {
    const NOUN: &'static str = "a size";
    const ALLOWED: &'static str = r#"a whole number with KiB, MiB or GiB, such as "10MiB", or a number of bytes"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        match value.as_integer() {
            Some(number) => u64::from_str_radix(number.as_str(), number.radix()).ok().map(Self::bytes),
            None => Self::parse(value.as_str()?),
        }
    }

    fn to_toml(&self) -> String {
        quote_text(&self.to_string())
    }
}

/// Words that are shown as they stand.
impl Value for String {
    const NOUN: &'static str = "a text";
    const ALLOWED: &'static str = "text in quotes, on one line";

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        plain_text(value).map(str::to_owned)
    }

    fn to_toml(&self) -> String {
        quote_text(self)
    }
}

impl Value for PathBuf {
    const NOUN: &'static str = "a path";
    const ALLOWED: &'static str = r#"the path of a file or folder, such as "/var/lib/bank-aicc""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        plain_text(value).filter(|text| !text.trim().is_empty()).map(Self::from)
    }

    fn to_toml(&self) -> String {
        quote_text(&self.to_string_lossy())
    }
}

/// A path that may be left out: `""` is none.
impl Value for Option<PathBuf> {
    const NOUN: &'static str = PathBuf::NOUN;
    const ALLOWED: &'static str = r#"the path of a file or folder, or "" for none"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        if value.as_str() == Some("") { Some(None) } else { PathBuf::parse(value).map(Some) }
    }

    fn to_toml(&self) -> String {
        self.as_ref().map_or_else(|| quote_text(""), PathBuf::to_toml)
    }
}

impl Value for SocketAddr {
    const NOUN: &'static str = "an address to listen on";
    const ALLOWED: &'static str = r#""<IP address>:<port>", such as "127.0.0.1:8080" or "[::]:8080""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        value.as_str()?.parse().ok()
    }

    fn to_toml(&self) -> String {
        quote_text(&self.to_string())
    }
}

/// A network, or one address, which is the network that holds nothing else.
impl Value for IpNet {
    const NOUN: &'static str = "a network";
    const ALLOWED: &'static str = r#"a network or an address, such as "10.20.0.0/16", "192.0.2.7" or "fd00::/8""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(Self::from));
        network.ok().map(|network| network.trunc())
    }

    fn to_toml(&self) -> String {
        quote_text(&self.to_string())
    }
}

/// This machine alone.
pub(super) fn loopback() -> Vec<IpNet> {
    let ipv4 = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
    vec![ipv4.into(), IpAddr::from(Ipv6Addr::LOCALHOST).into()]
}

/// A list. Each wrong element is an error of its own, on its own line.
impl<T: Value> Value for Vec<T> {
    const NOUN: &'static str = "a list";
    const ALLOWED: &'static str = r#"values in square brackets, such as ["…", "…"], or [] for none"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        value.as_array()?.iter().map(|element| T::parse(element.get_ref())).collect()
    }

    fn to_toml(&self) -> String {
        let elements: Vec<String> = self.iter().map(T::to_toml).collect();
        format!("[{}]", elements.join(", "))
    }

    fn read(value: &Spanned<DeValue<'_>>) -> Reading<Self> {
        let Some(elements) = value.get_ref().as_array() else {
            let message = format!("{} is not a list; allowed: {}", quote(value.get_ref()), Self::ALLOWED);
            return Err(vec![Refusal { message, offset: Some(value.span().start) }]);
        };
        let mut list = Self::new();
        let mut refusals = Vec::new();
        for element in elements.iter() {
            match T::read(element) {
                Ok(element) => list.push(element),
                Err(refused) => refusals.extend(refused),
            }
        }
        if refusals.is_empty() { Ok(list) } else { Err(refusals) }
    }

    /// A TOML list, or values with commas between.
    fn meanings(text: &str) -> Vec<DeValue<'_>> {
        let as_toml = DeValue::parse(text).ok().map(Spanned::into_inner);
        let mut elements = DeArray::new();
        for element in text.split(',').map(str::trim).filter(|element| !element.is_empty()) {
            elements.push(Spanned::new(0..0, DeValue::String(element.into())));
        }
        as_toml.into_iter().filter(DeValue::is_array).chain([DeValue::Array(elements)]).collect()
    }
}
