//! Load by `wrk`: 16 connections, one thread.

use std::net::SocketAddr;
use std::process::{Command, Output};
use std::time::Duration;

use crate::support::files::program;

/// Connections that are kept busy.
pub const CONNECTIONS: usize = 16;

/// Requests that were answered, and in how many seconds.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    pub requests: f64,
    pub seconds: f64,
}

impl Answered {
    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.requests / self.seconds
    }
}

/// What is asked for.
pub struct Load {
    url: String,
    arguments: Vec<String>,
}

impl Load {
    /// One address.
    pub fn at(addr: SocketAddr, target: &str) -> Self {
        Self { url: format!("http://{addr}{target}"), arguments: Vec::new() }
    }

    /// With further arguments of `wrk`.
    #[allow(dead_code, reason = "not every benchmark has any")]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Asks as often as it is answered.
    ///
    /// # Panics
    /// When an answer is not a success or a connection fails.
    pub fn run(&self, time: Duration) -> Answered {
        let output = Command::new(program("wrk", "wrk"))
            .args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{}s", time.as_secs())])
            .args(&self.arguments)
            .arg(&self.url)
            .output()
            .expect("wrk runs");
        answered(&output)
    }
}

fn answered(output: &Output) -> Answered {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "wrk: {text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("Non-2xx"), "not every answer was a picture:\n{text}");
    assert!(!text.contains("Socket errors"), "connections failed:\n{text}");
    let counted = text.lines().find_map(|line| line.trim().split_once(" requests in "));
    let (requests, rest) = counted.expect("wrk tells how many requests it made");
    let seconds = rest.split_once("s,").map_or(rest, |(seconds, _)| seconds);
    Answered {
        requests: requests.parse().expect("a number of requests"),
        seconds: seconds.parse().expect("a time in seconds"),
    }
}
