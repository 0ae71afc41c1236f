//! File that this process serves: as much of FUSE (`linux/fuse.h`) as a single file needs.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};

/// Content of the file. A `None` is an input/output error.
pub(crate) trait Answers {
    /// Returns the size in bytes.
    fn size(&self) -> u64;
    fn read(&self, offset: usize, len: usize) -> Option<Vec<u8>>;
    fn write(&self, offset: usize, bytes: &[u8]) -> Option<()>;
    fn sync(&self) -> Option<()>;
}

/// Options of a mount whose connection is standard input and whose root is a file.
pub(crate) const OPTIONS: &str = "fd=0,rootmode=100000,user_id=0,group_id=0";

/// Longest write, in pages; [`LONGEST`] is in bytes.
const PAGES: u16 = 32;
const LONGEST: u32 = PAGES as u32 * 4096;

const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const SETATTR: u32 = 4;
const OPEN: u32 = 14;
const READ: u32 = 15;
const WRITE: u32 = 16;
const RELEASE: u32 = 18;
const FSYNC: u32 = 20;
const FLUSH: u32 = 25;
const INIT: u32 = 26;
const INTERRUPT: u32 = 36;
const BATCH_FORGET: u32 = 42;

const EIO: i32 = 5;
const ENOSYS: i32 = 38;

/// Serves the requests of the kernel, until the file is not mounted any more.
pub(crate) fn serve(mut kernel: &File, file: &impl Answers) -> io::Result<()> {
    let mut request = vec![0; LONGEST as usize + 4096];
    loop {
        let len = match kernel.read(&mut request) {
            // The request has been interrupted.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Interrupted) => continue,
            len => len?,
        };
        let request = Request(&request[..len]);
        let Some(answer) = request.answer(file) else { continue };
        let (error, body) = answer.map_or_else(|error| (-error, Vec::new()), |body| (0, body));
        let mut reply = u32::try_from(16 + body.len()).expect("128 KiB at most").to_ne_bytes().to_vec();
        reply.extend(error.to_ne_bytes());
        reply.extend(request.u64_at(8).to_ne_bytes());
        reply.extend(body);
        match kernel.write_all(&reply) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            done => done?,
        }
    }
}

/// Request: a header of 40 bytes, and the arguments of its kind.
struct Request<'a>(&'a [u8]);

impl Request<'_> {
    fn u32_at(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.0[at..at + 4].try_into().expect("four bytes"))
    }

    fn u64_at(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.0[at..at + 8].try_into().expect("eight bytes"))
    }

    fn usize_at(&self, at: usize) -> usize {
        usize::try_from(self.u64_at(at)).expect("64 bits")
    }

    /// Returns the bytes behind the header of the reply, or the number of an error. `None` where there is no
    /// reply.
    fn answer(&self, file: &impl Answers) -> Option<Result<Vec<u8>, i32>> {
        let done = |done: Option<()>| done.map(|()| Vec::new()).ok_or(EIO);
        Some(match self.u32_at(4) {
            FORGET | BATCH_FORGET | INTERRUPT => return None,
            INIT => Ok(init()),
            GETATTR | SETATTR => Ok(attributes(file.size())),
            // A handle, and no flags: the kernel forgets what it has read of it.
            OPEN => Ok(vec![0; 16]),
            READ => file.read(self.usize_at(48), self.u32_at(56) as usize).ok_or(EIO),
            WRITE => {
                let len = self.u32_at(56);
                let written = file.write(self.usize_at(48), &self.0[80..80 + len as usize]);
                written.map(|()| [len.to_ne_bytes(), [0; 4]].concat()).ok_or(EIO)
            }
            FSYNC => done(file.sync()),
            RELEASE | FLUSH => done(Some(())),
            _ => Err(ENOSYS),
        })
    }
}

/// Returns the version in use, and the longest write.
fn init() -> Vec<u8> {
    const BIG_WRITES: u32 = 1 << 5;
    const MAX_PAGES: u32 = 1 << 22;
    // Version 7.31; read-ahead; flags; requests in the background; the longest write; the unit of times.
    let words = [7, 31, 0, BIG_WRITES | MAX_PAGES, 0, LONGEST, 1];
    let mut reply: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
    reply.extend(PAGES.to_ne_bytes());
    reply.resize(64, 0);
    reply
}

/// Returns the attributes of a file of root's with that size in bytes.
fn attributes(size: u64) -> Vec<u8> {
    const MODE: u32 = 0o100_600;
    let mut reply = vec![0; 104];
    reply[16..24].copy_from_slice(&1_u64.to_ne_bytes());
    reply[24..32].copy_from_slice(&size.to_ne_bytes());
    reply[32..40].copy_from_slice(&size.div_ceil(512).to_ne_bytes());
    reply[76..80].copy_from_slice(&MODE.to_ne_bytes());
    reply[80..84].copy_from_slice(&1_u32.to_ne_bytes());
    reply[96..100].copy_from_slice(&4096_u32.to_ne_bytes());
    reply
}
