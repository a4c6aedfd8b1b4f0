//! Exercise 14b: a program that is spoken to over a socket.

#[cfg(unix)]
mod unix {
    use std::fs::DirBuilder;
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::os::unix::fs::DirBuilderExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;

    // ANCHOR: answer
    /// What a download can be told.
    #[derive(Default)]
    pub struct Download {
        pub pieces: u32,
        pub is_paused: bool,
    }

    impl Download {
        /// Obeys a line, and says how it stands then.
        fn obey(&mut self, line: &str) -> String {
            match line {
                "status" => {}
                "pause" => self.is_paused = true,
                "resume" => self.is_paused = false,
                _ => return "error: there are status, pause and resume".to_owned(),
            }
            let state = if self.is_paused { "paused" } else { "running" };
            format!("{state}, {} pieces", self.pieces)
        }
    }

    /// Makes a folder that only we may open, and listens in it.
    pub fn listen(folder: &Path) -> io::Result<UnixListener> {
        DirBuilder::new().mode(0o700).create(folder)?;
        UnixListener::bind(folder.join("control"))
    }

    /// Answers one question. Nobody makes us read more than a hundred bytes.
    pub fn answer(listener: &UnixListener, download: &mut Download) -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut line = String::new();
        BufReader::new((&stream).take(100)).read_line(&mut line)?;
        let said = download.obey(line.trim_end());
        writeln!(stream, "{said}")
    }

    /// Asks a running program.
    pub fn ask(folder: &Path, question: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(folder.join("control"))?;
        writeln!(stream, "{question}")?;
        let mut said = String::new();
        BufReader::new(stream).read_line(&mut said)?;
        Ok(said)
    }
    // ANCHOR_END: answer
}

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use std::thread;

    let folder = std::env::temp_dir().join(format!("control-{}", std::process::id()));
    let listener = unix::listen(&folder)?;
    let questions = ["status", "pause", "dance", "resume"];
    let running = thread::spawn(move || {
        let mut download = unix::Download {
            pieces: 7,
            ..unix::Download::default()
        };
        questions.map(|_| unix::answer(&listener, &mut download))
    });
    for question in questions {
        print!("{question:<7} {}", unix::ask(&folder, question)?);
    }
    let answered = running
        .join()
        .map_err(|_| std::io::Error::other("it died"))?;
    answered.into_iter().collect::<Result<(), _>>()?;
    std::fs::remove_dir_all(folder)
}

#[cfg(not(unix))]
fn main() {
    println!("there are no sockets of this kind here");
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::thread;

    use pretty_assertions::assert_eq;

    use super::unix::{Download, answer, ask, listen};

    #[test]
    fn a_pause_is_obeyed_and_nonsense_is_not() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("run");
        let listener = listen(&folder).unwrap();
        assert!(listen(&folder).is_err(), "somebody is there");
        let running = thread::spawn(move || {
            let mut download = Download::default();
            for _ in 0..5 {
                answer(&listener, &mut download).unwrap();
            }
            download.is_paused
        });
        assert_eq!(ask(&folder, "status").unwrap(), "running, 0 pieces\n");
        assert_eq!(ask(&folder, "pause").unwrap(), "paused, 0 pieces\n");
        assert!(ask(&folder, "pau").unwrap().starts_with("error"));
        // Who hangs up on bytes that nobody has read resets the connection, and the answer may be lost.
        let long = ask(&folder, &"x".repeat(1_000));
        assert!(long.is_err() || long.is_ok_and(|said| said.starts_with("error")));
        assert_eq!(ask(&folder, "status").unwrap(), "paused, 0 pieces\n");
        assert!(running.join().unwrap());
        super::main().unwrap();
    }
}
