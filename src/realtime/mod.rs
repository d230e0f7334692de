//! Who hears what happens in a conversation, at once.
//!
//! A [`Hub`] delivers each published event to every subscriber of its topic, in order. Delivery never waits: a
//! subscriber whose queue is full is cut (its stream ends), because a slow reader may not slow the others, and what it
//! missed it reads from the store by message id when it comes back (design D3).
//!
//! The room knows neither what an event says nor who listens.

mod hub;

pub use hub::Hub;
pub use hub::Subscription;
