//! The examples do what they say.

use crate::support::within;
use siskin::{ChannelConfig, Configuration, Endpoint, EndpointConfig, Message, SdpType, SessionDescription};
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn run(example: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--example", example, "--"])
        .args(args);
    command.output().unwrap()
}

#[test]
fn two_peers() {
    let output = run("two_peers", &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, "Bob received Text(\"Hello, Bob\")\nAlice received Text(\"Hello, Bob\")\n");
}

#[test]
fn file_sender() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/connection.rs");
    let output = run("file_sender", &[path]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let len = std::fs::metadata(path).unwrap().len();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{len} bytes sent, {len} received\n"));
}

#[tokio::test]
async fn echo_server() {
    let mut command = Command::new(env!("CARGO"));
    let args = [
        "run",
        "--quiet",
        "--package",
        env!("CARGO_PKG_NAME"),
        "--example",
        "echo_server",
        "--",
        "127.0.0.1:0",
    ];
    let mut server = Server(command.args(args).stdout(Stdio::piped()).spawn().unwrap());
    let mut said = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let address = said.trim().trim_start_matches("Listening on http://").trim_end_matches('/').to_owned();

    let endpoint = Endpoint::open(EndpointConfig::default()).unwrap();
    let (pc, _events) = endpoint.connect(Configuration::default()).await.unwrap();
    let channel = pc.create_data_channel(ChannelConfig::new("echo")).await.unwrap();
    pc.set_local_description(None).await.unwrap();
    pc.gathered().await;
    let offer = pc.local_description().await.unwrap();
    let answer = within(post(&address, &offer.sdp)).await;
    let answer = SessionDescription { kind: SdpType::Answer, sdp: answer };
    pc.set_remote_description(answer).await.unwrap();
    within(channel.opened()).await.unwrap();
    channel.send("who is there?").await.unwrap();
    assert_eq!(within(channel.recv()).await, Some(Message::from("who is there?")));
}

/// Ends with the test, whatever comes of that.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Posts an offer and gives the answer.
async fn post(address: &str, sdp: &str) -> String {
    let body = serde_json::json!({ "type": "offer", "sdp": sdp }).to_string();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /offer HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (_, json) = response.split_once("\r\n\r\n").unwrap();
    let answer: serde_json::Value = serde_json::from_str(json).unwrap();
    answer.get("sdp").and_then(serde_json::Value::as_str).unwrap().to_owned()
}
