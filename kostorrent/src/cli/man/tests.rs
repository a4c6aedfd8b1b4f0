use pretty_assertions::assert_eq;

use super::*;

/// A page's text without the marks of fonts and hyphens.
fn plain(page: &str) -> String {
    let marks = [r"\fB", r"\fI", r"\fR"];
    let page = marks
        .iter()
        .fold(page.to_owned(), |page, mark| page.replace(mark, ""));
    page.replace(r"\-", "-").replace(r"\*(Aq", "'")
}

fn headings(page: &str) -> Vec<&str> {
    let headings = page.lines().filter_map(|line| line.strip_prefix(".SH "));
    headings.map(|heading| heading.trim_matches('"')).collect()
}

/// The options of a command as its help shows them.
fn options(command: &Command) -> Vec<String> {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let long = shown.filter_map(|arg| arg.get_long());
    long.map(|name| format!("--{name}")).collect()
}

#[test]
fn every_command_has_a_page_with_all_its_options() {
    let program = program();
    let pages = pages(&program).unwrap();
    let names: Vec<&str> = pages.iter().map(|(name, _)| &**name).collect();
    let commands: Vec<&Command> = commands(&program).collect();
    assert_eq!(names.len(), 1 + commands.len());
    assert_eq!(names[0], "kostorrent.1");
    for (command, (name, page)) in commands.into_iter().zip(&pages[1..]) {
        assert_eq!(*name, format!("kostorrent-{}.1", command.get_name()));
        let page = plain(page);
        let first = format!("kostorrent-{} - {}", command.get_name(), about(command));
        assert!(page.contains(&first), "{page}");
        for option in options(command) {
            assert!(page.contains(&option), "{name} has no {option}");
        }
        assert_eq!(
            headings(&page)
                .into_iter()
                .filter(|&it| it != "FORMATS")
                .collect::<Vec<_>>(),
            [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "OPTIONS",
                "EXIT STATUS",
                "SEE ALSO"
            ]
        );
    }
}

#[test]
fn the_first_page_names_the_others_and_what_holds_for_all() {
    let program = program();
    let page = plain(&overview(&program).unwrap());
    assert_eq!(
        headings(&page),
        [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "COMMANDS",
            "EXIT STATUS",
            "ENVIRONMENT",
            "FILES",
            "SEE ALSO"
        ]
    );
    for command in commands(&program) {
        let entry = format!(
            "\nkostorrent-{}(1)\n{}\n",
            command.get_name(),
            about(command)
        );
        assert!(page.contains(&entry), "{entry} is not in:\n{page}");
    }
    for (code, meaning) in EXIT_CODES {
        assert!(page.contains(&format!("\n{code}\n{meaning}\n")), "{page}");
    }
}

#[test]
fn a_command_refers_to_those_that_its_help_speaks_of() {
    let program = program();
    let see = |name: &str| {
        let command = commands(&program).find(|command| command.get_name() == name);
        let page = plain(&page(&program, command.unwrap()).unwrap());
        page.split_once(".SH \"SEE ALSO\"\n")
            .unwrap()
            .1
            .trim()
            .to_owned()
    };
    assert_eq!(
        see("seed"),
        "kostorrent(1), kostorrent-verify(1), kostorrent-replay(1)"
    );
    assert_eq!(see("replay"), "kostorrent(1), kostorrent-download(1)");
    assert_eq!(see("stop"), "kostorrent(1)");
}

#[test]
fn one_page_has_it_all() {
    let program = program();
    let page = plain(&everything(&program).unwrap());
    for command in commands(&program) {
        let heading = format!("KOSTORRENT {}", command.get_name().to_uppercase());
        assert!(headings(&page).contains(&&*heading), "{heading}");
        for option in options(command) {
            assert!(page.contains(&option), "{option}");
        }
    }
    assert!(page.contains(".SS FORMATS\n"), "{page}");
    assert!(headings(&page).ends_with(&["EXIT STATUS", "ENVIRONMENT", "FILES"]));
}

#[test]
fn what_a_terminal_is_shown_becomes_what_a_page_needs() {
    let text = "see `show` and `a b`.\n\nan odd ` stays\n.TP\n";
    let wanted = "see \\fBshow\\fR and \\fBa b\\fR.\n.sp\nan odd ` stays\n.TP\n";
    assert_eq!(polished(text), wanted);
}
