//! Every shortcut that the engine takes in reducing a JPEG leaves a picture that cannot be told from
//! the exact reduction: SSIMULACRA2 of at least 90 for each picture of a corpus, at each width.

mod corpus;
mod engine;
mod reference;

use halftone::pixel::{Engine, EngineOptions};

use self::reference::Picture;

/// From a half to an eleventh of the charts' 1536 pixels.
const WIDTHS: [u32; 8] = [690, 500, 384, 290, 236, 205, 150, 140];
const AT_LEAST: f64 = 90.0;

#[test]
fn no_shortcut_shows() {
    let engine = Engine::new(EngineOptions::default()).unwrap();
    let mut low = Vec::new();
    let mut measured = 0;
    for chart in corpus::charts() {
        let source = Picture::decode(&chart.jpeg);
        for width in WIDTHS {
            let made = engine::reduce(&engine, &chart.jpeg, width);
            let score = source.reduce(made.width, made.height).score(&made);
            measured += 1;
            if score < AT_LEAST {
                low.push(format!("{} at {width}: {score:.2}", chart.name));
            }
        }
    }
    assert_eq!(measured, 15 * WIDTHS.len());
    assert!(low.is_empty(), "below {AT_LEAST}:\n{}", low.join("\n"));
}
