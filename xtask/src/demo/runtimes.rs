//! Runtimes of the processes.

use std::fmt;
use std::str::FromStr;

/// Runtime that has programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runtime {
    Tokio,
    Std,
    Smol,
    AsyncStd,
}

impl Runtime {
    const ALL: [Self; 4] = [Self::Tokio, Self::Std, Self::Smol, Self::AsyncStd];

    /// Returns the runtime's name, as in the names of the programs.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Std => "std",
            Self::Smol => "smol",
            Self::AsyncStd => "async-std",
        }
    }

    /// Returns the feature that the runtime's programs need.
    pub(super) fn feature(self) -> Option<&'static str> {
        (self == Self::AsyncStd).then_some("runtime-smol/async-std")
    }
}

/// Runtime of the server, and runtimes of the agencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Runtimes {
    server: Runtime,
    /// Runtimes that the agencies use in turn; never empty.
    clients: Vec<Runtime>,
}

impl Runtimes {
    /// Returns the server's runtime.
    pub(super) fn server(&self) -> Runtime {
        self.server
    }

    /// Returns the runtime of an agency. Agencies are numbered from 1.
    pub(super) fn client(&self, agency: u8) -> Runtime {
        self.clients[usize::from(agency - 1) % self.clients.len()]
    }

    /// Returns the names of the runtimes that the first `agencies` agencies use, in the order of their first
    /// use.
    pub(super) fn of_agencies(&self, agencies: u8) -> String {
        let used = self.clients.iter().take(agencies.into());
        used.map(|runtime| runtime.name()).collect::<Vec<_>>().join(", ")
    }
}

impl FromStr for Runtimes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let runtime = |name: &str| Runtime::ALL.into_iter().find(|runtime| runtime.name() == name);
        let named: Option<Vec<Runtime>> = text.split(',').map(runtime).collect();
        match named.as_deref() {
            Some(&[both]) => Ok(Self { server: both, clients: vec![both] }),
            Some([server, clients @ ..]) => Ok(Self { server: *server, clients: clients.to_vec() }),
            _ => Err("expected tokio, std, smol or async-std, or several of them with commas between".into()),
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_runtime_is_for_all_and_the_first_of_several_for_the_server() {
        let one: Runtimes = "async-std".parse().unwrap();
        assert_eq!(
            (one.server(), one.client(1), one.client(255)),
            (Runtime::AsyncStd, one.server, one.server)
        );
        let mixed: Runtimes = "tokio,smol,std".parse().unwrap();
        assert_eq!(mixed.server(), Runtime::Tokio);
        assert_eq!(
            [1, 2, 3].map(|agency| mixed.client(agency)),
            [Runtime::Smol, Runtime::Std, Runtime::Smol]
        );
        assert_eq!((mixed.of_agencies(1), mixed.of_agencies(5)), ("smol".into(), "smol, std".into()));
        for wrong in ["", "Tokio", "tokio,", "tokio, smol", "glommio"] {
            assert!(wrong.parse::<Runtimes>().is_err(), "{wrong:?}");
        }
    }
}
