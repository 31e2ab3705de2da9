//! Counting what front servers send by themselves, from their logs.
//!
//! A front server that keeps pictures answers some requests without asking; workers cannot count those.
//! It writes a line for every request, and what no worker has counted is counted from there. How far a
//! log has been read is remembered in the transaction that adds what was read, so that nothing is
//! counted twice or left out, whatever is interrupted. Knows the form of the lines, and nothing of what
//! their addresses mean.

mod files;
mod follower;
mod line;

pub use follower::{FollowError, Follower, FollowerOptions, PolledRead};
pub use line::{LogLine, Verdict};
