//! Who the bank's web site says its customer is, and whether it was the bank that said so (`docs/embedding.md`).

use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use serde::Serialize;
use sha2::Sha256;
use utoipa::ToSchema;

use crate::api::error::ApiError;
use crate::config::Secret;
use crate::domain::CustomerReference;

/// Who the bank's web site says the customer is.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedCustomer {
    /// The bank's own word for the customer, at most 256 characters, opaque to this server.
    pub reference: String,
    /// HMAC-SHA256 over the UTF-8 bytes of `reference` with the key of `web.customer_key_file`, as 64 hexadecimal digits.
    pub signature: String,
}

impl SignedCustomer {
    /// The customer, if the bank signed him; `None` where no key is configured, since nobody can tell then.
    ///
    /// # Errors
    /// When the reference cannot be one, or the signature is not the bank's.
    pub fn checked(&self, key: Option<&Secret<String>>) -> Result<Option<CustomerReference>, ApiError> {
        let invalid = |reason| ApiError::InvalidId { field: "customer.reference", reason };
        let reference = CustomerReference::parse(&self.reference).map_err(invalid)?;
        let Some(key) = key else { return Ok(None) };
        let signature = hex::decode(&self.signature).map_err(|_| ApiError::SignatureWrong)?;
        // A key of any length is one (RFC 2104), and the comparison takes as long wherever the difference is.
        let mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).map_err(|_| ApiError::SignatureWrong)?;
        mac.chain_update(&self.reference).verify_slice(&signature).map_err(|_| ApiError::SignatureWrong)?;
        Ok(Some(reference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 4231, whose key is shorter than we would configure.
    const REFERENCE: &str = "what do ya want for nothing?";
    const SIGNATURE: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn checked(reference: &str, signature: &str, key: Option<&str>) -> Result<Option<String>, ApiError> {
        let customer = SignedCustomer { reference: reference.to_owned(), signature: signature.to_owned() };
        let key = key.map(|key| Secret::new(key.to_owned()));
        customer.checked(key.as_ref()).map(|reference| reference.map(|it| it.as_str().to_owned()))
    }

    #[test]
    fn a_reference_is_the_customer_once_the_bank_signed_it() {
        for signature in [SIGNATURE, &SIGNATURE.to_ascii_uppercase()] {
            assert_eq!(checked(REFERENCE, signature, Some("Jefe")).unwrap().as_deref(), Some(REFERENCE));
        }
        assert_eq!(checked(REFERENCE, SIGNATURE, None).unwrap(), None);
    }

    #[test]
    fn any_other_signature_is_refused() {
        let changed = SIGNATURE.replace("5bdc", "5bdd");
        for (reference, signature, key) in [
            (REFERENCE, changed.as_str(), "Jefe"),
            ("what do ya want for nothing", SIGNATURE, "Jefe"),
            (REFERENCE, SIGNATURE, "jefe"),
            (REFERENCE, &SIGNATURE[..62], "Jefe"),
            (REFERENCE, &SIGNATURE[..63], "Jefe"),
            (REFERENCE, "", "Jefe"),
            (REFERENCE, &"가".repeat(32), "Jefe"),
        ] {
            let outcome = checked(reference, signature, Some(key));
            assert!(matches!(outcome, Err(ApiError::SignatureWrong)), "{reference} {signature} {key}: {outcome:?}");
        }
        assert!(matches!(checked("a\nb", SIGNATURE, Some("Jefe")), Err(ApiError::InvalidId { .. })));
    }
}
