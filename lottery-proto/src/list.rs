//! A list of winners that is sent in pieces.

/// How long a list of winners is. It says so before the first of its documents is sent, as some wires do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListSize {
    /// How many documents it has.
    pub documents: u64,
    /// How many bytes they have together.
    pub bytes: u64,
    /// How many bytes the longest of them has.
    pub longest: usize,
}

impl ListSize {
    /// The size of a list of these documents.
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a str>) -> Self {
        let mut size = Self::default();
        documents.into_iter().for_each(|document| size.add(document));
        size
    }

    /// Counts one document more.
    pub fn add(&mut self, document: &str) {
        self.documents += 1;
        self.bytes += document.len() as u64;
        self.longest = self.longest.max(document.len());
    }

    /// How many bytes there are with a separator between each two.
    pub(crate) fn separated(&self) -> u64 {
        self.bytes.saturating_add(self.documents.saturating_sub(1))
    }
}

/// A list of which a part is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing {
    size: ListSize,
    /// What is still to come.
    rest: ListSize,
}

/// Some documents of a list, and where in it they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The size of the whole list.
    pub(crate) size: ListSize,
    /// The list begins with them.
    pub(crate) first: bool,
    /// The list ends with them.
    pub(crate) last: bool,
}

impl Part {
    /// All of a list.
    pub(crate) const fn whole(size: ListSize) -> Self {
        Self { size, first: true, last: true }
    }
}

impl Listing {
    pub(crate) const fn new(size: ListSize) -> Self {
        Self { size, rest: size }
    }

    /// The part that documents of that size are, if they come next.
    pub(crate) fn part(&self, next: &ListSize) -> Result<Part, ListError> {
        let fits = next.longest <= self.rest.longest && next.bytes <= self.rest.bytes;
        let last = next.documents == self.rest.documents;
        if !fits || next.documents > self.rest.documents || (last && next.bytes < self.rest.bytes) {
            return Err(ListError::OtherSize);
        }
        let first = self.rest == self.size;
        Ok(Part { size: self.size, first, last })
    }

    /// Documents of that size, which are a [`Listing::part`], were taken.
    pub(crate) fn taken(&mut self, next: &ListSize) {
        self.rest.documents = self.rest.documents.saturating_sub(next.documents);
        self.rest.bytes = self.rest.bytes.saturating_sub(next.bytes);
    }
}

/// Why documents of a list were not taken. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// No list is being sent.
    #[error("no list of winners is being sent")]
    NoList,
    /// They are not those that were announced.
    #[error("the list of winners has another size than was announced")]
    OtherSize,
}
