//! What was done to the lottery, and how far into its code that went: counted, because a campaign in which a fault or
//! a branch never came about proves nothing.

use std::fmt::Write as _;

/// Names each variant, and counts them.
macro_rules! counted {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// In words.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

counted! {
    /// What goes wrong in the world.
    Fault {
        /// Both sides hear of it; what was on the way arrives up to any byte.
        Cut = "connection cut, with notice",
        /// Nothing arrives any more, and nobody hears of it.
        BlackHole = "connection lost, without notice",
        /// The process; what the system holds for it stays.
        KillCentre = "centre killed between two steps",
        /// Within a commit.
        KillInCommit = "centre killed while it commits",
        /// Of the centre: what is not synced is lost, or not, sector by sector.
        PowerCut = "power cut at the centre",
        /// In good order.
        StopCentre = "centre told to stop",
        /// The centre ends.
        FailSync = "sync fails",
        /// For a while.
        DiskFull = "disk full for a while",
        /// At any moment.
        KillAgency = "agency killed, restarted",
        /// In good order.
        StopAgency = "agency told to stop, restarted",
        /// Two processes for one agency.
        Twin = "second process for one agency",
        /// With another file.
        OtherFile = "process with another file",
        /// Of a process.
        Pause = "process paused",
        /// Of a process.
        ClockJump = "clock jumps forward",
    }
}

counted! {
    /// What has been seen.
    Mark {
        /// Welcome: 0.
        ResumeStart = "session begins at 0",
        /// Welcome: some.
        ResumeMiddle = "session resumes in the middle",
        /// Welcome: all.
        ResumeEnd = "session resumes behind the last bet",
        /// Welcome: finished.
        ResumeFinished = "session resumes finished",
        /// While it sends.
        SupersededSending = "superseded while sending",
        /// For the draw.
        SupersededWaiting = "superseded while waiting for the draw",
        /// Batch or Finished: storage.
        RefusedStorage = "refused: storage",
        /// What was in flight behind a refused batch.
        RefusedBehind = "refused: behind a refused batch",
        /// Error: shutting-down.
        ShuttingDown = "error: shutting down",
        /// Error: timeout.
        Timeout = "error: timeout",
        /// Error: storage.
        HelloStorage = "error or refusal: centre stores nothing",
        /// A session after a session.
        Reconnected = "agency reconnects by itself",
        /// Nobody listens.
        NotConnected = "no connection to be had",
        /// For too long.
        GivenUp = "agency gives up, restarted",
        /// Its digest.
        OtherDigest = "other file: digest differs",
        /// Its length.
        OtherShorter = "other file: shorter",
        /// Finished.
        OtherFinished = "other file: agency counts as finished",
        /// In a running centre.
        DrawInRun = "draw in a running centre",
        /// When a centre starts.
        DrawAtStart = "draw at the start of a centre",
        /// Tried again.
        DrawLater = "draw without room, later held",
        /// From what was stored.
        AnswersAfterRestart = "winners told by a later centre than drew",
        /// Of what was not acknowledged.
        GroupLost = "unacknowledged group lost",
        /// Of what was not acknowledged.
        GroupKept = "unacknowledged group kept",
        /// No start.
        StartFails = "centre cannot start",
        /// At the start.
        CsvCut = "bets.csv: torn tail cut",
        /// At the start.
        CsvAppended = "bets.csv: rows appended at the start",
        /// Without room.
        CsvBehind = "bets.csv: behind for a while",
        /// By the commit queue.
        QueueFull = "connection waits for room on the commit queue",
        /// Without a session.
        PlainDone = "agency without a session: done",
        /// Without a session.
        PlainLost = "agency without a session: cut off, goes on with one",
        /// By nobody.
        KeepAlive = "lost connection found by keepalive",
    }
}

/// Counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many seeds.
    pub seeds: u64,
    /// How many of them on the real store.
    pub real: u64,
    /// Steps.
    pub steps: u64,
    /// Seconds that passed in the simulated world.
    pub seconds: u64,
    /// By [`Fault`].
    pub faults: Vec<u64>,
    /// By [`Mark`].
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

    /// Adds another's counts.
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

    /// What never came about.
    pub fn missing(&self) -> Vec<&'static str> {
        let faults = Fault::ALL.iter().map(|fault| fault.text()).zip(&self.faults);
        let marks = Mark::ALL.iter().map(|mark| mark.text()).zip(&self.marks);
        faults.chain(marks).filter(|(_, count)| **count == 0).map(|(text, _)| text).collect()
    }

    /// As a table.
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
        let mut table = String::new();
        for (text, count) in lines {
            let _ = writeln!(table, "{text:<56} {count:>12}");
        }
        table
    }
}
