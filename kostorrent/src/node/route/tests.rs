use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

#[test]
fn an_interface_is_named_or_has_an_address() {
    let name = |name: &str| Ok(Interface::Name(name.to_owned()));
    assert_eq!("tun0".parse(), name("tun0"));
    assert_eq!(
        "Local Area Connection 2".parse(),
        name("Local Area Connection 2")
    );
    let ip = "10.8.0.2".parse().unwrap();
    assert_eq!("10.8.0.2".parse(), Ok(Interface::Address(ip)));
    for wrong in ["", "0.0.0.0", "::", "224.0.0.1", "a/b", "a\0"] {
        assert_eq!(
            wrong.parse::<Interface>(),
            Err(ParseInterfaceError),
            "{wrong}"
        );
    }
}

#[test]
fn a_proxy_is_a_url_and_its_password_is_not_shown() {
    let proxy: Proxy = "socks5://u%40x:secret@proxy.example:1081".parse().unwrap();
    assert_eq!(format!("{proxy:?}"), "Proxy(proxy.example:1081)");
    let bare: Proxy = "socks5h://[::1]".parse().unwrap();
    assert_eq!(format!("{bare:?}"), "Proxy(::1:1080)");
    assert!(proxy.http().is_ok() && bare.http().is_ok());
    for wrong in [
        "proxy:1080",
        "http://proxy:1080",
        "socks5://",
        "socks5://h/path",
        "socks5://h?x",
    ] {
        assert_eq!(
            wrong.parse::<Proxy>(),
            Err(ParseProxyError::Form),
            "{wrong}"
        );
    }
    for wrong in [
        "socks5://u@h",
        "socks5://:p@h",
        "socks5://u:%zz@h",
        "socks5://u:@h",
    ] {
        assert_eq!(
            wrong.parse::<Proxy>(),
            Err(ParseProxyError::Login),
            "{wrong}"
        );
    }
}

fn route(interface: &str) -> Route {
    Route {
        interface: Some(interface.parse().unwrap()),
        proxy: None,
    }
}

#[tokio::test]
async fn a_call_leaves_by_the_interface_that_has_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let here = route("127.0.0.1");
    here.is_there().await;
    let (called, taken) = tokio::join!(here.connect(addr), listener.accept());
    assert!(called.is_ok());
    assert_eq!(taken.unwrap().1.ip(), addr.ip());
    // It has no IPv6, so that nothing of that goes anywhere.
    let error = here.connect("[::1]:1".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
}

#[tokio::test(start_paused = true)]
async fn an_interface_that_is_not_there_is_waited_for_and_nothing_goes_elsewhere() {
    for nowhere in [route("no-such-if0"), route("192.0.2.77")] {
        let hour = Duration::from_secs(3_600);
        assert!(
            tokio::time::timeout(hour, nowhere.is_there())
                .await
                .is_err()
        );
        let error = nowhere.connect("127.0.0.1:1".parse().unwrap()).await;
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::NetworkDown);
    }
}

/// A proxy that takes one call and does what `play` says.
async fn proxy<T>(play: impl AsyncFnOnce(TcpStream) -> T) -> (Route, impl Future<Output = T>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let route = Route {
        interface: None,
        proxy: Some(format!("socks5://me:pw@{addr}").parse().unwrap()),
    };
    (route, async move {
        play(listener.accept().await.unwrap().0).await
    })
}

#[tokio::test]
async fn a_proxy_is_told_the_address_and_the_password_and_then_carries_all() {
    let (route, work) = proxy(async |mut tcp: TcpStream| {
        let get = async |tcp: &mut TcpStream, count: usize| {
            let mut bytes = vec![0; count];
            tcp.read_exact(&mut bytes).await.unwrap();
            bytes
        };
        let hello = get(&mut tcp, 2).await;
        let methods = get(&mut tcp, hello[1].into()).await;
        assert!(hello[0] == 5 && methods.contains(&2));
        tcp.write_all(&[5, 2]).await.unwrap();
        assert_eq!(get(&mut tcp, 7).await, b"\x01\x02me\x02pw");
        tcp.write_all(&[1, 0]).await.unwrap();
        assert_eq!(
            get(&mut tcp, 10).await,
            [5, 1, 0, 1, 192, 0, 2, 1, 0x1a, 0xe1]
        );
        let answer = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        tcp.write_all(&[&answer[..], b"early"].concat())
            .await
            .unwrap();
        tcp
    })
    .await;
    let (called, _proxy) = tokio::join!(route.connect("192.0.2.1:6881".parse().unwrap()), work);
    let mut early = [0; 5];
    called.unwrap().read_exact(&mut early).await.unwrap();
    assert_eq!(&early, b"early");
}

#[tokio::test]
async fn a_proxy_that_refuses_or_is_dead_gives_no_connection() {
    // It wants nobody.
    let (refuses, work) = proxy(async |mut tcp: TcpStream| {
        let _ = tcp.read(&mut [0; 10]).await;
        tcp.write_all(&[5, 0xff]).await.unwrap();
        tcp
    })
    .await;
    // Who could be called directly is not.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = listener.local_addr().unwrap();
    let (refused, _) = tokio::join!(refuses.connect(there), work);
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .starts_with("by the proxy: ")
    );
    // Nobody listens there any more.
    let dead = refuses.connect(there).await.unwrap_err().to_string();
    assert!(dead.starts_with("the proxy cannot be reached: "), "{dead}");
    let direct = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(direct.is_err());
    let named = refuses.look_up("name.example".to_owned(), 1).await;
    assert!(named.unwrap_err().contains("--proxy"));
}
