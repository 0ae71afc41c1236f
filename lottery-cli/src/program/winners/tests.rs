//! Tests of places for the winners: their content before and afterwards.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

/// Returns a directory with an agency's bets, a configuration and another file that is not empty.
fn directory() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [("bets.csv", "Ana,Paz,1,1980-01-01,1\n"), ("config.yaml", "id: 1\n"), ("old", "7\n")]
    {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn open(dir: &Path, name: &str, force: bool) -> Result<Winners, WinnersError> {
    let inputs = [
        Input::new("the file of the bets", Some(&dir.join("bets.csv"))),
        Input::new("the configuration", Some(&dir.join("config.yaml"))),
    ];
    Winners::open_beside(&dir.join(name), force, &inputs)
}

fn documents() -> Vec<String> {
    ["20000001", "30000002"].map(str::to_owned).to_vec()
}

const TEXT: &str = "20000001\n30000002\n";

fn names(dir: &Path) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(name).collect();
    names.sort_unstable();
    names
}

#[test]
fn winners_never_overwrite_an_input() {
    let dir = directory();
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("below")).unwrap();
    symlink(path("bets.csv"), path("soft")).unwrap();
    symlink("../soft", path("below/soft of soft")).unwrap();
    fs::hard_link(path("bets.csv"), path("hard")).unwrap();
    symlink("config.yaml", path("settings")).unwrap();
    for force in [false, true] {
        for (name, what) in [
            ("bets.csv", "the file of the bets"),
            ("below/../bets.csv", "the file of the bets"),
            ("soft", "the file of the bets"),
            ("below/soft of soft", "the file of the bets"),
            ("hard", "the file of the bets"),
            ("config.yaml", "the configuration"),
            ("settings", "the configuration"),
        ] {
            let error = open(dir.path(), name, force).unwrap_err();
            let shown = path(name).display().to_string();
            let text = format!("--winners {shown}: this is {what}, which the winners would overwrite");
            assert_eq!((error.exit_code(), error.to_string()), (2, text));
        }
    }
    assert_eq!(fs::read_to_string(path("bets.csv")).unwrap(), "Ana,Paz,1,1980-01-01,1\n");
}

#[test]
fn winners_never_create_an_input() {
    let dir = directory();
    fs::remove_file(dir.path().join("config.yaml")).unwrap();
    symlink("config.yaml", dir.path().join("dangling")).unwrap();
    for name in ["config.yaml", "dangling"] {
        assert!(matches!(open(dir.path(), name, true), Err(WinnersError::Input { .. })), "{name}");
    }
    // An empty file of bets is not written to on the way either.
    fs::write(dir.path().join("bets.csv"), "").unwrap();
    fs::rename(dir.path().join("bets.csv"), dir.path().join("w.part")).unwrap();
    let inputs = [Input::new("the file of the bets", Some(&dir.path().join("w.part")))];
    let opened = Winners::open_beside(&dir.path().join("w"), true, &inputs);
    assert!(matches!(opened, Err(WinnersError::Input { .. })), "{opened:?}");
}

#[test]
fn a_file_that_is_not_empty_is_replaced_only_by_force_and_only_at_the_end() {
    let dir = directory();
    let old = dir.path().join("old");
    let error = open(dir.path(), "old", false).unwrap_err();
    let text = format!("--winners {}: it exists and is not empty; --force replaces it", old.display());
    assert_eq!((error.exit_code(), error.to_string()), (2, text));
    let winners = open(dir.path(), "old", true).unwrap();
    assert_eq!(fs::read_to_string(&old).unwrap(), "7\n", "it stays until there is another");
    winners.write(&documents()).unwrap();
    assert_eq!(fs::read_to_string(&old).unwrap(), TEXT);
    assert_eq!(names(dir.path()), ["bets.csv", "config.yaml", "old"]);
}

#[test]
fn a_place_that_is_empty_is_filled_as_a_whole_or_left_alone() {
    let dir = directory();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("empty"), "").unwrap();
    fs::set_permissions(path("empty"), fs::Permissions::from_mode(0o644)).unwrap();
    symlink("target", path("link")).unwrap();
    for name in ["new", "empty", "link"] {
        drop(open(dir.path(), name, false).unwrap());
        assert_eq!(names(dir.path()), ["bets.csv", "config.yaml", "empty", "link", "old"], "{name}");
    }
    for (name, target, mode) in [("new", "new", 0o600), ("empty", "empty", 0o644), ("link", "target", 0o600)]
    {
        open(dir.path(), name, false).unwrap().write(&documents()).unwrap();
        assert_eq!(fs::read_to_string(path(target)).unwrap(), TEXT, "{name}");
        assert_eq!(fs::metadata(path(target)).unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
    assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink(), "a link stays one");
}

#[test]
fn a_place_that_cannot_be_written_is_rejected_at_once() {
    let dir = directory();
    let error = open(dir.path(), "nowhere/winners", false).unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().ends_with(": No such file or directory (os error 2)"), "{error}");
    fs::create_dir(dir.path().join("directory")).unwrap();
    let error = open(dir.path(), "directory", true).unwrap_err().to_string();
    assert!(error.ends_with("directory: Is a directory (os error 21)"), "{error}");
    symlink("bets.csv", dir.path().join("w.part")).unwrap();
    let error = open(dir.path(), "w", true).unwrap_err();
    assert!(matches!(error, WinnersError::Input { .. }), "{error}");
    fs::remove_file(dir.path().join("w.part")).unwrap();
    symlink("old", dir.path().join("w.part")).unwrap();
    let error = open(dir.path(), "w", true).unwrap_err().to_string();
    assert!(error.ends_with("w.part: it exists and is no file"), "{error}");
    symlink("round", dir.path().join("round")).unwrap();
    assert!(open(dir.path(), "round", true).is_err());
    assert_eq!(fs::read_to_string(dir.path().join("old")).unwrap(), "7\n");
}

#[test]
fn several_clients_with_one_path_write_apart_and_the_first_wins() {
    let dir = directory();
    let mut clients: Vec<_> = (0..9).map(|_| open(dir.path(), "w", false).unwrap()).collect();
    let error = open(dir.path(), "w", true).unwrap_err();
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().ends_with("w: too many other clients are about to write there"), "{error}");
    let (last, second) = (clients.pop().unwrap(), clients.remove(1));
    drop(clients);
    assert_eq!(names(dir.path()), ["bets.csv", "config.yaml", "old", "w.2.part", "w.9.part"]);
    second.write(&documents()).unwrap();
    let error = last.write(&[]).unwrap_err();
    assert!(matches!(error, WinnersError::LeftAside { .. }), "{error}");
    assert_eq!(fs::read_to_string(dir.path().join("w")).unwrap(), TEXT);
}

#[test]
fn an_empty_part_file_of_a_killed_client_is_used_again() {
    let dir = directory();
    fs::write(dir.path().join("w.part"), "").unwrap();
    open(dir.path(), "w", false).unwrap().write(&documents()).unwrap();
    assert_eq!(names(dir.path()), ["bets.csv", "config.yaml", "old", "w"]);
    fs::write(dir.path().join("v.part"), "something long that nobody knows of").unwrap();
    assert!(matches!(open(dir.path(), "v", false), Err(WinnersError::NotEmpty { .. })));
    open(dir.path(), "v", true).unwrap().write(&documents()).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("v")).unwrap(), TEXT);
}

#[test]
fn a_file_that_was_filled_meanwhile_is_kept_beside_the_winners() {
    let dir = directory();
    let winners = open(dir.path(), "w", false).unwrap();
    fs::write(dir.path().join("w"), "other\n").unwrap();
    let error = winners.write(&documents()).unwrap_err();
    let end = format!("it is not empty any more; the winners are in {}", dir.path().join("w.part").display());
    assert!(error.to_string().ends_with(&end) && error.exit_code() == 1, "{error}");
    assert_eq!(fs::read_to_string(dir.path().join("w")).unwrap(), "other\n");
    assert_eq!(fs::read_to_string(dir.path().join("w.part")).unwrap(), TEXT);
}

#[test]
fn a_device_is_written_to_and_not_replaced() {
    let dir = directory();
    symlink("/dev/null", dir.path().join("null")).unwrap();
    open(dir.path(), "null", false).unwrap().write(&documents()).unwrap();
    symlink("/dev/full", dir.path().join("full")).unwrap();
    let error = open(dir.path(), "full", false).unwrap().write(&documents()).unwrap_err().to_string();
    assert!(error.ends_with("full: No space left on device (os error 28)"), "{error}");
    assert_eq!(names(dir.path()), ["bets.csv", "config.yaml", "full", "null", "old"]);
}

#[test]
fn the_settings_name_the_path_of_winners_and_the_inputs() {
    let dir = directory();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let settings = |winners: &str| {
        let args = [
            "client",
            "--agency=1",
            "--server=c:1",
            "--config",
            &path("config.yaml"),
            "--bets",
            &path("bets.csv"),
            "--winners",
            winners,
        ];
        match crate::config::client(args.map(Into::into), &|_| None, lottery_proto::Dialect::ALL) {
            Ok(crate::config::Parsed::Run(settings)) => settings,
            other => panic!("{other:?}"),
        }
    };
    for name in ["config.yaml", "bets.csv"] {
        assert!(matches!(Winners::open(&settings(&path(name))), Err(WinnersError::Input { .. })), "{name}");
    }
    assert!(matches!(Winners::open(&settings("-")), Ok(Winners(Place::Output))));
    Winners::open(&ClientSettings { winners: None, ..settings("-") }).unwrap().write(&documents()).unwrap();
    assert_eq!(names(dir.path()), ["bets.csv", "config.yaml", "old"]);
}
