//! `cargo xtask images`: the image made from programs built on this machine, where no image can be pulled.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use lottery_testkit::process::target_dir;

use super::engine::{docker, output, status};
use super::{Error, IMAGE, root};

const RUNTIMES: [&str; 3] = ["tokio", "std", "smol"];

/// User and group that own the server's data, as in the Dockerfile.
const OWNER: &str = "65532";

/// Arguments of `cargo xtask images`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Directory of the six programs, static; without this they are built
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Make server:latest and client:latest from it, too
    #[arg(long)]
    course: bool,
}

impl Args {
    /// Arguments for the image alone, without those of the course, from the programs in a directory if one is
    /// given.
    pub(super) fn new(programs: Option<PathBuf>) -> Self {
        Self { programs, course: false }
    }
}

/// Makes the image, and with `--course` those of the course.
///
/// # Errors
///
/// [`Error`] if the programs or the image cannot be built.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let version = super::engine::version()?;
    let programs = match &args.programs {
        Some(dir) => dir.clone(),
        None => build()?,
    };
    let mut made = vec![IMAGE];
    make(&programs)?;
    if args.course {
        for image in ["server", "client"] {
            course(&root().join("docker/tp0"), image)?;
        }
        made.extend(["server:latest", "client:latest"]);
    }
    let mut report = format!("Made by Docker {version}:\n");
    for image in made {
        let size: f64 = docker(["image", "inspect", "-f", "{{.Size}}", image])?.parse().unwrap_or(f64::NAN);
        writeln!(report, "{image}: {:.1} MB", size / 1e6).expect("a string takes every text");
    }
    io::stdout().write_all(report.as_bytes()).map_err(Error::Report)
}

/// Builds the static programs of all runtimes. cargo shows its progress.
///
/// The target is named although it is the host: otherwise the flags would apply to build scripts and macros,
/// too.
fn build() -> Result<PathBuf, Error> {
    let rustc = output(Command::new("rustc").arg("-vV"))?;
    let rustc = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host =
        rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("x86_64-unknown-linux-gnu");
    let target = target_dir().map_err(|source| Error::Run { program: "cargo".into(), source })?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).env("RUSTFLAGS", "-C target-feature=+crt-static");
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    cargo.args(["build", "--locked", "--release", "--bins", "--target", host, "--target-dir"]).arg(&target);
    status(cargo.args(RUNTIMES.iter().flat_map(|runtime| ["-p".to_owned(), format!("runtime-{runtime}")])))?;
    Ok(target.join(host).join("release"))
}

/// Makes the image from the programs in a directory.
///
/// The build context holds them as an archive, in which the data directory can be empty and have its owner.
fn make(programs: &Path) -> Result<(), Error> {
    let context = tempfile::Builder::new().prefix("lottery-image-").tempdir();
    let context = context.map_err(|source| Error::File { path: env::temp_dir(), source })?;
    let file = |path: PathBuf| move |source| Error::File { path, source };
    let (bin, data) = (context.path().join("rootfs/bin"), context.path().join("rootfs/data"));
    for dir in [&bin, &data] {
        fs::create_dir_all(dir).map_err(file(dir.clone()))?;
    }
    for runtime in RUNTIMES {
        for program in ["server", "client"].map(|role| format!("lottery-{role}-{runtime}")) {
            let from = programs.join(&program);
            fs::copy(&from, bin.join(&program)).map_err(file(from))?;
        }
    }
    for license in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let from = root().join(license);
        fs::copy(&from, context.path().join(license)).map_err(file(from))?;
    }
    let tar = |action: &str, owner: &str, mode: &str, dir: &str| {
        let mut tar = Command::new("tar");
        tar.current_dir(context.path()).args([
            action,
            "rootfs.tar",
            "--owner",
            owner,
            "--group",
            owner,
            mode,
        ]);
        output(tar.args(["--numeric-owner", "--mtime=@0", "--sort=name", "-C", "rootfs", dir]))
    };
    tar("-cf", "0", "--mode=755", "bin")?;
    tar("-rf", OWNER, "--mode=700", "data")?;
    fs::remove_dir_all(context.path().join("rootfs")).map_err(file(bin))?;

    let revision = output(Command::new("git").current_dir(root()).args(["rev-parse", "HEAD"]));
    let revision = revision
        .map_or_else(|_| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    let dockerfile = root().join("docker/Dockerfile");
    let mut build = Command::new("docker");
    build.args(["build", "--quiet", "--target", "prebuilt", "--tag", IMAGE, "--file"]).arg(dockerfile);
    build.args(["--build-arg", &format!("REVISION={}", revision.trim())]);
    build.args(["--build-arg", concat!("VERSION=", env!("CARGO_PKG_VERSION"))]);
    output(build.arg(context.path())).map(drop)
}

/// Makes one of the course's two images, `server` or `client`, in a directory laid out as the course's
/// repository.
pub(super) fn course(dir: &Path, image: &str) -> Result<(), Error> {
    let (file, tag) = (format!("./{image}/Dockerfile"), format!("{image}:latest"));
    let mut build = Command::new("docker");
    output(build.current_dir(dir).args(["build", "-q", "-f", &file, "-t", &tag, "."])).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dockerfile_and_its_context_have_every_manifest() {
        let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
        let (manifest, dockerfile, ignored) =
            (read("Cargo.toml"), read("docker/Dockerfile"), read(".dockerignore"));
        let (_, members) = manifest.split_once("members = [").unwrap();
        let (members, _) = members.split_once(']').unwrap();
        for member in members.split(',').map(|member| member.trim().trim_matches('"')) {
            let copied = format!("COPY {member}/Cargo.toml {member}/\n");
            assert!(member.is_empty() || dockerfile.contains(&copied), "{copied}");
            assert!(ignored.contains(&format!("!{member}")), "{member}");
        }
    }
}
