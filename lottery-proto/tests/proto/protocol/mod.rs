//! Tests that `docs/protocol.md` and the code agree: examples byte for byte, tables, texts, headings that
//! code cites.

mod citations;
mod detection;
mod document;
mod errors;
mod examples;
mod tables;
