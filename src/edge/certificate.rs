//! What a certificate says of itself.

use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use serde::Serialize;
use time::Date;
use time::OffsetDateTime;
use time::serde::rfc3339;
use x509_parser::extensions::GeneralName;

/// What is in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// Host names and IP addresses it is for.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// Its serial number, in hexadecimal digits.
    pub serial: String,
    /// When it begins to be valid.
    #[serde(with = "rfc3339")]
    pub not_before: OffsetDateTime,
    /// When it ends to be valid.
    #[serde(with = "rfc3339")]
    pub not_after: OffsetDateTime,
}

/// Why clients do not take a certificate; reads on after what it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("has expired on {0}")]
    Over(Date),
    #[error("is not valid before {0}")]
    Early(Date),
    /// With the names it is not for.
    #[error("is not for {0}")]
    WrongNames(String),
}

impl CertificateFacts {
    /// Reads a certificate. One that says in no readable way which names it is for is for none.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Result<Self, String> {
        let (_, certificate) =
            x509_parser::parse_x509_certificate(certificate).map_err(|error| format!("the certificate: {error}"))?;
        let alternatives = certificate.subject_alternative_name().ok().flatten();
        let alternatives = alternatives.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
        let validity = certificate.validity();
        Ok(Self {
            names: alternatives.iter().filter_map(name_in).collect(),
            issuer: certificate.issuer().to_string(),
            serial: certificate.raw_serial_as_string().replace(':', ""),
            not_before: validity.not_before.to_datetime(),
            not_after: validity.not_after.to_datetime(),
        })
    }

    /// Why clients do not take it for these names now, if they do not.
    pub(super) fn fault(&self, names: &[String], now: OffsetDateTime) -> Option<Fault> {
        if self.not_after <= now {
            return Some(Fault::Over(self.not_after.date()));
        }
        if self.not_before > now {
            return Some(Fault::Early(self.not_before.date()));
        }
        let missing = self.names_missing(names);
        (!missing.is_empty()).then(|| Fault::WrongNames(missing.join(", ")))
    }

    /// Those of `names` that it is not for.
    pub(super) fn names_missing(&self, names: &[String]) -> Vec<String> {
        let is_covered = |name: &&String| self.names.iter().any(|covered| covers(covered, name));
        names.iter().filter(|name| !is_covered(name)).cloned().collect()
    }
}

/// In small letters; `None` for what is neither a host name nor an address.
fn name_in(general: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::DNSName(name) = general {
        return Some(name.to_ascii_lowercase());
    }
    let GeneralName::IPAddress(bytes) = general else { return None };
    let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
    let address = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
    address.ok().map(|address| address.to_string())
}

/// Whether a certificate's name is for a name: the same, or a wildcard for the first label of a host name (RFC 9525 §6.3).
fn covers(covered: &str, name: &str) -> bool {
    if let Ok(address) = name.parse::<IpAddr>() {
        return covered.parse() == Ok(address);
    }
    let parent = name.split_once('.').map(|(_, parent)| parent);
    name == covered || covered.strip_prefix("*.").is_some_and(|wild| parent == Some(wild))
}

#[cfg(test)]
mod tests {
    use rcgen::CertificateParams;
    use rcgen::KeyPair;
    use rcgen::date_time_ymd;

    use super::*;

    #[test]
    fn a_certificate_says_which_names_it_is_for() {
        let names = ["Chat.bank.example", "*.branch.example", "192.0.2.7", "2001:db8::1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2026, 4, 1));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let facts = CertificateFacts::of(certificate.der()).unwrap();
        assert_eq!(facts.names, ["chat.bank.example", "*.branch.example", "192.0.2.7", "2001:db8::1"]);
        assert_eq!((facts.not_before, facts.not_after), (params.not_before, params.not_after));
        for (name, is_covered) in [
            ("chat.bank.example", true),
            ("www.bank.example", false),
            ("bank.example", false),
            ("a.branch.example", true),
            ("*.branch.example", true),
            ("a.b.branch.example", false),
            ("branch.example", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8:0::1", true),
            ("2001:db8::2", false),
        ] {
            assert_eq!(facts.names_missing(&[name.to_owned()]).is_empty(), is_covered, "{name}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_told() {
        assert!(CertificateFacts::of(&CertificateDer::from(vec![0x30, 0])).unwrap_err().contains("the certificate: "));
    }
}
