//! Documents that become folders of page pictures.

use std::fs::{self, File};
use std::sync::Arc;

use halftone::auth::Level;
use halftone::db::tasks;
use halftone::library::{Caller, Error, Library, Options, Overwrite, job};
use halftone::pixel::{Engine, EngineOptions};
use halftone::sandbox::{Sandbox, SandboxOptions, has_landlock};
use halftone::source::{Repository, RepositoryOptions};

use crate::bench::{Bench, options, put};

crate::on_both!(a_document_becomes_a_folder_of_its_pages);

/// Two pages, of 72 × 144 and 144 × 72 points.
fn pdf() -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 144] >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 144 72] >>",
    ];
    let mut text = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(text.len());
        text += &format!("{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    let table = text.len();
    text += "xref\n0 5\n0000000000 65535 f \n";
    for place in places {
        text += &format!("{place:010} 00000 n \n");
    }
    text += &format!("trailer\n<< /Root 1 0 R /Size 5 >>\nstartxref\n{table}\n%%EOF\n");
    text.into_bytes()
}

fn library(bench: &Bench) -> Library {
    let sandbox = Sandbox::new(SandboxOptions {
        program: File::open(env!("CARGO_BIN_EXE_halftone")).unwrap(),
        memory_mb: 1024,
        cpu_s: 30,
        time: std::time::Duration::from_secs(30),
        children: 1,
        program_waiters: 8,
        files: 100,
        idle: std::time::Duration::from_secs(30),
        scratch_folder: std::env::temp_dir(),
        scratch_mb: 64,
        failures_folder: None,
        landlock: has_landlock(),
        allow_without_landlock: true,
        probe: false,
    });
    let engine = EngineOptions { isolation: Some(Arc::new(sandbox)), ..EngineOptions::default() };
    let files = Arc::new(Repository::new(bench.root(), RepositoryOptions::default()));
    let options = Options { burst_documents: true, burst_dpi: 72, ..options() };
    Library::new(bench.test.open(), files, Engine::new(engine).unwrap(), options, |_| ())
}

fn a_document_becomes_a_folder_of_its_pages(bench: &Bench) {
    let library = library(bench);
    let image = put(&library, &Caller::System, "", "plan.pdf", Overwrite::No, &pdf()).unwrap();
    let queued = tasks::latest(bench.db(), 10).unwrap();
    assert!(queued.iter().any(|(task, _)| task.kind == job::PAGES), "{queued:?}");
    let stopped = library.burst(&Caller::System, &image.path, &|done, _| done < 1).unwrap_err();
    assert!(matches!(stopped, Error::Stopped), "{stopped}");
    assert_eq!(bench.names(""), ["plan.pdf"]);
    assert!(!bench.has_unfinished());
    for _ in 0..2 {
        assert_eq!(library.burst(&Caller::System, &image.path, &|_, _| true).unwrap(), 2);
        assert_eq!(bench.names("plan.pdf.pages"), ["page-00001.png", "page-00002.png"]);
    }
    let size = |name: &str| {
        let file = File::open(bench.root().join("plan.pdf.pages").join(name)).unwrap();
        let reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
        reader.info().size()
    };
    assert_eq!((size("page-00001.png"), size("page-00002.png")), ((72, 144), (144, 72)));
    assert!(bench.is_active("plan.pdf.pages/page-00002.png"));
    let viewer = bench.user("viewer", &[("/", Level::Edit)]);
    let rights = bench.rights();
    let caller = Caller::Somebody { rights: &rights, user: Some(viewer) };
    let denied = library.burst(&caller, &image.path, &|_, _| true).unwrap_err();
    assert!(matches!(denied, Error::Denied { .. }), "{denied}");
    // The upload of a picture wants no pages.
    let before = tasks::latest(bench.db(), 10).unwrap().len();
    fs::remove_dir_all(bench.root().join("plan.pdf.pages")).unwrap();
    let picture = crate::bench::png(1, 1);
    put(&library, &Caller::System, "", "x.png", Overwrite::No, &picture).unwrap();
    assert_eq!(tasks::latest(bench.db(), 10).unwrap().len(), before);
}
