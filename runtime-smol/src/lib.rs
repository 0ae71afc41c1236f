//! Part of the lottery workspace.
