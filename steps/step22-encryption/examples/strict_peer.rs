//! A peer that takes encrypted calls only, for as long as a command runs: it gives the command its
//! address as the last word.
//!
//! ```text
//! strict_peer FILE.torrent COMMAND…
//! ```

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use encryption::limits::TIMEOUT;
use encryption::{Answer, Opening, Policy, Responder, Secured, SkeyIndex};
use handshake::blocking::{introduce, read_torrent};
use handshake::{Handshake, LEN};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let (Some(torrent), Some(program)) = (words.next(), words.next()) else {
        eprintln!("usage: strict_peer FILE.torrent COMMAND…");
        return ExitCode::from(2);
    };
    let mut command = Command::new(program);
    command.args(words);
    match run(Path::new(&torrent), command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command beside a peer.
fn run(torrent: &Path, mut command: Command) -> Result<ExitCode, Box<dyn Error>> {
    let ours = introduce(&read_torrent(torrent)?)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    command.arg(listener.local_addr()?.to_string());
    // It ends with the program.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who is turned away is not worth a word here.
            let _ = take_call(stream, &ours);
        }
    });
    let status = command.status()?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

// ANCHOR: take_call
/// Takes one call, if it is encrypted and about our torrent, and shakes hands.
fn take_call(mut stream: TcpStream, ours: &Handshake) -> Result<(), Box<dyn Error>> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    let torrents: SkeyIndex = [ours.info_hash].into_iter().collect();
    let mut bytes = Vec::new();
    loop {
        match Policy::Require.answer(Opening::of(&bytes)) {
            Answer::Wait => bytes.extend(read(&mut stream)?),
            Answer::Refuse(refusal) => return Err(refusal.into()),
            Answer::Plain | Answer::Encrypted => break,
        }
    }
    let mut responder = Responder::new(Policy::Require.methods(), &mut rand::rng());
    let mut secured = loop {
        let secured = responder.handle(&bytes, |hash| torrents.find(hash))?;
        while let Some(bytes) = responder.poll_transmit() {
            stream.write_all(&bytes)?;
        }
        match secured {
            Some(secured) => break secured,
            None => bytes = read(&mut stream)?,
        }
    };
    shake_hands(&mut stream, &mut secured, ours)
}
// ANCHOR_END: take_call

/// Hears the caller's handshake, and says ours, through the ciphers.
fn shake_hands(
    stream: &mut TcpStream,
    secured: &mut Secured,
    ours: &Handshake,
) -> Result<(), Box<dyn Error>> {
    while secured.early.len() < LEN {
        let mut bytes = read(stream)?;
        secured.read.apply(&mut bytes);
        secured.early.extend(bytes);
    }
    let theirs = secured.early.first_chunk().expect("there are 68 bytes");
    Handshake::parse(theirs)?.accept(ours)?;
    let mut bytes = ours.to_bytes();
    secured.write.apply(&mut bytes);
    stream.write_all(&bytes)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let _ = stream.read_to_end(&mut Vec::new());
    Ok(())
}

/// What comes next.
fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut buffer = [0; 1_024];
    match stream.read(&mut buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(buffer[..count].to_vec()),
    }
}
