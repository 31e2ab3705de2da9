//! What is said of deleting something, before and after: whether it can be brought back, and by whom.

use crate::web::App;

/// The texts of a form that deletes.
pub struct Deleting {
    /// What is said before.
    pub text: &'static str,
    /// The word for what is said afterwards.
    pub done: &'static str,
}

impl Deleting {
    /// Of a picture. Who may delete one may also put it back.
    pub fn picture(app: &App) -> Self {
        match is_kept(app) {
            true => Self { text: "image-delete-text", done: OWN[0] },
            false => Self { text: "image-delete-text-ever", done: "image-deleted-ever" },
        }
    }

    /// Whether whoever deletes it can bring it back.
    pub fn can_be_put_back(&self) -> bool {
        can_be_put_back(self.done)
    }

    /// Of a folder, which is put back by who may make folders where it was.
    pub fn folder(app: &App, may_put_back: bool) -> Self {
        match (is_kept(app), may_put_back) {
            (true, true) => Self { text: "folder-delete-text", done: OWN[1] },
            (true, false) => {
                Self { text: "folder-delete-text-others", done: "folder-deleted-others" }
            }
            (false, _) => Self { text: "folder-delete-text-ever", done: "folder-deleted-ever" },
        }
    }
}

/// The words for what can be brought back by who has deleted it.
const OWN: [&str; 2] = ["image-deleted", "folder-deleted"];

/// Whether a word tells of something that whoever deleted it can bring back.
pub fn can_be_put_back(done: &str) -> bool {
    OWN.contains(&done)
}

/// Whether what is deleted is kept for a while.
fn is_kept(app: &App) -> bool {
    app.library.options().recycle_days > 0
}
