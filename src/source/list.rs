//! A first look at what is in the repository: some pictures, from the root down.
//!
//! For a page that shows a few of them, not for keeping rows in step with the files; so it stops
//! early and looks at a bounded part.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use super::SourcePath;

/// How many names are looked at in all.
const MAX_NAMES: usize = 20_000;

/// How far below the root folders are entered.
const MAX_DEPTH: usize = 16;

/// The names of one folder that matter.
#[derive(Default)]
struct Names {
    files: Vec<String>,
    folders: Vec<String>,
}

/// Lists files below `root` whose extension is wanted and which `is_file` confirms.
pub fn pictures(
    root: &Path,
    limit: usize,
    wanted: impl Fn(&str) -> bool,
    is_file: impl Fn(&SourcePath) -> bool,
) -> io::Result<Vec<SourcePath>> {
    let mut found = Vec::new();
    let mut names_left = MAX_NAMES;
    let mut ahead = VecDeque::from([(String::new(), 0)]);
    while let Some((folder, depth)) = ahead.pop_front() {
        if found.len() >= limit {
            break;
        }
        let names = match read_folder(&root.join(&folder), &mut names_left) {
            Ok(names) => names,
            Err(error) if folder.is_empty() => return Err(error),
            // A folder that vanished or may not be read has nothing to show.
            Err(_) => continue,
        };
        let in_folder = |name: &String| format!("{folder}{name}");
        let paths = names.files.iter().filter_map(|name| SourcePath::parse(&in_folder(name)).ok());
        let pictures = paths.filter(|path| path.extension().is_some_and(&wanted)).filter(&is_file);
        found.extend(pictures.take(limit - found.len()));
        if depth < MAX_DEPTH {
            ahead.extend(names.folders.iter().map(|name| (in_folder(name) + "/", depth + 1)));
        }
    }
    Ok(found)
}

/// The visible UTF-8 names of a folder, sorted. Links are taken for files.
fn read_folder(folder: &Path, names_left: &mut usize) -> io::Result<Names> {
    let mut names = Names::default();
    for entry in std::fs::read_dir(folder)? {
        if *names_left == 0 {
            break;
        }
        *names_left -= 1;
        let Ok(entry) = entry else { continue };
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => names.folders.push(name),
            Ok(_) => names.files.push(name),
            Err(_) => {}
        }
    }
    names.files.sort_unstable();
    names.folders.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::super::{Repository, RepositoryOptions};
    use super::*;

    fn list(root: &Path, limit: usize) -> Vec<String> {
        let options = RepositoryOptions { follow_links: true, ..RepositoryOptions::default() };
        let repository = Repository::new(root, options);
        let wanted = |extension: &str| extension.eq_ignore_ascii_case("jpg");
        let found = repository.list_pictures(limit, wanted).unwrap();
        found.iter().map(|path| path.as_str().to_owned()).collect()
    }

    fn write(root: &Path, name: impl AsRef<OsStr>) {
        fs::write(root.join(name.as_ref()), "x").unwrap();
    }

    #[test]
    fn lists_pictures_folder_by_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["b/c", "a", ".hidden", "folder.jpg"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for name in ["z.jpg", "B.JPG", "note.txt", ".dot.jpg", "b/c/deep.jpg", "a/one.jpg"] {
            write(root, name);
        }
        write(root, ".hidden/h.jpg");
        write(root, OsStr::from_bytes(b"not-utf8-\xff.jpg"));
        write(root, "line\nbreak.jpg");
        symlink("a", root.join("linked")).unwrap();
        symlink("a/one.jpg", root.join("link.jpg")).unwrap();
        symlink("/etc/passwd", root.join("out.jpg")).unwrap();

        let all = ["B.JPG", "link.jpg", "z.jpg", "a/one.jpg", "b/c/deep.jpg"];
        assert_eq!(list(root, 100), all);
        assert_eq!(list(root, 4), all[..4]);
        assert_eq!(list(root, 0), [""; 0]);
    }

    #[test]
    fn looks_at_a_bounded_number_of_names() {
        let folder = tempfile::tempdir().unwrap();
        for i in 0..30 {
            write(folder.path(), format!("{i}.jpg"));
        }
        let mut names_left = 10;
        let names = read_folder(folder.path(), &mut names_left).unwrap();
        assert_eq!((names.files.len(), names_left), (10, 0));
    }
}
