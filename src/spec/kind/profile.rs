//! Names of colour profiles.

use super::{Kind, Rules, Shape};

/// The longest name of a file on common systems.
const MOST_CHARS: usize = 255;

/// Endings that may be left out.
const EXTENSIONS: [&str; 2] = [".icc", ".icm"];

/// The name of a profile's file, without folder; its canonical form is in small letters and has no
/// extension.
pub(in crate::spec) struct ProfileName;

impl Kind<String> for ProfileName {
    fn parse(&self, text: &str, _: &Rules) -> Result<String, String> {
        let mut name = text.trim().to_lowercase();
        for extension in EXTENSIONS {
            if let Some(stem) = name.strip_suffix(extension) {
                name.truncate(stem.len());
                break;
            }
        }
        let plain = !name.is_empty()
            && !name.starts_with('.')
            && !name.contains(['/', '\\', '\0', '\r', '\n', ','])
            && name.chars().count() <= MOST_CHARS;
        if plain { Ok(name) } else { Err("must be the name of a colour profile".into()) }
    }

    fn canonical(&self, value: &String) -> String {
        value.clone()
    }

    fn shape(&self) -> Shape {
        Shape::Text { max_chars: MOST_CHARS }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn case_and_extension_do_not_matter() {
        reads(&ProfileName, "CoatedFOGRA39.icc", "coatedfogra39");
        reads(&ProfileName, "Greyscale.ICM", "greyscale");
        reads(&ProfileName, " sRGB v4 ", "srgb v4");
        reads(&ProfileName, "a.b", "a.b");
    }

    #[test]
    fn names_lead_nowhere_else() {
        for bad in ["../srgb", "/etc/passwd", "a/b", "a\\b", ".hidden", ".icc", "a,b", "a\0"] {
            refuses(&ProfileName, bad);
        }
        refuses(&ProfileName, &"x".repeat(256));
    }
}
