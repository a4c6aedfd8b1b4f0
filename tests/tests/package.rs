//! What an installation brings beside the program: man pages, completions, the user unit, the Debian package.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kostorrent_tests::process::{self, Finished, Process};
use kostorrent_tests::{kostorrent, programs, skip, temp};
use pretty_assertions::assert_eq;

/// Runs a program, which must end well.
fn run(name: &str, command: &mut Command) -> Finished {
    let finished = Process::run(name, command);
    finished.expect_code(0);
    finished
}

/// The pages as the program writes them into a folder: their names, and their text.
fn pages(folder: &Path) -> BTreeMap<String, String> {
    let written = kostorrent::run(["man", "--output", folder.to_str().unwrap()]);
    written.expect_code(0);
    assert_eq!((&*written.stdout, &*written.stderr), ("", ""));
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let named = entries.map(|entry| entry.file_name().into_string().unwrap());
    named
        .map(|name| (name.clone(), fs::read_to_string(folder.join(name)).unwrap()))
        .collect()
}

/// A page's words as a reader sees them; nothing may be wrong with it.
fn read(groff: &Path, page: &Path) -> String {
    let mut command = process::command(groff);
    command.args(["-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u", "-rLL=100n"]);
    let shown = run("groff", command.arg(page));
    assert_eq!(shown.stderr, "", "{}", page.display());
    let words: Vec<&str> = shown.stdout.split_whitespace().collect();
    words.join(" ")
}

#[test]
fn every_man_page_is_shown_without_a_warning() {
    let Some(groff) = skip::unless_no_program("groff") else {
        return;
    };
    let folder = temp();
    let shown: BTreeMap<String, String> = pages(&folder.path().join("share/man/man1"))
        .into_keys()
        .map(|name| {
            let text = read(&groff, &folder.path().join("share/man/man1").join(&name));
            (name, text)
        })
        .collect();
    assert!(shown.len() > 10, "{:?}", shown.keys());
    for (name, text) in &shown {
        let command = name.strip_suffix(".1").unwrap();
        assert!(text.contains(&format!("{command} - ")), "{text}");
        assert!(text.contains("130"), "{text}");
    }
    let overview = &shown["kostorrent.1"];
    for part in [
        "kostorrent-download(1)",
        "$XDG_RUNTIME_DIR/kostorrent/",
        "HTTPS_PROXY",
    ] {
        assert!(overview.contains(part), "{overview}");
    }
    // A table of the help has become a list.
    let sim = &shown["kostorrent-sim.1"];
    assert!(sim.contains("0.02"), "{sim}");

    let all = folder.path().join("all.1");
    let printed = kostorrent::run(["man"]);
    printed.expect_code(0);
    fs::write(&all, printed.stdout).unwrap();
    let text = read(&groff, &all);
    assert!(text.contains("KOSTORRENT REPLAY"), "{text}");
}

/// The release build that the other tests use is packaged, as a user's would be.
fn package(into: &Path) -> Option<PathBuf> {
    skip::unless_no_program("dpkg-deb")?;
    skip::unless_no_program("cargo-deb")?;
    let release = programs::kostorrent().parent().map(Path::to_owned).unwrap();
    let release = skip::unless_missing(
        "a release build of the client",
        Some(release).filter(|folder| folder.ends_with("release")),
    )?;
    let mut build = process::command(programs::root().join("kostorrent/debian/build"));
    build
        .args(["--no-build", "--fast", "--output"])
        .arg(into)
        .env("CARGO_TARGET_DIR", release.parent().unwrap());
    let built = run("kostorrent/debian/build", &mut build);
    let path = built.stdout.lines().last().expect("it says where it is");
    Some(path.into())
}

#[test]
fn the_debian_package_has_everything_and_its_program_runs() {
    let folder = temp();
    let Some(package) = package(folder.path()) else {
        return;
    };
    let field = |name: &str| {
        let mut dpkg = process::command("dpkg-deb");
        run("dpkg-deb", dpkg.arg("--field").arg(&package).arg(name))
            .stdout
            .trim()
            .to_owned()
    };
    assert_eq!(field("Package"), "kostorrent");
    assert_eq!(field("Version"), env!("CARGO_PKG_VERSION"));
    assert!(field("Depends").contains("libc6"), "{}", field("Depends"));

    let root = folder.path().join("root");
    let mut dpkg = process::command("dpkg-deb");
    run("dpkg-deb", dpkg.arg("--extract").arg(&package).arg(&root));
    let unpacked = |path: &str| {
        let path = root.join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };

    // The program.
    let program = root.join("usr/bin/kostorrent");
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample.torrent");
    let mut show = process::command(&program);
    let shown = run(
        "the packaged program",
        show.args(["show", "--json"]).arg(&sample),
    );
    assert_eq!(shown.stdout, kostorrent::show(&sample).stdout);

    // Its pages, compressed.
    let man = root.join("usr/share/man/man1");
    for (name, text) in pages(&folder.path().join("pages")) {
        let mut gzip = process::command("gzip");
        let page = man.join(name + ".gz");
        let page = run("gzip", gzip.args(["--decompress", "--stdout"]).arg(page));
        assert_eq!(page.stdout, text);
    }

    for (shell, path) in [
        ("bash", "usr/share/bash-completion/completions/kostorrent"),
        ("zsh", "usr/share/zsh/vendor-completions/_kostorrent"),
        (
            "fish",
            "usr/share/fish/vendor_completions.d/kostorrent.fish",
        ),
    ] {
        let printed = kostorrent::run(["completions", shell]);
        assert_eq!(unpacked(path), printed.stdout, "{shell}");
    }

    let copyright = unpacked("usr/share/doc/kostorrent/copyright");
    let mit = fs::read_to_string(programs::root().join("LICENSE-MIT")).unwrap();
    for line in mit.lines().skip(4).filter(|line| !line.is_empty()) {
        assert!(copyright.contains(line), "{line} is not in:\n{copyright}");
    }
    for path in [
        "usr/share/doc/kostorrent/changelog.gz",
        "usr/share/doc/kostorrent/README.md",
    ] {
        assert!(root.join(path).is_file(), "{path}");
    }
    let unit = unpacked("usr/lib/systemd/user/kostorrent-seed.service");
    let source = programs::root().join("kostorrent/systemd/kostorrent-seed.service");
    assert_eq!(unit, fs::read_to_string(source).unwrap());
}

#[test]
fn systemd_understands_every_line_of_the_user_unit() {
    let Some(analyze) = skip::unless_no_program("systemd-analyze") else {
        return;
    };
    let folder = temp();
    let verify = |unit: &Path| {
        let mut command = process::command(&analyze);
        command
            .args(["verify", "--user", "--man=no"])
            .arg(unit)
            .env("XDG_RUNTIME_DIR", folder.path());
        let finished = Process::run("systemd-analyze", &mut command);
        // It ends well in spite of lines that it ignores. Other units are not our matter.
        let name = unit.file_name().unwrap().to_str().unwrap();
        let ours = finished.stderr.lines().filter(|line| line.contains(name));
        ours.map(str::to_owned).collect::<Vec<_>>()
    };
    let unit = programs::root().join("kostorrent/systemd/kostorrent-seed.service");
    assert_eq!(verify(&unit), [] as [&str; 0]);
    // It would say so.
    let wrong = folder.path().join("wrong.service");
    let text = fs::read_to_string(&unit).unwrap();
    fs::write(&wrong, text.replace("Type=notify", "Type=notfy")).unwrap();
    assert_eq!(verify(&wrong).len(), 1);
}
