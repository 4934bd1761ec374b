//! `a=rtcp` (RFC 3605) and `a=rtcp-xr` (RFC 3611).

use crate::address::Address;
use crate::grammar::{Fault, Grammar, Parsed, after_space, all, number, run, sign, space, spaces, token};
use crate::print;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::combinator::opt;
use nom::multi::separated_list0;
use nom::sequence::preceded;

/// Where RTCP goes (RFC 3605 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtcp {
    /// The port; 9 until ICE knows.
    pub port: u16,
    /// The address, if it is not that of `c=`.
    pub address: Option<Address>,
}

impl Grammar for Rtcp {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let (port, address) = all((number, opt(after_space(Address::parse))), value)?;
        Ok(Self { port, address })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        print::number(out, value.port)?;
        match &value.address {
            Some(address) => {
                out.write_str(" ")?;
                address.write(out)
            }
            None => Ok(()),
        }
    }
}

/// Extended reports that may be sent (RFC 3611 §5.1); none: nothing but those that need no agreement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RtcpXr {
    /// In order.
    pub formats: Vec<XrFormat>,
}

/// One kind of extended report: `rcvr-rtt=all`, `voip-metrics`, `stat-summary=loss,dup`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XrFormat {
    /// The kind.
    pub name: String,
    /// What stands behind `=`, if anything.
    pub value: Option<String>,
}

impl Grammar for RtcpXr {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let ((), formats, ()) = all((spaces, separated_list0(space, format), spaces), value)?;
        Ok(Self { formats })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        print::list(out, " ", &value.formats, |out, format| {
            out.write_str(&format.name)?;
            match &format.value {
                Some(value) => {
                    out.write_str("=")?;
                    out.write_str(value)
                }
                None => Ok(()),
            }
        })
    }
}

fn format(input: &str) -> Parsed<'_, XrFormat> {
    let (rest, name) = token(input)?;
    let value = |input| run(input, crate::error::Expected::Word, |byte| byte > b' ');
    let (rest, value) = opt(preceded(sign('='), value)).parse(rest)?;
    Ok((rest, XrFormat { name: name.into(), value: value.map(Into::into) }))
}
