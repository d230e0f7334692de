//! What a line holds, and how it is written: by hand, into a buffer, since there is one for each request.

use std::io::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::Uri;
use axum::http::Version;
use time::OffsetDateTime;

use crate::clock::to_utc;
use crate::domain::Timestamp;
use crate::edge::access_log::mask::masked;

/// What is known of a request once it is over.
#[derive(Debug, Clone, Copy)]
pub(in crate::edge) struct Line<'r> {
    /// When it was over.
    pub(in crate::edge) time: Timestamp,
    pub(in crate::edge) client: Option<IpAddr>,
    pub(in crate::edge) method: &'r Method,
    pub(in crate::edge) uri: &'r Uri,
    pub(in crate::edge) version: Version,
    /// Such as `TLSv1.3`; empty without TLS.
    pub(in crate::edge) tls_version: &'r str,
    pub(in crate::edge) status: u16,
    pub(in crate::edge) bytes_in: u64,
    pub(in crate::edge) bytes_out: u64,
    /// From the head of the request to the end of the response.
    pub(in crate::edge) request_time: Duration,
    /// What of it other servers took, if they were asked, as nginx shows it.
    pub(in crate::edge) upstream_time: Option<&'r str>,
    pub(in crate::edge) user_agent: Option<&'r HeaderValue>,
    pub(in crate::edge) referer: Option<&'r HeaderValue>,
    pub(in crate::edge) request_id: &'r str,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A JSON object with the members of the web server this program replaces (wire contract §8) and some more.
    Json,
    /// As Apache and nginx write it.
    Combined,
    /// [`Shape::Json`] as a line of the program's log in JSON.
    LogJson,
    /// A line of the program's log in text.
    LogText,
}

impl Line<'_> {
    /// Adds the line, with its end, to a buffer.
    pub(super) fn write(&self, shape: Shape, line: &mut Vec<u8>) {
        match shape {
            Shape::Json => {
                line.push(b'{');
                self.write_members(line);
                line.extend_from_slice(b"}\n");
            }
            Shape::LogJson => {
                line.extend_from_slice(b"{\"timestamp\":\"");
                write_log_time(self.time, line);
                line.extend_from_slice(b"\",\"level\":\"INFO\",\"message\":\"request\",");
                self.write_members(line);
                line.extend_from_slice(b",\"target\":\"access\"}\n");
            }
            Shape::Combined => self.write_combined(line),
            Shape::LogText => {
                write_log_time(self.time, line);
                line.extend_from_slice(b"  INFO access: ");
                self.write_address(line);
                line.extend_from_slice(b" \"");
                self.write_request(line);
                line.extend_from_slice(b"\" ");
                write_number(self.status.into(), line);
                line.push(b' ');
                write_number(self.bytes_out, line);
                line.push(b' ');
                write_seconds(self.request_time, line);
                line.extend_from_slice(b"s request_id=");
                line.extend_from_slice(self.request_id.as_bytes());
                line.push(b'\n');
            }
        }
    }

    fn write_members(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(b"\"time\":\"");
        write_iso_time(self.time, line);
        line.extend_from_slice(b"\",\"remote_addr\":\"");
        self.write_address(line);
        line.extend_from_slice(b"\",\"request_method\":\"");
        // A method is a token (RFC 9110 §9.1) and needs no escaping in any format.
        line.extend_from_slice(self.method.as_str().as_bytes());
        line.extend_from_slice(b"\",\"request_uri\":\"");
        masked(target_of(self.uri).as_bytes(), |part| escape_json(part, line));
        line.extend_from_slice(b"\",\"status\":");
        write_number(self.status.into(), line);
        line.extend_from_slice(b",\"body_bytes_sent\":");
        write_number(self.bytes_out, line);
        line.extend_from_slice(b",\"request_time\":");
        write_seconds(self.request_time, line);
        line.extend_from_slice(b",\"upstream_response_time\":\"");
        line.extend_from_slice(self.upstream_time.unwrap_or("-").as_bytes());
        line.extend_from_slice(b"\",\"http_user_agent\":\"");
        escape_json(self.user_agent.map_or(b"", HeaderValue::as_bytes), line);
        line.extend_from_slice(b"\",\"http_referer\":\"");
        masked(self.referer.map_or(b"", HeaderValue::as_bytes), |part| escape_json(part, line));
        line.extend_from_slice(b"\",\"request_id\":\"");
        line.extend_from_slice(self.request_id.as_bytes());
        line.extend_from_slice(b"\",\"protocol\":\"");
        line.extend_from_slice(protocol(self.version).as_bytes());
        line.extend_from_slice(b"\",\"tls_version\":\"");
        line.extend_from_slice(self.tls_version.as_bytes());
        line.extend_from_slice(b"\",\"bytes_in\":");
        write_number(self.bytes_in, line);
    }

    fn write_combined(&self, line: &mut Vec<u8>) {
        self.write_address(line);
        line.extend_from_slice(b" - - [");
        write_common_time(self.time, line);
        line.extend_from_slice(b"] \"");
        self.write_request(line);
        line.extend_from_slice(b"\" ");
        write_number(self.status.into(), line);
        line.push(b' ');
        write_number(self.bytes_out, line);
        line.extend_from_slice(b" \"");
        masked(or_dash(self.referer), |part| escape_hex(part, line));
        line.extend_from_slice(b"\" \"");
        escape_hex(or_dash(self.user_agent), line);
        line.extend_from_slice(b"\"\n");
    }

    /// `GET /path HTTP/1.1`
    fn write_request(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(self.method.as_str().as_bytes());
        line.push(b' ');
        masked(target_of(self.uri).as_bytes(), |part| escape_hex(part, line));
        line.push(b' ');
        line.extend_from_slice(protocol(self.version).as_bytes());
    }

    fn write_address(&self, line: &mut Vec<u8>) {
        match self.client {
            Some(IpAddr::V4(address)) => {
                for (index, octet) in address.octets().into_iter().enumerate() {
                    if index > 0 {
                        line.push(b'.');
                    }
                    write_number(octet.into(), line);
                }
            }
            Some(IpAddr::V6(address)) => {
                // Writing to a vector does not fail.
                let _ = write!(line, "{address}");
            }
            None => line.push(b'-'),
        }
    }
}

/// Path and query; of an absolute form neither host nor user, who may come with a password.
fn target_of(uri: &Uri) -> &str {
    match uri.path_and_query() {
        Some(target) => target.as_str(),
        None => uri.authority().map_or("", |authority| authority.as_str().rsplit('@').next().unwrap_or_default()),
    }
}

fn or_dash(value: Option<&HeaderValue>) -> &[u8] {
    value.map(HeaderValue::as_bytes).filter(|value| !value.is_empty()).unwrap_or(b"-")
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

/// As it stands between the quotation marks of JSON. What is not UTF-8 becomes a replacement character.
fn escape_json(text: &[u8], line: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        let mut plain = chunk.valid().as_bytes();
        while let Some(special) = plain.iter().position(|&byte| byte < 0x20 || matches!(byte, b'"' | b'\\' | 0x7f)) {
            let (before, rest) = plain.split_at(special);
            line.extend_from_slice(before);
            let Some((&byte, rest)) = rest.split_first() else { break };
            match byte {
                b'"' | b'\\' => line.extend_from_slice(&[b'\\', byte]),
                _ => {
                    line.extend_from_slice(b"\\u00");
                    line.extend_from_slice(&hex_digits(byte));
                }
            }
            plain = rest;
        }
        line.extend_from_slice(plain);
        if !chunk.invalid().is_empty() {
            line.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// As nginx writes what a client sent: quotation marks, backslashes and whatever is not printable ASCII as `\xHH`.
fn escape_hex(text: &[u8], line: &mut Vec<u8>) {
    let mut plain = text;
    while let Some(special) =
        plain.iter().position(|&byte| !(0x20..0x7f).contains(&byte) || matches!(byte, b'"' | b'\\'))
    {
        let (before, rest) = plain.split_at(special);
        line.extend_from_slice(before);
        let Some((&byte, rest)) = rest.split_first() else { break };
        line.extend_from_slice(b"\\x");
        line.extend_from_slice(&hex_digits(byte));
        plain = rest;
    }
    line.extend_from_slice(plain);
}

fn hex_digits(byte: u8) -> [u8; 2] {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'A' + value - 10 };
    [digit(byte >> 4), digit(byte & 15)]
}

fn write_number(number: u64, line: &mut Vec<u8>) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Seconds with three decimals.
fn write_seconds(duration: Duration, line: &mut Vec<u8>) {
    write_number(duration.as_secs(), line);
    line.push(b'.');
    let ms = duration.subsec_millis();
    for digit in [ms / 100, ms / 10 % 10, ms % 10] {
        line.push(b'0' + u8::try_from(digit).unwrap_or_default());
    }
}

/// Two digits.
fn write_pair(number: u8, line: &mut Vec<u8>) {
    line.extend_from_slice(&[b'0' + number / 10 % 10, b'0' + number % 10]);
}

fn write_date_time(at: OffsetDateTime, line: &mut Vec<u8>) {
    write_number(u64::try_from(at.year()).unwrap_or_default(), line);
    line.push(b'-');
    write_pair(at.month().into(), line);
    line.push(b'-');
    write_pair(at.day(), line);
    line.push(b'T');
    write_time_of_day(at, line);
}

fn write_time_of_day(at: OffsetDateTime, line: &mut Vec<u8>) {
    write_pair(at.hour(), line);
    line.push(b':');
    write_pair(at.minute(), line);
    line.push(b':');
    write_pair(at.second(), line);
}

/// `2026-11-23T00:00:00+00:00`, as nginx's `$time_iso8601`.
fn write_iso_time(time: Timestamp, line: &mut Vec<u8>) {
    write_date_time(to_utc(time), line);
    line.extend_from_slice(b"+00:00");
}

/// `2026-11-23T00:00:00.000Z`
fn write_log_time(time: Timestamp, line: &mut Vec<u8>) {
    write_date_time(to_utc(time), line);
    let ms = u64::try_from(time.unix_ms().rem_euclid(1000)).unwrap_or_default();
    // The seconds before the point are written already.
    let mut fraction = Vec::with_capacity(8);
    write_seconds(Duration::from_millis(ms), &mut fraction);
    line.extend_from_slice(fraction.get(1..).unwrap_or_default());
    line.push(b'Z');
}

/// `23/Nov/2026:00:00:00 +0000`
fn write_common_time(time: Timestamp, line: &mut Vec<u8>) {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let at = to_utc(time);
    write_pair(at.day(), line);
    line.push(b'/');
    let month = usize::from(u8::from(at.month())) * 3;
    line.extend_from_slice(MONTHS.get(month - 3..month).unwrap_or_default());
    line.push(b'/');
    write_number(u64::try_from(at.year()).unwrap_or_default(), line);
    line.push(b':');
    write_time_of_day(at, line);
    line.extend_from_slice(b" +0000");
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::*;

    /// Monday, 23 November 2026, 00:00:07.089Z.
    const TIME: Timestamp = Timestamp::from_unix_ms(20_780 * 86_400_000 + 7_089);

    fn line<'r>(method: &'r Method, uri: &'r Uri, values: [Option<&'r HeaderValue>; 2]) -> Line<'r> {
        let [user_agent, referer] = values;
        Line {
            time: TIME,
            client: Some("192.0.2.70".parse().unwrap()),
            method,
            uri,
            version: Version::HTTP_11,
            tls_version: "TLSv1.3",
            status: 200,
            bytes_in: 12,
            bytes_out: 4_321,
            request_time: Duration::from_micros(1_002_999),
            upstream_time: None,
            user_agent,
            referer,
            request_id: "0192",
        }
    }

    fn written(line: &Line<'_>, shape: Shape) -> String {
        let mut bytes = Vec::new();
        line.write(shape, &mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with('\n') && text.matches('\n').count() == 1, "{text:?}");
        text.trim_end().to_owned()
    }

    #[test]
    fn json_has_the_members_of_the_contract_and_ours() {
        let uri = "/api/v1/x?after_id=1&token=abc".parse().unwrap();
        let agent = HeaderValue::from_static("curl/8");
        let mut line = line(&Method::GET, &uri, [Some(&agent), None]);
        let expected = json!({
            "time": "2026-11-23T00:00:07+00:00", "remote_addr": "192.0.2.70", "request_method": "GET",
            "request_uri": "/api/v1/x?after_id=1&token=***", "status": 200, "body_bytes_sent": 4321, "request_time": 1.002,
            "upstream_response_time": "-", "http_user_agent": "curl/8", "http_referer": "",
            "request_id": "0192", "protocol": "HTTP/1.1", "tls_version": "TLSv1.3", "bytes_in": 12,
        });
        let text = written(&line, Shape::Json);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
        assert!(text.starts_with("{\"time\":") && text.contains("\"request_time\":1.002,"), "{text}");

        line.upstream_time = Some("75.001, 0.045");
        line.version = Version::HTTP_2;
        line.client = Some("2001:db8::1".parse().unwrap());
        let of_log: Value = serde_json::from_str(&written(&line, Shape::LogJson)).unwrap();
        assert_eq!(of_log["timestamp"], "2026-11-23T00:00:07.089Z");
        assert_eq!(
            (&of_log["level"], &of_log["target"], &of_log["message"]),
            (&json!("INFO"), &json!("access"), &json!("request"))
        );
        assert_eq!(
            (&of_log["upstream_response_time"], &of_log["protocol"]),
            (&json!("75.001, 0.045"), &json!("HTTP/2.0"))
        );
        assert_eq!(of_log["remote_addr"], "2001:db8::1");
    }

    /// What nginx 1.22 wrote for the same request.
    #[test]
    fn combined_is_what_nginx_writes() {
        let uri = "/x?a=b".parse().unwrap();
        let agent = HeaderValue::from_bytes("a\"b\\c\t한".as_bytes()).unwrap();
        let referer = HeaderValue::from_static("http://x/\"");
        let mut line = line(&Method::GET, &uri, [Some(&agent), Some(&referer)]);
        let expected = concat!(
            "192.0.2.70 - - [23/Nov/2026:00:00:07 +0000] \"GET /x?a=b HTTP/1.1\" 200 4321 ",
            "\"http://x/\\x22\" \"a\\x22b\\x5Cc\\x09\\xED\\x95\\x9C\""
        );
        assert_eq!(written(&line, Shape::Combined), expected);
        (line.user_agent, line.referer, line.client) = (None, None, None);
        let expected = "- - - [23/Nov/2026:00:00:07 +0000] \"GET /x?a=b HTTP/1.1\" 200 4321 \"-\" \"-\"";
        assert_eq!(written(&line, Shape::Combined), expected);
    }

    #[test]
    fn text_reads_at_a_terminal() {
        let uri = "/a".parse().unwrap();
        let expected =
            "2026-11-23T00:00:07.089Z  INFO access: 192.0.2.70 \"GET /a HTTP/1.1\" 200 4321 1.002s request_id=0192";
        assert_eq!(written(&line(&Method::GET, &uri, [None, None]), Shape::LogText), expected);
    }

    /// Whatever bytes a client sends, a line stays one line of valid JSON.
    #[test]
    fn no_client_breaks_a_line() {
        let uri = Uri::from_static("/");
        let mut hostile: Vec<Vec<u8>> =
            (0x20..=0xff_u8).filter(|&byte| byte != 0x7f).map(|byte| vec![b'a', byte, b'z']).collect();
        hostile.push(b"\t\"}\\\",\"status\":1".to_vec());
        hostile.push(b"\xed\xa0\x80\xff\xc3".to_vec());
        hostile.push("https://x/?a=\"&token=\"\\".into());
        for bytes in hostile {
            let value = HeaderValue::from_bytes(&bytes).unwrap();
            let line = line(&Method::GET, &uri, [Some(&value), Some(&value)]);
            let parsed: Value = serde_json::from_str(&written(&line, Shape::Json)).unwrap();
            assert_eq!(parsed["http_user_agent"], *String::from_utf8_lossy(&bytes), "{bytes:x?}");
            let combined = written(&line, Shape::Combined);
            assert!(combined.is_ascii() && combined.matches('"').count() == 6, "{combined}");
            written(&line, Shape::LogText);
        }
    }

    #[test]
    fn an_absolute_form_is_its_path() {
        for (uri, expected) in
            [("http://user:secret@host/a?b=1", "/a?b=1"), ("user:secret@host:443", "host:443"), ("*", "*")]
        {
            let uri: Uri = uri.parse().unwrap();
            let line = line(&Method::GET, &uri, [None, None]);
            let parsed: Value = serde_json::from_str(&written(&line, Shape::Json)).unwrap();
            assert_eq!(parsed["request_uri"], expected);
        }
    }
}
