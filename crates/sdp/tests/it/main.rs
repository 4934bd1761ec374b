//! Descriptions from outside: what browsers wrote, what RFCs show.

mod captures;
