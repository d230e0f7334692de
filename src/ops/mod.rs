//! What an operator asks of an installation from the outside.

mod certificates;
mod destinations;
mod doctor;
mod models;
mod release;

pub use certificates::Standing;
pub use certificates::judge;
pub use certificates::sites;
pub use doctor::Finding;
pub use doctor::Level;
pub use doctor::examine;
pub use release::KeyError;
pub use release::Release;
pub use release::ReleaseError;
pub use release::ReleaseKey;
pub use release::verify;
