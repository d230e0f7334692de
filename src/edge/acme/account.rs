//! The account at the authority: registered once, kept, and brought up to date when the configuration changes.

use std::path::PathBuf;

use instant_acme::Account;
use instant_acme::AccountCredentials;
use instant_acme::ExternalAccountKey;
use instant_acme::NewAccount;

use crate::clock::Clock;
use crate::config;
use crate::config::EmailAddress;
use crate::edge::acme::client::Client;
use crate::edge::acme::client::Heard;
use crate::edge::acme::error::AcmeError;
use crate::edge::acme::status::off_thread;
use crate::edge::acme::storage::Storage;
use crate::edge::acme::storage::StoredAccount;
use crate::telemetry::chain;

/// How the authority is reached, and as whom.
pub(super) struct Registrar {
    pub(super) settings: config::Acme,
    /// `settings.ca_file` as a path of this machine.
    pub(super) roots: Option<PathBuf>,
    pub(super) storage: Storage,
    pub(super) heard: Heard,
    pub(super) clock: Clock,
}

impl Registrar {
    /// The account as it was stored, after asking for the directory; `None` if there is none that is still ours.
    pub(super) async fn restore(&self) -> Result<Option<Account>, AcmeError> {
        let Some(stored) = self.stored().await else { return Ok(None) };
        let Ok(credentials) = serde_json::from_value::<AccountCredentials>(stored.credentials.clone()) else {
            tracing::warn!("the stored account at the authority is damaged; a new one will be registered");
            return Ok(None);
        };
        let account = Account::builder_with_http(self.client().await?).from_credentials(credentials).await;
        let account = account.map_err(AcmeError::asked("asking the authority for its directory"))?;
        if stored.contact != self.contact() {
            self.update_contact(&account, stored).await?;
        }
        Ok(Some(account))
    }

    /// The account, registered if need be.
    pub(super) async fn open(&self) -> Result<Account, AcmeError> {
        match self.restore().await? {
            Some(account) => Ok(account),
            None => self.register().await,
        }
    }

    /// Registers a new account, in place of one that is stored.
    pub(super) async fn register(&self) -> Result<Account, AcmeError> {
        let contact = self.contact();
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let account = NewAccount {
            contact: &contact,
            terms_of_service_agreed: self.settings.terms_agreed,
            only_return_existing: false,
        };
        let binding = self.settings.eab_key.as_ref();
        let binding = binding.map(|key| ExternalAccountKey::new(self.settings.eab_key_id.clone(), key.reveal()));
        let directory = self.settings.directory.as_str().to_owned();
        let builder = Account::builder_with_http(self.client().await?);
        let (account, credentials) = builder
            .create(&account, directory, binding.as_ref())
            .await
            .map_err(AcmeError::asked("registering an account with the authority"))?;
        let credentials = serde_json::to_value(&credentials)
            .map_err(|error| AcmeError::asked("keeping the account")(error.into()))?;
        self.store(credentials).await?;
        tracing::info!(directory = self.settings.directory.as_str(), "registered with the authority for certificates");
        Ok(account)
    }

    /// Reads the roots anew each time, so that a file that is put right needs no restart.
    async fn client(&self) -> Result<Box<Client>, AcmeError> {
        let (roots, heard, clock) = (self.roots.clone(), self.heard.clone(), self.clock.clone());
        let client = tokio::task::spawn_blocking(move || Client::new(roots.as_deref(), &heard, &clock)).await;
        client.unwrap_or_else(|error| Err(AcmeError::Client(format!("preparing TLS: {error}")))).map(Box::new)
    }

    /// The stored account, unless it belongs to another customer of the authority's, or to nobody.
    async fn stored(&self) -> Option<StoredAccount> {
        let storage = self.storage.clone();
        match off_thread(move || storage.account()).await {
            Ok(stored) => stored.filter(|stored| stored.eab_key_id == self.settings.eab_key_id),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the account at the authority was not read; a new one will be registered");
                None
            }
        }
    }

    async fn store(&self, credentials: serde_json::Value) -> Result<(), AcmeError> {
        let eab_key_id = self.settings.eab_key_id.clone();
        let (storage, account) =
            (self.storage.clone(), StoredAccount { contact: self.contact(), eab_key_id, credentials });
        Ok(off_thread(move || storage.put_account(&account)).await?)
    }

    async fn update_contact(&self, account: &Account, stored: StoredAccount) -> Result<(), AcmeError> {
        let contact = self.contact();
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        match account.update_contacts(&contact).await {
            Ok(()) => self.store(stored.credentials).await,
            Err(error) => {
                // An old address is no reason to be without a certificate.
                tracing::warn!(error = %chain(&error), "the authority did not take edge.acme.contact");
                Ok(())
            }
        }
    }

    fn contact(&self) -> Vec<String> {
        self.settings.contact.iter().map(EmailAddress::as_str).map(|address| format!("mailto:{address}")).collect()
    }
}
