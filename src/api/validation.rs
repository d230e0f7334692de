//! Request bodies and queries, refused in the words existing clients know from FastAPI (wire contract §1).

use axum::body::to_bytes;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::http::header;
use axum::http::request::Parts;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::api::error::ApiError;
use crate::api::error::FieldError;

/// A request's body, parsed: a JSON object, or nothing at all.
pub struct JsonBody {
    members: Option<Map<String, Value>>,
}

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
        let is_json = content_type.is_none_or(is_json);
        // The edge has limited the body already.
        let bytes = to_bytes(request.into_body(), usize::MAX).await.map_err(body_unread)?;
        if bytes.is_empty() {
            return Ok(Self { members: None });
        }
        let value = if is_json {
            serde_json::from_slice(&bytes).map_err(|error| json_invalid(&bytes, &error))?
        } else {
            Value::String(String::from_utf8_lossy(&bytes).into_owned())
        };
        match value {
            Value::Object(members) => Ok(Self { members: Some(members) }),
            Value::Null => Ok(Self { members: None }),
            value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                Err(ApiError::Validation(vec![FieldError {
                    kind: Map::KIND,
                    location: vec![json!("body")],
                    message: Map::MESSAGE,
                    input: value,
                    context: None,
                }]))
            }
        }
    }
}

fn body_unread(error: axum::Error) -> ApiError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = source {
        if error.is::<crate::edge::TooSlow>() {
            return ApiError::BodyTooSlow;
        }
        if error.is::<http_body_util::LengthLimitError>() {
            return ApiError::BodyTooLong;
        }
        source = error.source();
    }
    ApiError::BodyUnread
}

impl JsonBody {
    /// Reads the fields of a required body.
    ///
    /// # Errors
    /// When there is none.
    pub fn required(self) -> Result<Fields, ApiError> {
        match self.members {
            Some(members) => Ok(Fields::of_body(members)),
            None => Err(ApiError::Validation(vec![FieldError {
                kind: "missing",
                location: vec![json!("body")],
                message: "Field required",
                input: Value::Null,
                context: None,
            }])),
        }
    }

    /// Reads the fields of a body that may be left out.
    pub fn optional(self) -> Fields {
        Fields::of_body(self.members.unwrap_or_default())
    }
}

/// What a field may hold, and FastAPI's words for what it may not.
trait Field: Default {
    const KIND: &'static str;
    const MESSAGE: &'static str;

    fn read(value: &Value) -> Option<Self>;
}

impl Field for String {
    const KIND: &'static str = "string_type";
    const MESSAGE: &'static str = "Input should be a valid string";

    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Field for bool {
    const KIND: &'static str = "bool_type";
    const MESSAGE: &'static str = "Input should be a valid boolean";

    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Field for Map<String, Value> {
    const KIND: &'static str = "model_attributes_type";
    const MESSAGE: &'static str = "Input should be a valid dictionary or object to extract fields from";

    fn read(value: &Value) -> Option<Self> {
        value.as_object().cloned()
    }
}

/// The fields of a body, or of an object in it. Everything that is wrong is collected, in the order the fields are asked for.
pub struct Fields {
    members: Map<String, Value>,
    /// Where the object is.
    location: Vec<Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    fn of_body(members: Map<String, Value>) -> Self {
        Self { members, location: vec![json!("body")], errors: Vec::new() }
    }

    /// A string that must be there.
    pub fn string(&mut self, name: &'static str) -> String {
        self.required(name)
    }

    /// A flag that must be there.
    pub fn flag(&mut self, name: &'static str) -> bool {
        self.required(name)
    }

    /// A flag that is false where it is left out or `null`.
    pub fn optional_flag(&mut self, name: &'static str) -> bool {
        self.optional(name).unwrap_or_default()
    }

    /// A string that may be left out or `null`.
    pub fn optional_string(&mut self, name: &'static str) -> Option<String> {
        self.optional(name)
    }

    /// An object that may be left out or `null`; `read` reads its fields.
    pub fn optional_object<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let members = self.optional(name)?;
        let mut inner = Self { members, location: self.location_of(name), errors: Vec::new() };
        let found = read(&mut inner);
        self.errors.append(&mut inner.errors);
        Some(found)
    }

    fn required<T: Field>(&mut self, name: &'static str) -> T {
        if self.members.contains_key(name) {
            return self.read(name).unwrap_or_default();
        }
        self.errors.push(FieldError {
            kind: "missing",
            location: self.location_of(name),
            message: "Field required",
            input: Value::Object(self.members.clone()),
            context: None,
        });
        T::default()
    }

    fn optional<T: Field>(&mut self, name: &'static str) -> Option<T> {
        if self.members.get(name).is_none_or(Value::is_null) { None } else { self.read(name) }
    }

    /// The value of a field that is there; `None`, noted, if it is none that fits.
    fn read<T: Field>(&mut self, name: &'static str) -> Option<T> {
        let value = &self.members[name];
        let found = T::read(value);
        if found.is_none() {
            self.errors.push(FieldError {
                kind: T::KIND,
                location: self.location_of(name),
                message: T::MESSAGE,
                input: value.clone(),
                context: None,
            });
        }
        found
    }

    fn location_of(&self, name: &'static str) -> Vec<Value> {
        self.location.iter().cloned().chain([json!(name)]).collect()
    }

    /// Refuses if any field was wrong.
    ///
    /// # Errors
    /// All that was wrong.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::Validation(self.errors)) }
    }
}

/// A request's query, with FastAPI's rules for numbers and flags.
pub struct Query {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // A query that is no form at all has no parameters.
        let pairs = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        Ok(Self { pairs: pairs.map(|pairs| pairs.0).unwrap_or_default(), errors: Vec::new() })
    }
}

impl Query {
    /// An integer that may be left out.
    pub fn integer(&mut self, name: &'static str) -> Option<i64> {
        let text = self.last(name)?;
        let number = text.trim().parse().ok();
        if number.is_none() {
            self.errors.push(FieldError {
                kind: "int_parsing",
                location: vec![json!("query"), json!(name)],
                message: "Input should be a valid integer, unable to parse string as an integer",
                input: Value::String(text),
                context: None,
            });
        }
        number
    }

    /// A flag that is off if left out.
    pub fn flag(&mut self, name: &'static str) -> bool {
        let Some(text) = self.last(name) else { return false };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => true,
            "false" | "0" | "no" | "off" | "f" | "n" => false,
            _ => {
                self.errors.push(FieldError {
                    kind: "bool_parsing",
                    location: vec![json!("query"), json!(name)],
                    message: "Input should be a valid boolean, unable to interpret input",
                    input: Value::String(text),
                    context: None,
                });
                false
            }
        }
    }

    /// Refuses if any parameter was wrong.
    ///
    /// # Errors
    /// All that was wrong.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ApiError::Validation(self.errors)) }
    }

    fn last(&self, name: &str) -> Option<String> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }
}

/// A text that must hold more than white space; the contract's sentence if it does not.
///
/// # Errors
/// 400 with the contract's sentence.
pub fn require_text(name: &str, particle: &str, text: &str) -> Result<(), ApiError> {
    if text.trim().is_empty() {
        let detail = format!("{name}{particle} 필수입니다.");
        return Err(ApiError::BadRequest { code: "blank_field", detail });
    }
    Ok(())
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.is_empty()
        || essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn json_invalid(bytes: &[u8], error: &serde_json::Error) -> ApiError {
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
    ApiError::Validation(vec![FieldError {
        kind: "json_invalid",
        location: vec![json!("body"), json!(char_offset(bytes, error))],
        message: "JSON decode error",
        input: json!({}),
        context: Some(json!({"error": reason})),
    }])
}

/// Where the parser stopped, in characters from the start. Its lines count from 1, its columns are in bytes.
fn char_offset(bytes: &[u8], error: &serde_json::Error) -> usize {
    let line_start: usize =
        bytes.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let end = match error.is_eof() {
        true => bytes.len(),
        false => (line_start + error.column().saturating_sub(1)).min(bytes.len()),
    };
    String::from_utf8_lossy(&bytes[..end]).chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_errors_are_placed_by_character() {
        for (text, offset) in [("{\"a\":}", 5), ("{\"가\":}", 5), ("{\n\"가나\": x}", 8), ("{\"가\": 1", 7), ("", 0)]
        {
            let error = serde_json::from_str::<Value>(text).unwrap_err();
            assert_eq!(char_offset(text.as_bytes(), &error), offset, "{text}");
        }
    }

    #[test]
    fn content_types_are_read_as_fastapi_does() {
        for (content_type, expected) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("application/problem+json", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            assert_eq!(is_json(content_type), expected, "{content_type}");
        }
    }
}
