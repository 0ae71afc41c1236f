//! Lists of winners that are sent in parts.

/// Size of a list of winners. It is given before the first document, because some dialects send it first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListSize {
    /// Number of documents.
    pub documents: u64,
    /// Length of all documents together, in bytes.
    pub bytes: u64,
    /// Length of the longest document, in bytes.
    pub longest: usize,
}

impl ListSize {
    /// Returns the size of a list of these documents.
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a str>) -> Self {
        let mut size = Self::default();
        documents.into_iter().for_each(|document| size.add(document));
        size
    }

    /// Adds one document.
    pub fn add(&mut self, document: &str) {
        self.documents += 1;
        self.bytes += document.len() as u64;
        self.longest = self.longest.max(document.len());
    }

    /// Returns the length with a one-byte separator between each two documents, in bytes.
    pub fn separated(&self) -> u64 {
        self.bytes.saturating_add(self.documents.saturating_sub(1))
    }
}

/// List of which a part has been sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing {
    size: ListSize,
    /// Size of the part that is still to come.
    rest: ListSize,
}

/// Position of some documents in their list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Size of the whole list.
    pub size: ListSize,
    /// True if the list begins with these documents.
    pub first: bool,
    /// True if the list ends with these documents.
    pub last: bool,
}

impl Part {
    /// Returns the part that is the whole list.
    pub const fn whole(size: ListSize) -> Self {
        Self { size, first: true, last: true }
    }
}

impl Listing {
    pub(crate) const fn new(size: ListSize) -> Self {
        Self { size, rest: size }
    }

    /// Returns the position of documents of that size, if they come next.
    ///
    /// # Errors
    /// [`ListError::OtherSize`] if they do not fit the announced size.
    pub(crate) fn part(&self, next: &ListSize) -> Result<Part, ListError> {
        let fits = next.longest <= self.rest.longest && next.bytes <= self.rest.bytes;
        let last = next.documents == self.rest.documents;
        if !fits || next.documents > self.rest.documents || (last && next.bytes < self.rest.bytes) {
            return Err(ListError::OtherSize);
        }
        Ok(Part { size: self.size, first: !self.is_begun(), last })
    }

    /// True if a part has been sent.
    pub(crate) fn is_begun(&self) -> bool {
        self.rest != self.size
    }

    /// Counts documents of that size, for which [`Listing::part`] succeeded, as sent.
    pub(crate) fn taken(&mut self, next: &ListSize) {
        self.rest.documents = self.rest.documents.saturating_sub(next.documents);
        self.rest.bytes = self.rest.bytes.saturating_sub(next.bytes);
    }
}

/// Reasons for which documents of a list were not taken. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// No list is being sent.
    #[error("no list of winners is being sent")]
    NoList,
    /// The documents do not agree with the announced size.
    #[error("the list of winners has another size than was announced")]
    OtherSize,
}
