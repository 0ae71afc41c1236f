//! Proof of durability.

use super::{Group, Saved, Store, StoreError};

/// Proof that bets are durable: only a store that has returned gives one, and only with one can a request be
/// acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Durable(());

impl Durable {
    /// Loads the state of a store. All of it is durable.
    ///
    /// # Errors
    /// Fails as [`Store::load`] does.
    pub fn load<S: Store + ?Sized>(store: &mut S) -> Result<(Saved, Self), StoreError> {
        Ok((store.load()?, Self(())))
    }

    /// Commits a group. All of it is durable then.
    ///
    /// # Errors
    /// Fails as [`Store::commit`] does.
    pub fn commit<S: Store + ?Sized>(store: &mut S, group: &Group) -> Result<Self, StoreError> {
        store.commit(group)?;
        Ok(Self(()))
    }
}
