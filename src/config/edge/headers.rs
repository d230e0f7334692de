//! `[edge.headers]`: what every response tells browsers to be careful with.

use toml::de::DeValue;

use crate::config::section::Section;
use crate::config::value::Value;
use crate::config::value::quote_text;

/// Headers that frame a message or mean something in a single response.
const NOT_FOR_ALL: [&str; 17] = [
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "keep-alive",
    "location",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "x-request-id",
];

/// Headers of every response, those of errors included. An empty one is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Headers {
    /// What pages may load and do. Who may frame them is added, unless it says so itself.
    pub content_security_policy: FieldValue,
    /// Who may frame pages, for browsers that do not know `frame-ancestors`. Left out where other sites may.
    pub x_frame_options: FieldValue,
    /// Whether content may be taken for something else than its type says.
    pub x_content_type_options: FieldValue,
    /// A filter of browsers before 2020.
    pub x_xss_protection: FieldValue,
    /// How much of a page's address its links give away.
    pub referrer_policy: FieldValue,
    /// Which of the device's abilities pages may use.
    pub permissions_policy: FieldValue,
    /// Whether pages that open a page keep a hand on it.
    pub cross_origin_opener_policy: FieldValue,
    /// Whose pages may load what is served, other than by the rules of CORS.
    pub cross_origin_resource_policy: FieldValue,
    /// Further headers.
    pub extra: Vec<HeaderLine>,
}

impl Headers {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let mut value = |name, default: &str| section.key(name, FieldValue(default.to_owned()));
        Self {
            content_security_policy: value(
                "content_security_policy",
                "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; \
                 form-action 'self'",
            ),
            x_frame_options: value("x_frame_options", "SAMEORIGIN"),
            x_content_type_options: value("x_content_type_options", "nosniff"),
            x_xss_protection: value("x_xss_protection", "1; mode=block"),
            referrer_policy: value("referrer_policy", "no-referrer-when-downgrade"),
            permissions_policy: value(
                "permissions_policy",
                "accelerometer=(), camera=(), clipboard-write=(self), display-capture=(), \
                 geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
                 screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()",
            ),
            cross_origin_opener_policy: value("cross_origin_opener_policy", "same-origin"),
            cross_origin_resource_policy: value("cross_origin_resource_policy", "same-origin"),
            extra: section.key("extra", Vec::new()),
        }
    }
}

/// The value of a header: one line of printable ASCII (RFC 9110 §5.5). Empty is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldValue(String);

impl FieldValue {
    /// As it stands in the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for FieldValue {
    const NOUN: &'static str = "the value of a header";
    const ALLOWED: &'static str = r#"printable ASCII in quotes, on one line, or "" for no such header"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?.trim();
        is_field_value(text).then(|| Self(text.to_owned()))
    }

    fn to_toml(&self) -> String {
        quote_text(&self.0)
    }
}

/// A header as one line, `Name: value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderLine {
    /// Its name, in small letters.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Value for HeaderLine {
    const NOUN: &'static str = "a header for every response";
    const ALLOWED: &'static str = r#""Name: value" in ASCII; not what belongs to a single response, such as Content-Type, Cache-Control or Set-Cookie"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        let (name, value) = value.as_str()?.split_once(':')?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        let is_allowed = is_name && !value.is_empty() && is_field_value(value) && !NOT_FOR_ALL.contains(&&*name);
        is_allowed.then(|| Self { name, value: value.to_owned() })
    }

    fn to_toml(&self) -> String {
        quote_text(&format!("{}: {}", self.name, self.value))
    }
}

fn is_field_value(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
