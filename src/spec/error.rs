//! What is wrong with a parameter.

/// A parameter that cannot be used. The request that holds it is at fault (400).
///
/// Neither part repeats what the client sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct ParamError {
    /// The parameter's name in the URL, or the field's name in a template.
    pub name: &'static str,
    /// What is wrong with it, as the rest of a sentence about it: "must be …".
    pub reason: String,
}

impl ParamError {
    pub(super) fn new(name: &'static str, reason: impl Into<String>) -> Self {
        Self { name, reason: reason.into() }
    }
}
