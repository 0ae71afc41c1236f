//! Certificates, machines, and what joins them.

pub(crate) mod certificates;
pub(crate) mod machines;
pub(crate) mod pair;
pub(crate) mod raw;
