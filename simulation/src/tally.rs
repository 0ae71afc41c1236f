//! Counts of faults and of branches reached: a campaign in which one of them never occurred proves nothing.

use lottery_testkit::table;

/// Defines an enum with a text for each variant, and a list of them.
macro_rules! counted {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            /// All variants.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the text of the variant.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

counted! {
    /// Fault of the simulated world.
    Fault {
        /// Connection cut, with notice to both sides; bytes on the way arrive up to any point.
        Cut = "connection cut, with notice",
        /// Connection lost without notice: nothing arrives any more.
        BlackHole = "connection lost, without notice",
        /// Kill of the server's process; its writes stay, synced or not.
        KillServer = "server killed between two steps",
        /// Kill within a commit.
        KillInCommit = "server killed while it commits",
        /// Power cut at the server: sectors that are not synced are lost or kept, one by one.
        PowerCut = "power cut at the server",
        /// Stop in good order.
        StopServer = "server told to stop",
        /// Failed sync, which ends the server.
        FailSync = "sync fails",
        /// Full disk, for a while.
        DiskFull = "disk full for a while",
        /// Kill at any moment.
        KillClient = "client killed, restarted",
        /// Stop in good order.
        StopClient = "client told to stop, restarted",
        /// Two processes for one agency.
        Twin = "second process for one agency",
        /// Process with another file.
        OtherFile = "process with another file",
        /// Pause of a process.
        Pause = "process paused",
        /// Jump of a process's clock.
        ClockJump = "clock jumps forward",
    }
}

counted! {
    /// Observation.
    Mark {
        /// Welcome with 0 bets.
        ResumeStart = "session begins at 0",
        /// Welcome with some bets.
        ResumeMiddle = "session resumes in the middle",
        /// Welcome with all bets.
        ResumeEnd = "session resumes behind the last bet",
        /// Welcome of a finished agency.
        ResumeFinished = "session resumes finished",
        /// Session superseded while it sends.
        SupersededSending = "superseded while sending",
        /// Session superseded while it waits for the draw.
        SupersededWaiting = "superseded while waiting for the draw",
        /// Batch or Finished rejected for storage.
        RejectedStorage = "refused: storage",
        /// Batch rejected that was in flight behind a rejected one.
        RejectedBehind = "refused: behind a refused batch",
        /// Error `shutting-down`.
        ShuttingDown = "error: shutting down",
        /// Error `timeout`.
        Timeout = "error: timeout",
        /// Error or rejection for storage, of a store that has failed.
        HelloStorage = "error or refusal: server stores nothing",
        /// Further connection of a process.
        Reconnected = "agency reconnects by itself",
        /// Connecting to a server that does not listen.
        NotConnected = "no connection to be had",
        /// Agency that gives up after it has tried for too long.
        GivenUp = "agency gives up, restarted",
        /// Other file, found by its digest.
        OtherDigest = "other file: digest differs",
        /// Other file, found by its length.
        OtherShorter = "other file: shorter",
        /// Other file of a finished agency.
        OtherFinished = "other file: agency counts as finished",
        /// Draw in a running server.
        DrawInRun = "draw in a running server",
        /// Draw at the start of a server.
        DrawAtStart = "draw at the start of a server",
        /// Draw without room, tried again.
        DrawLater = "draw without room, later held",
        /// Winners from a stored draw.
        AnswersAfterRestart = "winners told by a later server than drew",
        /// Unacknowledged group, lost in a power cut.
        GroupLost = "unacknowledged group lost",
        /// Unacknowledged group, kept in a power cut.
        GroupKept = "unacknowledged group kept",
        /// Start that fails.
        StartFails = "server cannot start",
        /// Torn tail of `bets.csv`, cut at the start.
        CsvCut = "bets.csv: torn tail cut",
        /// Rows appended to `bets.csv` at the start.
        CsvAppended = "bets.csv: rows appended at the start",
        /// `bets.csv` that is behind for want of room.
        CsvBehind = "bets.csv: behind for a while",
        /// Connection that waits for room on the commit queue.
        QueueFull = "connection waits for room on the commit queue",
        /// Agency without a session that is done.
        PlainDone = "agency without a session: done",
        /// Agency without a session that is cut off, and goes on with one.
        PlainLost = "agency without a session: cut off, goes on with one",
        /// Lost connection that keepalive finds.
        KeepAlive = "lost connection found by keepalive",
    }
}

/// Counts of faults and marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Number of seeds.
    pub seeds: u64,
    /// Number of seeds on the real store.
    pub real: u64,
    /// Number of steps.
    pub steps: u64,
    /// Seconds that passed in the simulated world.
    pub seconds: u64,
    /// Counts by [`Fault`].
    pub faults: Vec<u64>,
    /// Counts by [`Mark`].
    pub marks: Vec<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        let (faults, marks) = (vec![0; Fault::ALL.len()], vec![0; Mark::ALL.len()]);
        Self { seeds: 0, real: 0, steps: 0, seconds: 0, faults, marks }
    }
}

impl Tally {
    /// Counts a fault.
    pub fn fault(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
    }

    /// Counts a mark.
    pub fn mark(&mut self, mark: Mark) {
        self.marks[mark as usize] += 1;
    }

    /// Adds the counts of another tally.
    pub fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.real += other.real;
        self.steps += other.steps;
        self.seconds += other.seconds;
        for (sum, more) in self.faults.iter_mut().zip(&other.faults) {
            *sum += more;
        }
        for (sum, more) in self.marks.iter_mut().zip(&other.marks) {
            *sum += more;
        }
    }

    /// Returns the texts of the faults and marks that never occurred.
    pub fn missing(&self) -> Vec<&'static str> {
        let faults = Fault::ALL.iter().map(|fault| fault.text()).zip(&self.faults);
        let marks = Mark::ALL.iter().map(|mark| mark.text()).zip(&self.marks);
        faults.chain(marks).filter(|(_, count)| **count == 0).map(|(text, _)| text).collect()
    }

    /// Returns the counts as a table.
    pub fn table(&self) -> String {
        let mut lines = vec![
            ("seeds".to_owned(), self.seeds),
            ("  on the real store".to_owned(), self.real),
            ("steps".to_owned(), self.steps),
            ("simulated seconds".to_owned(), self.seconds),
            ("faults".to_owned(), self.faults.iter().sum()),
        ];
        let faults = Fault::ALL.iter().map(|fault| fault.text()).zip(&self.faults);
        lines.extend(faults.map(|(text, count)| (format!("  {text}"), *count)));
        lines.push(("marks".to_owned(), self.marks.iter().sum()));
        let marks = Mark::ALL.iter().map(|mark| mark.text()).zip(&self.marks);
        lines.extend(marks.map(|(text, count)| (format!("  {text}"), *count)));
        table(["", ">count"], lines.into_iter().map(|(text, count)| [text, count.to_string()]))
    }
}
