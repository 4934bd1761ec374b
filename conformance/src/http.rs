//! As much HTTP/1.1 as a driver on loopback needs: requests with JSON, and a server for one page.

use crate::Result;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Sends a request with a JSON body to a local server, and yields the JSON of the answer, whatever its status.
pub(crate) fn request(port: u16, method: &str, path: &str, body: &Value, limit: Duration) -> Result<Value> {
    let failed = |e: std::io::Error| match e.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => format!("{method} {path}: no answer within {limit:?}"),
        _ => format!("{method} {path}: {e}"),
    };
    let mut stream = connect(port, limit).map_err(failed)?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).map_err(failed)?;

    let mut from = BufReader::new(stream);
    let mut length = None;
    let mut line = String::new();
    while from.read_line(&mut line).map_err(failed)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
        line.clear();
    }
    let mut answer = Vec::new();
    from.take(length.unwrap_or(u64::MAX)).read_to_end(&mut answer).map_err(failed)?;
    serde_json::from_slice(&answer).map_err(|e| format!("{method} {path}: the answer is not JSON: {e}"))
}

/// Connects to a local server; reads and writes then end after `limit`.
pub(crate) fn connect(port: u16, limit: Duration) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Serves `page` at `/` on loopback for as long as the program runs; yields its address.
pub(crate) fn serve(page: &'static str) -> Result<String> {
    let failed = |e| format!("serving the page: {e}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream, page));
        }
    });
    // A name, not an address: only then is the page a secure context in every browser, and may hash.
    Ok(format!("http://localhost:{port}/"))
}

fn answer(mut stream: TcpStream, page: &str) -> Option<()> {
    let mut from = BufReader::new(stream.try_clone().ok()?);
    let mut request = String::new();
    from.read_line(&mut request).ok()?;
    let mut line = String::new();
    while from.read_line(&mut line).ok()? > 2 {
        line.clear();
    }
    let (status, body) = if request.starts_with("GET / ") { ("200 OK", page) } else { ("404 Not Found", "") };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_reads_what_the_server_serves() {
        let url = serve("{\"page\": true}").unwrap();
        let port = url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
        let limit = Duration::from_secs(5);
        assert_eq!(request(port, "GET", "/", &Value::Null, limit).unwrap()["page"], true);
        let why = request(port, "GET", "/favicon.ico", &Value::Null, limit).unwrap_err();
        assert!(why.contains("not JSON"), "{why}");
    }
}
