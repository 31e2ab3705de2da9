//! Uploads that are gone on with after an interruption.

use std::fs;
use std::io::{self, Read};

use halftone::auth::Level;
use halftone::db::Sql;
use halftone::library::{Caller, Error, NewFile, Options, Overwrite};
use halftone::source::FolderPath;

use crate::bench::{Bench, options, png};

crate::on_both!(
    pieces_become_a_file,
    a_broken_connection_loses_nothing,
    what_does_not_fit_is_refused,
    uploads_belong_to_who_began_them,
    ended_and_expired_uploads_leave_nothing,
    only_one_writes_at_a_time,
);

fn new(folder: &FolderPath) -> NewFile<'_> {
    NewFile { folder, name: "x.png", overwrite: Overwrite::No }
}

/// Gives its bytes, and then fails.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            read => Ok(read),
        }
    }
}

fn pieces_become_a_file(bench: &Bench) {
    let bytes = png(40, 40);
    let root = FolderPath::default();
    let begun =
        bench.library.begin_upload(&Caller::System, &new(&root), bytes.len() as u64, "").unwrap();
    assert_eq!((begun.offset, begun.length, begun.id.len()), (0, bytes.len() as u64, 32));
    let mut at = 0;
    for piece in bytes.chunks(bytes.len() / 3) {
        assert_eq!(bench.names(""), [""; 0]);
        let (state, image) =
            bench.library.go_on(&Caller::System, &begun.id, at, &mut &piece[..]).unwrap();
        at += piece.len() as u64;
        assert_eq!(state.offset, at);
        assert_eq!(image.is_some(), at == bytes.len() as u64);
    }
    assert_eq!(fs::read(bench.root().join("x.png")).unwrap(), bytes);
    assert!(bench.is_active("x.png") && !bench.has_unfinished());
    let over = bench.library.upload_state(&Caller::System, &begun.id).unwrap_err();
    assert!(matches!(over, Error::NotFound(_)), "{over}");
}

fn a_broken_connection_loses_nothing(bench: &Bench) {
    let bytes = png(40, 40);
    let root = FolderPath::default();
    let id = bench
        .library
        .begin_upload(&Caller::System, &new(&root), bytes.len() as u64, "")
        .unwrap()
        .id;
    assert!(bench.library.go_on(&Caller::System, &id, 0, &mut Broken(&bytes[..20])).is_err());
    // Another process, later.
    let library = bench.with(options());
    assert_eq!(library.upload_state(&Caller::System, &id).unwrap().offset, 20);
    for wrong in [0, 19, 21] {
        let error = library.go_on(&Caller::System, &id, wrong, &mut &bytes[20..]).unwrap_err();
        assert!(matches!(error, Error::OutOfStep { at: 20 }), "{error}");
    }
    let (_, image) = library.go_on(&Caller::System, &id, 20, &mut &bytes[20..]).unwrap();
    assert!(image.is_some());
    assert_eq!(fs::read(bench.root().join("x.png")).unwrap(), bytes);
}

fn what_does_not_fit_is_refused(bench: &Bench) {
    let root = FolderPath::default();
    let small = bench.with(Options { max_file_bytes: 100, ..options() });
    let error = small.begin_upload(&Caller::System, &new(&root), 101, "").unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit_bytes: 100 }), "{error}");
    let script = NewFile { name: "x.php", ..new(&root) };
    assert!(bench.library.begin_upload(&Caller::System, &script, 10, "").is_err());
    let nowhere = FolderPath::parse("nowhere").unwrap();
    let error = bench.library.begin_upload(&Caller::System, &new(&nowhere), 10, "").unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
    // More than was announced, and something else than a picture.
    let id = bench.library.begin_upload(&Caller::System, &new(&root), 10, "").unwrap().id;
    let error = bench.library.go_on(&Caller::System, &id, 0, &mut &[b'x'; 11][..]).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    assert_eq!(bench.library.upload_state(&Caller::System, &id).unwrap().offset, 0);
    let error = bench.library.go_on(&Caller::System, &id, 0, &mut &[b'x'; 10][..]).unwrap_err();
    assert!(matches!(error, Error::NotAPicture(_)), "{error}");
    assert!(!bench.has_unfinished());
}

fn uploads_belong_to_who_began_them(bench: &Bench) {
    fs::create_dir(bench.root().join("a")).unwrap();
    let folder = FolderPath::parse("a").unwrap();
    let one = bench.user("one", &[("/a", Level::Upload)]);
    let other = bench.user("other", &[("/a", Level::DeleteFolder)]);
    let rights = bench.rights();
    let by = |user| Caller::Somebody { rights: &rights, user: Some(user) };
    let id = bench.library.begin_upload(&by(one), &new(&folder), 10, "").unwrap().id;
    assert!(bench.library.upload_state(&by(one), &id).is_ok());
    for caller in [by(other), Caller::Somebody { rights: &rights, user: None }] {
        assert!(matches!(bench.library.upload_state(&caller, &id), Err(Error::NotFound(_))));
        let error = bench.library.go_on(&caller, &id, 0, &mut &b"x"[..]).unwrap_err();
        assert!(matches!(error, Error::NotFound(_)), "{error}");
        assert!(matches!(bench.library.end_upload(&caller, &id), Err(Error::NotFound(_))));
    }
    for odd in ["", "../x", "x"] {
        assert!(matches!(bench.library.upload_state(&by(one), odd), Err(Error::NotFound(_))));
    }
}

fn ended_and_expired_uploads_leave_nothing(bench: &Bench) {
    let root = FolderPath::default();
    let begin = || bench.library.begin_upload(&Caller::System, &new(&root), 10, "").unwrap().id;
    let (ended, expired, kept) = (begin(), begin(), begin());
    bench.library.end_upload(&Caller::System, &ended).unwrap();
    bench
        .db()
        .execute("UPDATE uploads SET expires_ms = 1 WHERE id = $1", &[expired.as_str().into()])
        .unwrap();
    assert!(bench.library.upload_state(&Caller::System, &expired).is_err());
    assert_eq!(bench.library.expire_uploads().unwrap(), 1);
    assert!(bench.library.upload_state(&Caller::System, &kept).is_ok());
    assert_eq!(bench.tree().len(), 1);
    let again = bench.library.end_upload(&Caller::System, &ended).unwrap_err();
    assert!(matches!(again, Error::NotFound(_)), "{again}");
}

fn only_one_writes_at_a_time(bench: &Bench) {
    struct Meanwhile<F: FnMut()>(F, bool);
    impl<F: FnMut()> Read for Meanwhile<F> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.1, true) {
                return Ok(0);
            }
            (self.0)();
            into[0] = b'x';
            Ok(1)
        }
    }
    let root = FolderPath::default();
    let id = bench.library.begin_upload(&Caller::System, &new(&root), 10, "").unwrap().id;
    let other = bench.with(options());
    let mut busy = false;
    let meanwhile = || {
        let second = other.go_on(&Caller::System, &id, 0, &mut &b"y"[..]);
        busy = matches!(second, Err(Error::Busy));
    };
    let (state, _) =
        bench.library.go_on(&Caller::System, &id, 0, &mut Meanwhile(meanwhile, false)).unwrap();
    assert_eq!((state.offset, busy), (1, true));
}
