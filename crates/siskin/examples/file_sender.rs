//! Sends a file over a data channel, with back-pressure, and compares what arrived:
//! `cargo run --package siskin --example file_sender -- FILE`. The receiving peer runs in the same process.

use siskin::{
    ChannelConfig, Configuration, DataChannel, Endpoint, EndpointConfig, Event, Message, PortConfig,
};
use std::error::Error;
use std::path::PathBuf;
use tokio::io::AsyncReadExt;

/// Bytes of one message; every peer takes 64 KiB.
const PIECE: usize = 64 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).map_or_else(|| PathBuf::from(file!()), PathBuf::from);
    let loopback = PortConfig { bind: Some("127.0.0.1:0".parse()?), ..PortConfig::default() };
    let endpoint = || Endpoint::open(EndpointConfig { ports: loopback.clone(), ..EndpointConfig::default() });
    let (sender, _events) = endpoint()?.connect(Configuration::default()).await?;
    let (receiver, mut events) = endpoint()?.connect(Configuration::default()).await?;

    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let channel = sender.create_data_channel(ChannelConfig::new(name)).await?;
    sender.set_local_description(None).await?;
    sender.gathered().await;
    receiver.set_remote_description(sender.local_description().await.ok_or("no offer")?).await?;
    receiver.set_local_description(None).await?;
    receiver.gathered().await;
    sender.set_remote_description(receiver.local_description().await.ok_or("no answer")?).await?;

    let receiving = tokio::spawn(async move {
        loop {
            match events.next().await {
                Some(Event::DataChannel(channel)) => return receive(channel).await,
                Some(_) => {}
                None => return Vec::new(),
            }
        }
    });
    let sent = send(&channel, &file).await?;
    let received = receiving.await?;
    println!("{sent} bytes sent, {} received", received.len());
    match received == tokio::fs::read(&file).await? {
        true => Ok(()),
        false => Err("what arrived is not what was sent".into()),
    }
}

/// Sends the file and closes the channel, which tells the other side that it was all.
async fn send(channel: &DataChannel, file: &PathBuf) -> Result<usize, Box<dyn Error>> {
    let mut file = tokio::fs::File::open(file).await?;
    let mut sent = 0;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        if (&mut file).take(PIECE as u64).read_to_end(&mut piece).await? == 0 {
            break;
        }
        sent += piece.len();
        // Waits while too much is queued already, so that a large file needs little memory.
        channel.send(piece).await?;
    }
    channel.close();
    channel.closed().await;
    Ok(sent)
}

async fn receive(channel: DataChannel) -> Vec<u8> {
    let mut received = Vec::new();
    while let Some(message) = channel.recv().await {
        if let Message::Binary(piece) = message {
            received.extend_from_slice(&piece);
        }
    }
    received
}
