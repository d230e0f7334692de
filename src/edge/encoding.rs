//! Which encodings of content a client takes (RFC 9110 §12.5.3).

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;

use crate::config::ContentCoding;

/// How much a client likes an encoding, in thousandths; 0 is not at all.
type Weight = u16;

/// What an `Accept-Encoding` says of the encodings that are known here. Without the header, and with an empty one, content
/// is sent as it is: that is always understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    brotli: Option<Weight>,
    zstd: Option<Weight>,
    gzip: Option<Weight>,
    /// Content as it is.
    identity: Option<Weight>,
    /// `*`: what is not named.
    others: Option<Weight>,
}

impl Accepted {
    /// As a request says.
    pub(super) fn of(request: &HeaderMap) -> Self {
        let mut accepted = Self::default();
        let lines = request.get_all(header::ACCEPT_ENCODING).iter();
        for item in lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')) {
            let mut parts = item.split(';');
            let name = parts.next().unwrap_or_default().trim();
            let Some(weight) = parts.next().map_or(Some(1000), weight) else { continue };
            let noted = match name {
                "*" => &mut accepted.others,
                _ if name.eq_ignore_ascii_case("br") => &mut accepted.brotli,
                _ if name.eq_ignore_ascii_case("zstd") => &mut accepted.zstd,
                // The second name is that of the first clients (RFC 9110 §8.4.1.3).
                _ if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => &mut accepted.gzip,
                _ if name.eq_ignore_ascii_case("identity") => &mut accepted.identity,
                _ => continue,
            };
            *noted = Some(weight);
        }
        accepted
    }

    /// Of these encodings the one the client likes most, the first of several; `None` is content as it is.
    ///
    /// A client that takes none of them and not the content as it is either (`identity;q=0`) gets it as it is: an answer he may be
    /// able to read instead of a 406 (RFC 9110 §12.4.1 leaves the choice).
    pub(super) fn choose(&self, offered: impl Iterator<Item = ContentCoding>) -> Option<ContentCoding> {
        let plain = self.identity.or(self.others).unwrap_or(0);
        let mut best = None;
        for coding in offered {
            let weight = self.weight(coding);
            let is_liked = weight > 0 && weight >= plain;
            if is_liked && best.is_none_or(|(_, best)| weight > best) {
                best = Some((coding, weight));
            }
        }
        best.map(|(coding, _)| coding)
    }

    /// The client says that content as it is will not do.
    pub(super) fn refuses_plain(&self) -> bool {
        self.identity.or(self.others) == Some(0)
    }

    fn weight(&self, coding: ContentCoding) -> Weight {
        let named = match coding {
            ContentCoding::Brotli => self.brotli,
            ContentCoding::Zstd => self.zstd,
            ContentCoding::Gzip => self.gzip,
        };
        named.or(self.others).unwrap_or(0)
    }
}

/// How `Content-Encoding` names an encoding.
pub(super) fn name(coding: ContentCoding) -> HeaderValue {
    HeaderValue::from_static(match coding {
        ContentCoding::Brotli => "br",
        ContentCoding::Zstd => "zstd",
        ContentCoding::Gzip => "gzip",
    })
}

/// The weight in a parameter `q=0.5` (RFC 9110 §12.4.2); `None` if it is none.
fn weight(parameter: &str) -> Option<Weight> {
    let (name, number) = parameter.trim().split_once('=')?;
    if !name.eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let is_number = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = decimals.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = thousandths.fold(0, |sum, digit| sum * 10 + Weight::from(digit.wrapping_sub(b'0')));
    match whole {
        "0" if is_number => Some(thousandths),
        "1" if is_number && thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [ContentCoding; 3] = [ContentCoding::Brotli, ContentCoding::Zstd, ContentCoding::Gzip];

    fn accepted(lines: &[&'static str]) -> Accepted {
        let lines = lines.iter().map(|line| (header::ACCEPT_ENCODING, HeaderValue::from_static(line)));
        let mut headers = HeaderMap::new();
        lines.for_each(|(name, value)| {
            headers.append(name, value);
        });
        Accepted::of(&headers)
    }

    #[test]
    fn the_encoding_is_the_one_the_client_likes_most() {
        const BROTLI: Option<ContentCoding> = Some(ContentCoding::Brotli);
        const ZSTD: Option<ContentCoding> = Some(ContentCoding::Zstd);
        const GZIP: Option<ContentCoding> = Some(ContentCoding::Gzip);
        for (lines, expected) in [
            (&["gzip, deflate, br, zstd"][..], BROTLI),
            (&["gzip", "br"], BROTLI),
            (&["gzip, zstd"], ZSTD),
            (&["GZIP"], GZIP),
            (&["x-gzip"], GZIP),
            (&["br;q=0.5, gzip;q=0.8"], GZIP),
            (&["br; Q=0.5 , gzip ;q=0.499"], BROTLI),
            (&["gzip;q=1.0, br;q=0, zstd;q=0.000"], GZIP),
            (&["*"], BROTLI),
            (&["*;q=0.5, br;q=0"], ZSTD),
            (&["*;q=0, gzip"], GZIP),
            (&["identity;q=1, gzip;q=0.5"], None),
            (&["identity;q=0.5, gzip;q=0.5"], GZIP),
            (&["gzip;q=0.5"], GZIP),
            (&["identity"], None),
            (&["identity;q=0"], None),
            (&["*;q=0"], None),
            (&["deflate, compress, brotli"], None),
            (&[""], None),
            (&[], None),
            // What is no weight makes its encoding unnamed.
            (&["br;q=2, gzip"], GZIP),
            (&["br;q=-1, zstd;q=nan, gzip;q=1e0"], None),
            (&["br;q=0.5555, zstd;q=1.001, gzip;q=1.000"], GZIP),
            (&["br;level=5, zstd;q"], None),
            (&[",,;;q=1,=,br"], BROTLI),
        ] {
            assert_eq!(accepted(lines).choose(ALL.into_iter()), expected, "{lines:?}");
        }
        assert_eq!(
            accepted(&["br, gzip;q=0.1"]).choose([ContentCoding::Gzip].into_iter()),
            GZIP,
            "only what is offered"
        );
    }

    #[test]
    fn content_as_it_is_can_be_refused() {
        for (lines, expected) in [
            (&["identity;q=0"][..], true),
            (&["gzip, *;q=0"], true),
            (&["identity;q=0.001, *;q=0"], false),
            (&["gzip"], false),
            (&[], false),
        ] {
            assert_eq!(accepted(lines).refuses_plain(), expected, "{lines:?}");
        }
    }
}
