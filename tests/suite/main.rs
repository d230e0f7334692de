//! Black-box suites: each test boots the server on a free port with its own database and talks HTTP and WebSocket.
//!
//! Every suite runs on SQLite and on a private MariaDB that the process starts for itself and takes with it when it
//! ends. `BANK_AICC_TEST_STORES=sqlite` leaves MariaDB out.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it should be")]

#[macro_use]
mod support;

mod access_log;
mod acme;
mod acme_program;
mod additions;
mod backup;
mod backup_damaged;
mod backup_encrypted;
mod backup_interrupted;
mod backup_schedule;
mod bundle;
mod closed_network;
mod compression;
mod contract_http;
mod contract_sessions;
mod contract_socket;
mod conversation;
mod description;
mod doctor;
mod durability;
mod error_pages;
mod files;
mod follow_ups;
mod framing;
mod hostile;
mod https;
mod import;
mod limits;
mod model_answers;
mod model_attacks;
mod model_breaker;
mod model_budget;
mod model_doctor;
mod model_eval;
mod model_failover;
mod model_planted;
mod model_prompts;
mod model_record;
mod model_roles;
mod model_server;
mod model_server_failures;
mod model_stored;
mod model_stream;
mod model_switch;
mod model_takeover;
mod moving_in;
mod moving_in_broken_off;
mod moving_in_settings;
mod outage;
mod ownership;
mod pace;
mod parts;
mod process;
mod protection;
mod retention;
mod reverse_proxy;
mod reverse_proxy_failures;
mod reverse_proxy_sockets;
mod running;
mod screens;
mod status;
mod tidy;
mod typing;
