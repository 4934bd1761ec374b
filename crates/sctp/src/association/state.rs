//! The states of RFC 9260 §4, each with the timer that runs in it.

use crate::Config;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::Instant;

/// ```text
/// Closed --connect--> CookieWait --INIT ACK--> CookieEchoed --COOKIE ACK or COOKIE ECHO--> Established
/// Closed --COOKIE ECHO, or two INITs exchanged by signalling--> Established
/// Established --shutdown--> ShutdownPending --all acknowledged--> ShutdownSent --SHUTDOWN ACK--> Closed
/// Established --SHUTDOWN--> ShutdownReceived --all acknowledged--> ShutdownAckSent --SHUTDOWN COMPLETE--> Closed
/// ShutdownSent --SHUTDOWN--> ShutdownAckSent
/// any --ABORT, abort, too many retransmissions--> Closed
/// ```
#[derive(Debug)]
pub(super) enum State {
    /// Not begun, or `over`.
    Closed {
        over: bool,
    },
    /// T1-init runs.
    CookieWait(Retry),
    /// T1-cookie runs.
    CookieEchoed {
        retry: Retry,
        cookie: Vec<u8>,
    },
    Established,
    ShutdownPending,
    /// T2-shutdown runs.
    ShutdownSent(Retry),
    ShutdownReceived,
    /// T2-shutdown runs.
    ShutdownAckSent(Retry),
}

impl State {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Closed { .. } => "Closed",
            Self::CookieWait(_) => "CookieWait",
            Self::CookieEchoed { .. } => "CookieEchoed",
            Self::Established => "Established",
            Self::ShutdownPending => "ShutdownPending",
            Self::ShutdownSent(_) => "ShutdownSent",
            Self::ShutdownReceived => "ShutdownReceived",
            Self::ShutdownAckSent(_) => "ShutdownAckSent",
        }
    }

    /// RFC 9260 §6: DATA is read in these states only.
    pub(super) fn reads_data(&self) -> bool {
        matches!(self, Self::Established | Self::ShutdownPending | Self::ShutdownSent(_))
    }

    /// DATA is sent in these states only.
    pub(super) fn sends_data(&self) -> bool {
        matches!(self, Self::Established | Self::ShutdownPending | Self::ShutdownReceived)
    }

    pub(super) fn retry(&self) -> Option<&Retry> {
        match self {
            Self::CookieWait(retry)
            | Self::CookieEchoed { retry, .. }
            | Self::ShutdownSent(retry)
            | Self::ShutdownAckSent(retry) => Some(retry),
            _ => None,
        }
    }

    pub(super) fn retry_mut(&mut self) -> Option<&mut Retry> {
        match self {
            Self::CookieWait(retry)
            | Self::CookieEchoed { retry, .. }
            | Self::ShutdownSent(retry)
            | Self::ShutdownAckSent(retry) => Some(retry),
            _ => None,
        }
    }
}

/// A chunk that is repeated until it is answered: T1-init, T1-cookie, T2-shutdown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    due: Instant,
    wait: Duration,
    left: u32,
    /// How many more cookies may be called stale.
    cookies: u32,
}

/// What the timer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    NotYet,
    Again,
    GiveUp,
}

impl Retry {
    /// T1-init.
    pub(super) fn opening(config: &Config, now: Instant) -> Self {
        let (wait, most) = (config.rto_initial, config.max_init_retransmits);
        Self { due: now + wait, wait, left: most, cookies: most }
    }

    /// T1-cookie, which has attempts of its own (RFC 9260 §4).
    pub(super) fn next_step(&self, config: &Config, now: Instant) -> Self {
        Self { cookies: self.cookies, ..Self::opening(config, now) }
    }

    /// T2-shutdown.
    pub(super) fn closing(config: &Config, now: Instant, rto: Duration) -> Self {
        Self { due: now + rto, wait: rto, left: config.max_retransmits, cookies: 0 }
    }

    /// T1-init once more, if not too many cookies were called stale.
    pub(super) fn another_cookie(&self, config: &Config, now: Instant) -> Option<Self> {
        Some(Self { cookies: self.cookies.checked_sub(1)?, ..Self::opening(config, now) })
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, max: Duration) -> Expiry {
        if now < self.due {
            return Expiry::NotYet;
        }
        let Some(left) = self.left.checked_sub(1) else { return Expiry::GiveUp };
        self.left = left;
        self.wait = (self.wait * 2).min(max);
        self.due = now + self.wait;
        Expiry::Again
    }
}
