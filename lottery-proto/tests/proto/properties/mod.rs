//! Properties that hold for any input: any bytes, any calls, any pipe between two machines.

mod any_order;
mod anything;
mod pair;
