//! Image with `nc`: busybox's own, or one made of this machine's busybox where no image can be pulled.

use std::env;
use std::process::Command;

use super::super::Error;
use super::super::engine::{docker, output};

const BUSYBOX: &str = "busybox:latest";

/// Name of the image that is made here.
const STAND_IN: &str = "lottery-test-netcat:latest";

/// Finds or makes the image; `None` if there is no busybox.
pub(super) fn image() -> Result<Option<String>, Error> {
    if let Ok(image) = env::var("NETCAT_IMAGE") {
        return Ok(Some(image));
    }
    for image in [BUSYBOX, STAND_IN] {
        if docker(["image", "inspect", image]).is_ok() {
            return Ok(Some(image.to_owned()));
        }
    }
    if docker(["pull", "--quiet", BUSYBOX]).is_ok() {
        return Ok(Some(BUSYBOX.to_owned()));
    }
    if output(Command::new("busybox").arg("true")).is_err() {
        return Ok(None);
    }
    let dir = tempfile::tempdir().map_err(|source| Error::File { path: env::temp_dir(), source })?;
    let script = format!(
        "mkdir bin && cp \"$(command -v busybox)\" bin/busybox && \
         for applet in true sh nc timeout cat echo sleep; do ln -s busybox bin/$applet; done && \
         tar -c bin | docker import --change 'ENV PATH=/bin' - {STAND_IN}"
    );
    output(Command::new("sh").args(["-ec", &script]).current_dir(dir.path()))?;
    // A dynamically linked busybox does not run in the image.
    Ok(docker(["run", "--rm", "--network", "none", STAND_IN, "true"]).ok().map(|_| STAND_IN.to_owned()))
}
