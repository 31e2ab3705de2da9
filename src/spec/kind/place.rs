//! Places: the alignment on a canvas and the cell of a grid.

use super::number::{decimal, rounded};
use super::{Kind, Rules, Shape};
use crate::pixel::{Align, Edge, Tile};

/// An edge letter and a position from 0 to 1, such as `L0.2`.
pub(in crate::spec) struct Alignment {
    /// The letters for start, centre and end, in this order.
    pub letters: &'static str,
}

const EDGES: [Edge; 3] = [Edge::Start, Edge::Centre, Edge::End];

impl Kind<Align> for Alignment {
    fn parse(&self, text: &str, _: &Rules) -> Result<Align, String> {
        let mut rest = text.trim().chars();
        let letter = rest.next().map(|letter| letter.to_ascii_uppercase());
        let edge = self.letters.chars().zip(EDGES).find(|(known, _)| Some(*known) == letter);
        let position = rest.as_str().parse().ok().filter(|at| (0.0..=1.0).contains(at));
        match (edge, position) {
            (Some((_, edge)), Some(position)) => Ok(Align { edge, position: rounded(position) }),
            _ => {
                let letters: Vec<String> = self.letters.chars().map(String::from).collect();
                Err(format!(
                    "must be one of {} followed by a number from 0 to 1",
                    letters.join(", ")
                ))
            }
        }
    }

    fn canonical(&self, value: &Align) -> String {
        let letter = self.letters.chars().zip(EDGES).find(|(_, edge)| *edge == value.edge);
        let letter = letter.map_or('C', |(letter, _)| letter);
        format!("{letter}{}", decimal(value.position))
    }

    fn shape(&self) -> Shape {
        Shape::Align(self.letters)
    }
}

/// A tile's number and the number of cells of its grid, such as `3:9`.
pub(in crate::spec) struct GridTile;

impl Kind<Tile> for GridTile {
    fn parse(&self, text: &str, _: &Rules) -> Result<Tile, String> {
        let numbers = text.trim().split_once(':').and_then(|(number, grid)| {
            Some((number.trim().parse().ok()?, grid.trim().parse().ok()?))
        });
        let (number, grid) = numbers
            .ok_or("must be a tile number and a grid size with a colon between, such as 1:9")?;
        Tile::new(number, grid).map_err(|error| format!("must be a tile: {error}"))
    }

    fn canonical(&self, value: &Tile) -> String {
        format!("{}:{}", value.number(), value.grid())
    }

    fn shape(&self) -> Shape {
        Shape::Tile
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    const ACROSS: Alignment = Alignment { letters: "LCR" };
    const DOWN: Alignment = Alignment { letters: "TCB" };

    #[test]
    fn alignments() {
        reads(&ACROSS, "L0.2", "L0.2");
        reads(&ACROSS, "c0.50", "C0.5");
        reads(&ACROSS, "R1", "R1");
        reads(&DOWN, "T0", "T0");
        reads(&DOWN, "B0.123456", "B0.12346");
        for bad in ["L", "T0", "L1.1", "L-0.1", "0.5", "LNaN", "Linf", "é0"] {
            refuses(&ACROSS, bad);
        }
        refuses(&DOWN, "L0");
        let value = ACROSS.parse("R0.25", &Rules::default());
        assert_eq!(value, Ok(Align { edge: Edge::End, position: 0.25 }));
    }

    #[test]
    fn tiles() {
        reads(&GridTile, "1:4", "1:4");
        reads(&GridTile, "256:256", "256:256");
        reads(&GridTile, " 01 : 9 ", "1:9");
        for bad in
            ["0:4", "5:4", "1:5", "1:1", "1:289", "1", "1:", "a:4", "1:4:4", "-1:4", "1:70000"]
        {
            refuses(&GridTile, bad);
        }
    }
}
