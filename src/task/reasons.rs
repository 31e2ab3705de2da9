//! An error with its causes as one line, each of them said once.

/// The text of an error and of what caused it. Many errors name their cause in their own text, so that
/// they can stand alone; it is not told again then.
#[must_use]
pub fn reasons(error: &anyhow::Error) -> String {
    let mut told: Vec<String> = Vec::new();
    for reason in error.chain().map(ToString::to_string) {
        if !told.last().is_some_and(|last| last.contains(&reason)) {
            told.push(reason);
        }
    }
    told.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the disk: {0}")]
    struct Disk(#[from] std::io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("the search")]
    struct Search(#[source] Disk);

    #[test]
    fn each_reason_is_said_once() {
        let disk = || Disk(std::io::Error::other("is full"));
        let error = anyhow::Error::new(disk()).context("a.jpg");
        assert_eq!(reasons(&error), "a.jpg: the disk: is full");
        // A cause that is not named yet is told, and its own cause is not told twice.
        assert_eq!(reasons(&anyhow::Error::new(Search(disk()))), "the search: the disk: is full");
        assert_eq!(reasons(&anyhow::anyhow!("alone")), "alone");
    }
}
