//! Wrong passwords over HTTP lead to a ban; the ban is listed, flushed (by address and by user), and outlives the process.

mod allowed;
mod bans;
mod flushes;
mod nodes;
mod outages;
mod policy;
mod repeated;
mod users;
