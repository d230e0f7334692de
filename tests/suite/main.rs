//! Black-box suites of the running program, and the house rules.

mod tidy;
