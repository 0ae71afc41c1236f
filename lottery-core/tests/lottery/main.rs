//! The lottery's own logic, stepped by hand: no sockets, no threads, and time that is made up.

mod accepting;
mod asking;
mod callers;
mod calls;
mod committer;
mod desk;
mod dialling;
mod digests;
mod draw;
mod failures;
mod fences;
mod limits;
mod many;
mod more_winners;
mod names;
mod reasons;
mod sessions;
mod shares;
mod support;
mod thin_line;
mod told;
mod waiting;
mod whole;
mod wires;
mod world;
