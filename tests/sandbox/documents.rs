//! Documents, read by children as the engine reads them.

use std::sync::Arc;

use halftone::pixel::decode::{Input, Opening, Source};
use halftone::pixel::{
    Engine, EngineOptions, Error, Fill, Format, Image, Limits, Recipe, Rgba, Samples,
};
use halftone::sandbox::{Sandbox, SandboxOptions};

use crate::support::{decode, file, memory, options};

/// 40×30, red on the left, nothing on the right.
const SVG: &[u8] = br##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">
    <rect width="20" height="30" fill="#f00"/></svg>"##;

/// One inch square, red on the left; without a cross-reference table, which has to be found out.
const PDF: &[u8] = b"%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Count 1/Kids[3 0 R]>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]/Resources<<>>/Contents 4 0 R>> endobj
4 0 obj <</Length 24>> stream
1 0 0 rg 0 0 36 72 re f
endstream endobj
trailer <</Root 1 0 R>>
%%EOF
";

/// One inch square, red on the left.
const EPS: &[u8] = b"%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 72 72
1 0 0 setrgbcolor 0 0 36 72 rectfill
";

/// The same as a program whose page size is known by running it.
const PS: &[u8] = b"%!PS
<< /PageSize [72 72] >> setpagedevice
1 0 0 setrgbcolor 0 0 36 72 rectfill showpage
";

const RED: [u8; 4] = [255, 0, 0, 255];

fn engine() -> Engine {
    let isolation: Arc<Sandbox> = Arc::new(Sandbox::new(options()));
    Engine::new(EngineOptions { isolation: Some(isolation), ..EngineOptions::default() }).unwrap()
}

fn named(bytes: &[u8], extension: &str) -> Input {
    let format = Format::from_extension(extension);
    Input::new(std::io::Cursor::new(bytes.to_vec()), bytes.len() as u64, format)
}

/// Makes a recipe and reads the result, a PNG.
fn picture(engine: &Engine, bytes: &[u8], extension: &str, recipe: &Recipe) -> Image {
    let opened = engine.open(named(bytes, extension), &recipe.opening()).unwrap();
    assert!(opened.held_pixels(recipe) > 0);
    let cancel = halftone::pixel::Cancel::never();
    let made = engine.make(opened, recipe, &cancel, &|_| ()).unwrap();
    let source = Source::open(memory(&made.bytes), &Opening::default(), &Limits::default(), None);
    decode(source.unwrap()).unwrap().image
}

fn pixel(image: &Image, x: u32, y: u32) -> [u8; 4] {
    let Samples::U8(samples) = &image.samples else { panic!("16 bits") };
    let at = image.bands() * (y * image.width + x) as usize;
    let alpha = if image.alpha { samples[at + 3] } else { 255 };
    [samples[at], samples[at + 1], samples[at + 2], alpha]
}

#[test]
fn every_document_is_read_by_a_child() {
    let sandbox = Sandbox::new(options());
    for (bytes, format) in [
        (SVG, Format::Svg),
        (PDF, Format::Pdf),
        (EPS, Format::Postscript),
        (PS, Format::Postscript),
    ] {
        for input in [file(bytes), memory(bytes)] {
            let opening = Opening { page: 1, dpi: 72 };
            let source = Source::open(input, &opening, &Limits::default(), Some(&sandbox)).unwrap();
            assert_eq!(source.info().format, format);
            let image = decode(source).unwrap().image;
            assert_eq!(pixel(&image, 3, 10), RED, "{format:?}");
            assert_eq!(pixel(&image, image.width - 3, 10)[3], 0, "{format:?}");
        }
    }
    assert!(sandbox.children() <= 2);
}

#[test]
fn pages_lie_on_paper_unless_they_are_to_be_transparent() {
    let engine = engine();
    let blue = Fill::Colour(Rgba { r: 0, g: 0, b: 255, a: 255 });
    for (bytes, extension) in [(PDF, "pdf"), (EPS, "eps"), (PDF, "ai")] {
        for (fill, expected) in
            [(Fill::WHITE, [255; 4]), (blue, [0, 0, 255, 255]), (Fill::Transparent, [0; 4])]
        {
            let recipe = Recipe { fill, dpi: 100, ..Recipe::unchanged(Format::Png) };
            let image = picture(&engine, bytes, extension, &recipe);
            assert_eq!((image.width, image.height), (100, 100));
            assert_eq!(pixel(&image, 10, 50), RED, "{extension} {fill:?}");
            let paper = pixel(&image, 90, 50);
            assert_eq!(paper[3], expected[3], "{extension} {fill:?}");
            assert!(expected[3] == 0 || paper == expected, "{extension} {fill:?}: {paper:?}");
        }
    }
    // A drawing is no page.
    let drawing = picture(&engine, SVG, "svg", &Recipe::unchanged(Format::Png));
    assert_eq!(pixel(&drawing, 35, 10)[3], 0);
}

#[test]
fn sizes_follow_from_the_resolution() {
    let engine = engine();
    for (dpi, width, expected) in [(0, 0, 150), (300, 0, 300), (300, 60, 60), (72, 500, 72)] {
        for (bytes, extension) in [(PDF, "pdf"), (PS, "ps")] {
            let recipe = Recipe { dpi, width, ..Recipe::unchanged(Format::Png) };
            let image = picture(&engine, bytes, extension, &recipe);
            assert_eq!((image.width, image.height), (expected, expected), "{extension} {dpi}");
            let at = |part: f64| pixel(&image, (f64::from(image.width) * part) as u32, 5);
            assert_eq!((at(0.2), at(0.8)), (RED, [255; 4]), "{extension} {dpi}");
        }
    }
}

#[test]
fn faults_come_back_as_the_decoder_found_them() {
    let engine = engine();
    let open = |bytes: &[u8], extension: &str, page: u32| {
        engine.open(named(bytes, extension), &Opening { page, dpi: 0 }).map(|_| ())
    };
    assert!(matches!(open(PDF, "pdf", 2), Err(Error::Parameter { name: "page", .. })));
    assert!(matches!(open(b"%PDF-1.4\nnothing", "pdf", 1), Err(Error::Malformed(_))));
    assert!(matches!(open(b"<svg><", "svg", 1), Err(Error::Malformed(_))));
    assert!(matches!(open(b"%!PS\nnonsense\n", "ps", 1), Err(Error::Malformed(_))));
    assert!(matches!(open(SVG, "pdf", 1), Err(Error::Unsupported(_))));
    let huge = b"<svg xmlns='http://www.w3.org/2000/svg' width='1000000' height='1000000'/>";
    assert!(matches!(open(huge, "svg", 1), Err(Error::Limit(_))));
}

#[test]
fn a_program_that_never_ends_is_ended() {
    let time = std::time::Duration::from_secs(3);
    let sandbox = Sandbox::new(SandboxOptions { time, ..options() });
    let start = std::time::Instant::now();
    let source = Source::open(
        memory(b"%!PS\n{ } loop\n"),
        &Opening::default(),
        &Limits::default(),
        Some(&sandbox),
    );
    assert!(matches!(source.map(|_| ()), Err(Error::Limit(_))));
    assert!(start.elapsed() < time * 30);
    let again = Source::open(memory(EPS), &Opening::default(), &Limits::default(), Some(&sandbox));
    assert!(decode(again.unwrap()).is_ok());
}

#[test]
fn a_program_that_fills_the_disk_with_many_files_is_ended() {
    const MANY: &[u8] = b"%!PS
/buf 65536 string def
{ (many) (w) .tempfile exch pop /f exch def 0 1 15 { pop f buf writestring } for f closefile } loop
";
    let folder = tempfile::tempdir().unwrap();
    let scratch_folder = folder.path().to_owned();
    let sandbox = Sandbox::new(SandboxOptions { scratch_folder, scratch_mb: 32, ..options() });
    let most = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            Source::open(memory(MANY), &Opening::default(), &Limits::default(), Some(&sandbox))
                .map(|_| ())
        });
        let mut most = 0;
        while !reading.is_finished() {
            most = most.max(blocks_within(folder.path()));
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let result = reading.join().unwrap();
        assert!(matches!(&result, Err(Error::Limit(text)) if text.contains("disk")), "{result:?}");
        most
    });
    // It was really writing files, each well below the bound, and not for long after it was met.
    assert!(most > 16 << 20, "{most}");
    assert!(most < 1 << 30, "{most}");
    assert_eq!(blocks_within(folder.path()), 0);
    let again = Source::open(memory(EPS), &Opening::default(), &Limits::default(), Some(&sandbox));
    assert!(decode(again.unwrap()).is_ok());
}

/// Bytes on disk of all files in the folders of a folder.
fn blocks_within(folder: &std::path::Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let folders = std::fs::read_dir(folder).unwrap().flatten();
    let files = folders.filter_map(|entry| std::fs::read_dir(entry.path()).ok()).flatten();
    files.flatten().filter_map(|file| file.metadata().ok()).map(|stat| stat.blocks() * 512).sum()
}

#[test]
fn without_a_child_documents_are_refused() {
    let source = Source::open(memory(SVG), &Opening::default(), &Limits::default(), None);
    assert!(matches!(source.map(|_| ()), Err(Error::Unsupported(_))));
}
