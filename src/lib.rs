//! A bank's whole AI contact-centre chat in one executable.
//!
//! Rooms stand on floors, and a room uses only rooms on lower floors; `ARCHITECTURE.md` shows the house.

pub mod api;
pub mod authorities;
pub mod backup;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod edge;
pub mod eval;
pub mod knowledge;
pub mod llm;
pub mod nlu;
pub mod ops;
pub mod packed;
pub mod realtime;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod text;
