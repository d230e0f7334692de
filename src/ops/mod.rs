//! What an operator asks of an installation from the outside.

mod certificates;
mod destinations;
mod doctor;
mod durability;
mod earlier_settings;
mod models;
mod moving;
mod release;

pub use certificates::Standing;
pub use certificates::judge;
pub use certificates::sites;
pub use doctor::Finding;
pub use doctor::Level;
pub use doctor::examine;
pub use earlier_settings::EarlierSettings;
pub use earlier_settings::Outcome;
pub use earlier_settings::WriteError;
pub use earlier_settings::Written;
pub use moving::MovingError;
pub use moving::MovingReport;
pub use moving::Progress;
pub use moving::move_in;
pub use release::KeyError;
pub use release::Release;
pub use release::ReleaseError;
pub use release::ReleaseKey;
pub use release::verify;
