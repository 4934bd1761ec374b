//! Two peers in one process: `cargo run --package siskin --example two_peers`.

use siskin::{ChannelConfig, Configuration, Endpoint, EndpointConfig, Event, PortConfig};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let loopback = PortConfig { bind: Some("127.0.0.1:0".parse()?), ..PortConfig::default() };
    let endpoint = || Endpoint::open(EndpointConfig { ports: loopback.clone(), ..EndpointConfig::default() });
    let (alice, _alice_events) = endpoint()?.connect(Configuration::default()).await?;
    let (bob, mut bob_events) = endpoint()?.connect(Configuration::default()).await?;

    // A description carries its side's candidates once they are gathered.
    let channel = alice.create_data_channel(ChannelConfig::new("chat")).await?;
    alice.set_local_description(None).await?;
    alice.gathered().await;
    bob.set_remote_description(alice.local_description().await.ok_or("no offer")?).await?;
    bob.set_local_description(None).await?;
    bob.gathered().await;
    alice.set_remote_description(bob.local_description().await.ok_or("no answer")?).await?;

    let echo = async {
        while let Some(event) = bob_events.next().await {
            if let Event::DataChannel(channel) = event {
                if let Some(message) = channel.recv().await {
                    println!("Bob received {message:?}");
                    channel.send(message).await?;
                }
                // Dropping the channel would close it.
                return Ok::<_, siskin::Error>(Some(channel));
            }
        }
        Ok(None)
    };
    channel.send("Hello, Bob").await?;
    let _channel = echo.await?;
    println!("Alice received {:?}", channel.recv().await.ok_or("closed")?);
    Ok(())
}
