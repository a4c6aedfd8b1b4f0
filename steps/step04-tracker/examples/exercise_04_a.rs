//! Exercise 4a: the scrape URL that belongs to an announce URL (BEP 48).

// ANCHOR: answer
/// The URL for a scrape. The last part of the path must begin with `announce`; that
/// word, and nothing else, is replaced. Any other URL has no scrape.
fn scrape_url(announce: &str) -> Option<String> {
    let (path, query) = match announce.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (announce, String::new()),
    };
    let (before, last) = path.rsplit_once('/')?;
    let rest = last.strip_prefix("announce")?;
    Some(format!("{before}/scrape{rest}{query}"))
}
// ANCHOR_END: answer

fn main() {
    let url = "http://127.0.0.1:7878/announce";
    println!("{url} is scraped at {:?}", scrape_url(url));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announce_becomes_scrape_and_the_rest_stays() {
        let scrape = |url| scrape_url(url).unwrap();
        assert_eq!(scrape("http://t/announce"), "http://t/scrape");
        assert_eq!(scrape("http://t/x/announce.php"), "http://t/x/scrape.php");
        assert_eq!(scrape("http://t/announce?k=1/2"), "http://t/scrape?k=1/2");
        assert_eq!(scrape("http://announce/announce"), "http://announce/scrape");
    }

    #[test]
    fn other_urls_have_none() {
        assert_eq!(scrape_url("http://t/a"), None);
        assert_eq!(scrape_url("http://t/announce/x"), None);
        assert_eq!(scrape_url("http://t/?announce"), None);
    }
}
