//! Tells when the machine's addresses may have changed.
//!
//! On Linux the kernel says so over netlink; elsewhere, and where netlink is not to be had, a look every five seconds
//! does. Either way the watcher only says *when* to look: what changed is found by enumerating again.

use std::time::Duration;

/// How often to look where the system does not tell.
const POLL_EVERY: Duration = Duration::from_secs(5);

/// Changes come in bursts (an interface goes up, then gets addresses one by one): one look answers for all of them.
const SETTLE: Duration = Duration::from_millis(200);

/// Waits for changes of the machine's addresses.
pub(crate) struct AddressWatch {
    #[cfg(target_os = "linux")]
    netlink: Option<netlink::Groups>,
}

impl AddressWatch {
    /// Must be called within a tokio runtime.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            netlink: netlink::Groups::join()
                .inspect_err(|error| tracing::debug!(%error, "no netlink: addresses are polled"))
                .ok(),
        }
    }

    /// Returns when it is time to enumerate again. Cancelling loses nothing.
    pub(crate) async fn changed(&mut self) {
        #[cfg(target_os = "linux")]
        if let Some(groups) = &mut self.netlink {
            match groups.heard().await {
                Ok(()) => {
                    tokio::time::sleep(SETTLE).await;
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, "netlink failed: addresses are polled");
                    self.netlink = None;
                }
            }
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

#[cfg(target_os = "linux")]
mod netlink {
    //! Membership in the kernel's groups about links and addresses (rtnetlink(7)).

    use bytes::BytesMut;
    use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket, protocols::NETLINK_ROUTE};
    use std::io;

    pub(super) struct Groups(TokioSocket);

    impl Groups {
        pub(super) fn join() -> io::Result<Self> {
            let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
            let groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
            socket.socket_mut().bind(&SocketAddr::new(0, groups))?;
            Ok(Self(socket))
        }

        /// Returns once something was said; what exactly does not matter, so it is read and forgotten.
        pub(super) async fn heard(&mut self) -> io::Result<()> {
            let mut sink = BytesMut::with_capacity(8_192);
            match self.0.recv(&mut sink).await {
                // Too much was said at once: that is news, too.
                Err(error) if error.raw_os_error() == Some(ENOBUFS) => Ok(()),
                said => said.map(|_| ()),
            }
        }
    }

    const RTMGRP_LINK: u32 = 1;
    const RTMGRP_IPV4_IFADDR: u32 = 0x10;
    const RTMGRP_IPV6_IFADDR: u32 = 0x100;
    const ENOBUFS: i32 = 105;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_not_news() {
        let mut watch = AddressWatch {
            #[cfg(target_os = "linux")]
            netlink: None,
        };
        assert!(tokio::time::timeout(POLL_EVERY / 2, watch.changed()).await.is_err());
        assert!(tokio::time::timeout(POLL_EVERY * 2, watch.changed()).await.is_ok());
    }
}
