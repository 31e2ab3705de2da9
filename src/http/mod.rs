//! Requests and responses as the rest of the program sees them, whoever carried them.
//!
//! FastCGI and the development listener both produce a [`Request`], hand it to a [`Service`] and
//! write the [`Response`]. Nothing here knows a route.

mod dispatch;
mod message;
mod service;

pub use dispatch::Dispatch;
pub use message::{Body, Client, Request, RequestBody, Response};
pub use service::{Progress, Service, Stage};
