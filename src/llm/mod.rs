//! Language models behind OpenAI-compatible endpoints: who is asked, how long he is waited for, and what becomes of the others
//! meanwhile.
//!
//! The room knows no bank word beyond [`Masked`](crate::text::pii::Masked), the one kind of customer text it takes. It judges nothing
//! that a model says; `chat` does.
//!
//! Invariants: without an endpoint in the configuration no connection is ever opened. An endpoint never has more requests under
//! way than it is given permits, and a permit is given back when its [`Answering`] is dropped, whatever happened. A question
//! that waits is told its place, and never waits for endpoints that are all left out. What hangs fails like what breaks. A
//! request is repeated at most once, on another endpoint, and never after its first token or long thoughts. Each that is sent is
//! counted once, by how it ended.

mod admission;
mod answering;
mod breaker;
mod endpoint;
mod failure;
mod figures;
mod pool;
mod probe;
mod request;
mod stream;
mod thoughts;

pub use admission::LeftOut;
pub use answering::Answering;
pub use answering::Progress;
pub use answering::Usage;
pub use failure::Failure;
pub use failure::Refused;
pub use pool::EndpointState;
pub use pool::Pool;
pub use probe::Fault;
pub use probe::Offer;
pub use probe::examine;
pub use probe::unusable;
pub use request::Request;
pub use request::Said;
