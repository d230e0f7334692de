//! The edge server: connections in, requests out, and everything a reverse proxy would do in between.
//!
//! One connection: [`Listener`] accepts it within its limits, HTTP is read with time limits, and each request runs
//! through [`wrap`]: a request id, the response's common headers, compression, one shape for errors, one line of log.
//!
//! Invariants: a connection counts against its limits until it is really closed, upgraded ones included; nothing
//! waits for a silent client for longer than its time limit; every refusal leaves as a [`Problem`].
//!
//! The room knows no word of the bank: it could front another axum application (design D12).

mod access_log;
mod assets;
mod client;
mod compression;
mod connections;
mod listener;
mod pipeline;
mod problem;
mod request_id;

pub use assets::Asset;
pub use assets::Assets;
pub use client::ClientAddress;
pub use connections::ConnectionPermit;
pub use listener::End;
pub use listener::Listener;
pub use pipeline::Application;
pub use pipeline::wrap;
pub use problem::Problem;
pub use request_id::RequestId;
