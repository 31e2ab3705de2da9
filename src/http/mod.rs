//! Requests and responses as the rest of the program sees them, whoever carried them.
//!
//! FastCGI and the development listener both produce a [`Request`], hand it to a [`Service`] and
//! write the [`Response`]. Nothing here knows a route.

mod conditional;
mod date;
mod dispatch;
mod disposition;
mod listener;
mod message;
mod multipart;
pub mod pieces;
mod places;
mod plain;
mod range;
pub mod request_id;
mod service;

pub use conditional::{Audience, Caching, ETag, Expiry, is_unchanged, not_modified};
pub use date::{http_date, parse_http_date};
pub use dispatch::Dispatch;
pub use disposition::{Disposition, is_unseen};
pub use listener::{ListenerOptions, serve};
pub use message::{Body, Client, EdgeCache, FileSender, Request, RequestBody, Response};
pub use multipart::{Multipart, MultipartError, PartHead, boundary};
pub use places::{Place, Places};
pub use plain::{is_for_programs, plain};
pub use range::part_of;
pub use service::{Answer, Later, Progress, Service, Stage, Then};
