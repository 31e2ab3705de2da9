//! What can go wrong with a picture, sorted by whose fault it is.

/// The result of a pixel operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a picture could not be read, changed or written.
///
/// The message is written by whoever detects the fault and is fit to be shown to a client: it
/// carries no path and no internal state.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source's bytes are damaged or truncated.
    #[error("the image is damaged: {0}")]
    Malformed(String),
    /// The source is sound but uses something that cannot be read here, or is another format than the file's name
    /// says.
    #[error("the image cannot be read: {0}")]
    Unsupported(String),
    /// The source or the request is larger than the limits allow.
    #[error("the image is too large: {0}")]
    Limit(String),
    /// A parameter does not fit this picture (a page that it does not have, an empty crop).
    #[error("{name}: {reason}")]
    Parameter {
        /// The parameter's name in the URL.
        name: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
    /// The result could not be encoded.
    #[error("the image could not be encoded: {0}")]
    Encode(String),
    /// There is not enough memory at the moment. It says nothing of the picture: what a picture may take was
    /// judged before.
    #[error("there is not enough memory")]
    Memory,
    /// The work was called off because its deadline passed.
    #[error("the work was cancelled")]
    Cancelled,
    /// The source could not be read from its medium.
    #[error("the image could not be read from disk")]
    Io(#[from] std::io::Error),
}

impl Error {
    /// The same, told of the picture that is laid over another.
    #[must_use]
    pub fn in_overlay(self) -> Self {
        let told = |reason: String| format!("overlay: {reason}");
        match self {
            Self::Malformed(reason) => Self::Malformed(told(reason)),
            Self::Unsupported(reason) => Self::Unsupported(told(reason)),
            Self::Limit(reason) => Self::Limit(told(reason)),
            other => other,
        }
    }
}
