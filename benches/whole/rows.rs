//! The rows of the table: what is asked for, of whom, and what it should cost.

use turbojpeg::{Image, PixelFormat, Subsamp};

use crate::Arguments;
use crate::ask::{Ask, Spent, Work};
use crate::peers;
use crate::reference::Picture;
use crate::score::{scores, summary};
use crate::server::{Server, halftone, unprepared};

type Photographs = [(String, Vec<u8>)];

const SIZES: std::ops::Range<u32> = 300..461;
const QUALITY: u8 = 80;

/// Six photographs, no reductions.
pub fn cold(arguments: &Arguments, photographs: &Photographs) {
    let files = borrowed(photographs);
    let mut servers = vec![unprepared(&files)];
    servers.extend(peers::start(arguments, &files, QUALITY));
    let work = Work { files: files.clone(), widths: SIZES, format: "jpg", quality: QUALITY };
    let spent = work.measure(&servers, arguments.rounds);
    print(&files, &spent);
    let (floor, ours) = (&spent[0], &spent[1]);
    let within = |limit: f64, other: &Spent| -> Vec<bool> {
        ours.ms.iter().zip(&other.ms).map(|(ours, other)| *ours <= limit * other).collect()
    };
    let near_floor = within(1.2, floor);
    let count = near_floor.iter().filter(|near| **near).count();
    println!("goal: at most 1.2 × floor on {count} of 6, at least 4: {}", verdict(count >= 4));
    if let Some(oximg) = spent.iter().find(|spent| spent.name == "oximg") {
        let rest = within(1.05, oximg).iter().zip(&near_floor).all(|(oximg, near)| *oximg || *near);
        println!("goal: at most 1.05 × oximg on the others: {}", verdict(rest));
    }
    goal("memory under four clients, MB", ours.peak_mb, 120.0);
    looks(&files, &servers, QUALITY);
}

/// The same from reductions that were prepared, with no cache of results.
pub fn prepared(arguments: &Arguments, photographs: &Photographs) {
    let files = borrowed(photographs);
    let servers = vec![prepare(&files)];
    let work = Work { files: files.clone(), widths: SIZES, format: "jpg", quality: QUALITY };
    let spent = work.measure(&servers, arguments.rounds);
    print(&files, &spent);
    goal("prepared / floor", spent[1].mean() / spent[0].mean(), 0.4);
    looks(&files, &servers, QUALITY);
}

/// A picture of about 48 megapixels, unprepared and prepared.
pub fn large(arguments: &Arguments, photographs: &Photographs) {
    let mosaic = mosaic(photographs);
    let files = [("large.jpg", &mosaic[..])];
    let mut servers = vec![unprepared(&files), prepare(&files)];
    servers.extend(peers::start(arguments, &files, QUALITY));
    let work = Work { files: files.to_vec(), widths: 700..900, format: "jpg", quality: QUALITY };
    let spent = work.measure(&servers, arguments.rounds);
    print(&files, &spent);
    goal("48 MP → 800 px / floor", spent[1].mean() / spent[0].mean(), 1.15);
    goal("48 MP → 800 px, prepared / floor", spent[2].mean() / spent[0].mean(), 0.15);
}

/// A PNG of 2000 pixels' width.
pub fn png(arguments: &Arguments, photographs: &Photographs) {
    let made = unprepared(&borrowed(photographs));
    let mut client = crate::support::http::Client::connect(made.addr).expect("it answers");
    let pngs: Vec<(String, Vec<u8>)> = photographs
        .iter()
        .map(|(name, _)| {
            let ask = Ask { file: name, width: 2000, format: "png", quality: QUALITY };
            (format!("{name}.png"), crate::ask::get(&mut client, &made, &ask))
        })
        .collect();
    drop(made);
    let files = borrowed(&pngs);
    let mut servers = vec![unprepared(&files)];
    servers.extend(peers::start(arguments, &files, QUALITY));
    let work = Work { files: files.clone(), widths: SIZES, format: "png", quality: QUALITY };
    let spent = work.measure(&servers, arguments.rounds);
    print(&files, &spent);
    if let Some(oximg) = spent.iter().find(|spent| spent.name == "oximg") {
        goal("PNG → 400 px PNG / oximg", spent[1].mean() / oximg.mean(), 0.9);
        goal("bytes / oximg's", spent[1].bytes / oximg.bytes, 1.0);
    }
}

/// WebP of quality 75.
pub fn webp(arguments: &Arguments, photographs: &Photographs) {
    at_equal_score(arguments, photographs, "webp", 75, "oximg, speed profile");
}

/// AVIF, with thumbor's at quality 80.
pub fn avif(arguments: &Arguments, photographs: &Photographs) {
    at_equal_score(arguments, photographs, "avif", QUALITY, "thumbor");
}

/// The lowest quality of ours whose score is not below the peer's at `quality` is measured beside it.
fn at_equal_score(
    arguments: &Arguments,
    photographs: &Photographs,
    format: &'static str,
    quality: u8,
    peer: &str,
) {
    let files = borrowed(photographs);
    let peers: Vec<Server> = peers::start(arguments, &files, quality)
        .into_iter()
        .filter(|server| server.name == peer)
        .collect();
    let mut servers = vec![unprepared(&files)];
    let mut ours = quality;
    let pictures = pictures(&files);
    if let Some(other) = peers.first() {
        let score = |server: &Server, quality| {
            let ask = Ask { file: "", width: 400, format, quality };
            summary(&scores(server, &pictures, &ask)).0
        };
        let wanted = score(other, quality);
        let found = (40..=95).step_by(5).map(|quality| (quality, score(&servers[0], quality)));
        let (found, reached) = found
            .into_iter()
            .find(|(_, score)| *score >= wanted)
            .expect("some quality is as good as the peer's");
        println!("{peer} at {quality}: {wanted:.2}; ours at {found}: {reached:.2}");
        ours = found;
    }
    let Server { target, .. } = &mut servers[0];
    let plain = std::mem::replace(target, Box::new(|_| String::new()));
    *target = Box::new(move |ask| plain(&Ask { quality: ours, ..*ask }));
    servers.extend(peers);
    let work = Work { files: files.clone(), widths: SIZES, format, quality };
    let spent = work.measure(&servers, arguments.rounds);
    print(&files, &spent);
    if let Some(other) = spent.get(2) {
        goal("at equal score / the peer", spent[1].mean() / other.mean(), 1.0);
    }
}

fn prepare(files: &[(&str, &[u8])]) -> Server {
    let (server, pool) = halftone("halftone, prepared", files, |config| {
        config.raw("memory_cache_mb", "0").raw("disk_cache_mb", "0")
    });
    let (cpu_s, said) = pool.prepare();
    println!("{}", said.trim_end());
    println!("preparing took {:.0} ms CPU for each", cpu_s * 1e3 / files.len() as f64);
    server
}

fn borrowed(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect()
}

fn pictures<'a>(files: &[(&'a str, &[u8])]) -> Vec<(&'a str, Picture)> {
    files.iter().map(|(name, jpeg)| (*name, Picture::decode(jpeg))).collect()
}

/// Prints each server's scores: pixels before encoding, and JPEGs.
fn looks(files: &[(&str, &[u8])], servers: &[Server], quality: u8) {
    let originals = pictures(files);
    println!("SSIMULACRA2 at 400 px, mean (lowest): pixels as PNG, and as JPEG");
    for server in servers.iter().filter(|server| server.name != "ipx") {
        let of = |format| {
            let ask = Ask { file: "", width: 400, format, quality };
            let (mean, lowest) = summary(&scores(server, &originals, &ask));
            format!("{mean:.2} ({lowest:.2})")
        };
        println!("{:28}{:>18}{:>18}", server.name, of("png"), of("jpg"));
    }
}

fn print(files: &[(&str, &[u8])], spent: &[Spent]) {
    println!("CPU ms a picture; of them the front server; / floor; bytes; peak MB; each original");
    println!("{}", files.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "));
    for one in spent {
        let each: Vec<String> = one.ms.iter().map(|ms| format!("{ms:.1}")).collect();
        println!(
            "{:28}{:>8.2}{:>8.2}{:>8.2}{:>10.0}{:>8.1}   {}",
            one.name,
            one.mean(),
            one.front_ms,
            one.mean() / spent[0].mean(),
            one.bytes,
            one.peak_mb,
            each.join(" ")
        );
    }
}

fn goal(what: &str, found: f64, at_most: f64) {
    println!("goal: {what}: {found:.3} ≤ {at_most}: {}", verdict(found <= at_most));
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT MET" }
}

/// Twelve parts of the photographs beside each other, 4 by 3.
fn mosaic(photographs: &Photographs) -> Vec<u8> {
    let decode = |jpeg: &Vec<u8>| {
        turbojpeg::decompress(jpeg, PixelFormat::RGB).expect("a photograph decodes")
    };
    let parts: Vec<Image<Vec<u8>>> = photographs.iter().map(|(_, jpeg)| decode(jpeg)).collect();
    let width = parts.iter().map(|part| part.width).min().expect("there are some");
    let height = parts.iter().map(|part| part.height).min().expect("there are some");
    let mut pixels = vec![0; 4 * width * 3 * height * 3];
    for (y, row) in pixels.chunks_exact_mut(4 * width * 3).enumerate() {
        for (column, into) in row.chunks_exact_mut(width * 3).enumerate() {
            let part = &parts[(y / height * 4 + column) % parts.len()];
            let start = (y % height) * part.pitch;
            into.copy_from_slice(&part.pixels[start..start + width * 3]);
        }
    }
    let image = Image {
        pixels: &pixels[..],
        width: 4 * width,
        height: 3 * height,
        pitch: 4 * width * 3,
        format: PixelFormat::RGB,
    };
    println!("{} × {} pixels", image.width, image.height);
    turbojpeg::compress(image, 90, Subsamp::Sub2x2).expect("it encodes").to_vec()
}
