//! What an operator asks of an installation from the outside.

mod destinations;
mod doctor;

pub use doctor::Finding;
pub use doctor::Level;
pub use doctor::examine;
