//! Standard output as the destination of log lines.

use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Sink;

/// Standard output, written to without the buffer and the lock that the whole process shares: a thread that
/// waits here blocks no other.
#[derive(Debug)]
pub struct StandardOutput(std::fs::File);

impl StandardOutput {
    /// Returns the standard output of this process.
    ///
    /// # Errors
    ///
    /// No descriptor is free.
    pub fn new() -> io::Result<Self> {
        let descriptor: OwnedFd = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Self(descriptor.into()))
    }
}

impl Sink for StandardOutput {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.write(lines) {
                // Another process that shares the descriptor may have made it non-blocking.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => _ = wait(&self.0, None),
                result => return result,
            }
        }
    }
}

/// True if some bytes can be written to a descriptor without blocking, within `limit`. A write that would
/// fail at once counts.
pub fn writable(descriptor: impl AsFd, limit: Duration) -> bool {
    wait(&descriptor, Timespec::try_from(limit).ok())
}

fn wait(descriptor: &impl AsFd, limit: Option<Timespec>) -> bool {
    // A descriptor that cannot be polled counts as writable: the write reports the error.
    poll(&mut [PollFd::new(descriptor, PollFlags::OUT)], limit.as_ref()) != Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_full_pipe_cannot_be_written_to_until_somebody_reads_or_nobody_can() {
        let (mut reader, mut writer) = io::pipe().unwrap();
        assert!(writable(&writer, Duration::ZERO));
        while writable(&writer, Duration::ZERO) {
            writer.write_all(&[b'.'; 4096]).unwrap();
        }
        reader.read_exact(&mut [0; 4096]).unwrap();
        assert!(writable(&writer, Duration::ZERO));
        writer.write_all(&[b'.'; 4096]).unwrap();
        drop(reader);
        assert!(writable(&writer, Duration::ZERO), "it fails at once");
    }

    #[test]
    fn a_pipe_that_does_not_block_is_waited_for() {
        let (mut reader, writer) = io::pipe().unwrap();
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        let mut output = StandardOutput(OwnedFd::from(writer).into());
        let reading = std::thread::spawn(move || {
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            read.len()
        });
        let mut written = 0;
        while written < 1 << 20 {
            written += output.write(&[b'.'; 1 << 14]).unwrap();
        }
        drop(output);
        assert_eq!(reading.join().unwrap(), written);
    }
}
