//! A SOCKS5 proxy (RFC 1928) that knows where a few made-up addresses and names lead, and remembers whom it was asked
//! for. Whoever is reached by one of those was reached through it.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running proxy, which wants the user `me` and the password `secret`.
#[derive(Debug)]
pub struct Socks {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Socks {
    /// Starts a proxy that leads `HOST:PORT` to an address of this machine, and refuses everything else.
    ///
    /// # Panics
    ///
    /// When there is no socket to be had.
    #[must_use]
    pub fn start<const N: usize>(leads: [(&str, SocketAddr); N]) -> Socks {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the address of a listener");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let leads = leads.map(|(name, to)| (name.to_owned(), to));
        let leads: Arc<BTreeMap<String, SocketAddr>> = Arc::new(leads.into());
        let list = Arc::clone(&asked);
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let (leads, list) = (Arc::clone(&leads), Arc::clone(&list));
                // Who hangs up or speaks something else is done with.
                thread::spawn(move || serve(caller, &leads, &list));
            }
        });
        Socks { address, asked }
    }

    /// The URL that a client is given.
    #[must_use]
    pub fn url(&self) -> String {
        format!("socks5://me:secret@{}", self.address)
    }

    /// Whom it was asked for, as `HOST:PORT`, in order.
    ///
    /// # Panics
    ///
    /// When the proxy itself has failed.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the list").clone()
    }
}

fn serve(
    mut caller: TcpStream,
    leads: &BTreeMap<String, SocketAddr>,
    asked: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let [_, methods] = read(&mut caller)?;
    take(&mut caller, methods)?;
    caller.write_all(&[5, 2])?;
    let [_, user] = read(&mut caller)?;
    let user = take(&mut caller, user)?;
    let [password] = read(&mut caller)?;
    let password = take(&mut caller, password)?;
    let welcome = user == b"me" && password == b"secret";
    caller.write_all(&[1, u8::from(!welcome)])?;
    if !welcome {
        return Ok(());
    }
    let [_, _, _, kind] = read(&mut caller)?;
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(&mut caller)?).to_string(),
        3 => {
            let [len] = read(&mut caller)?;
            String::from_utf8_lossy(&take(&mut caller, len)?).into_owned()
        }
        _ => return Ok(()),
    };
    let port = u16::from_be_bytes(read(&mut caller)?);
    let whom = format!("{host}:{port}");
    let there = leads.get(&whom).map(TcpStream::connect);
    asked.lock().expect("the list").push(whom);
    let Some(Ok(there)) = there else {
        return caller.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]);
    };
    caller.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (caller_too, there_too) = (caller.try_clone()?, there.try_clone()?);
    thread::spawn(move || pass(there_too, caller_too));
    pass(caller, there);
    Ok(())
}

fn read<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn take(stream: &mut TcpStream, count: u8) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count.into()];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
