//! Part of the lottery workspace.
fn main() {}
