//! What an operator asks of an installation from the outside.

mod certificates;
mod destinations;
mod doctor;
mod models;

pub use certificates::Standing;
pub use certificates::judge;
pub use certificates::sites;
pub use doctor::Finding;
pub use doctor::Level;
pub use doctor::examine;
