//! Where addresses have to be signed.

/// One line of what is demanded.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule<T> {
    of: T,
    demanded: bool,
}

/// Folders and templates whose pictures are only shown under signed addresses.
///
/// Written as a list: `/` is every picture, `/clients` those in that folder and below it, and
/// `template:Print` those that this template has a part in. With `!` before it a line says the opposite: of
/// folders the nearest counts, and `!template:Thumb` frees what asks for that template and nothing else.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Demands {
    folders: Vec<Rule<String>>,
    templates: Vec<Rule<String>>,
}

/// What a line about a template begins with.
const TEMPLATE: &str = "template:";

impl Demands {
    /// Reads the list; none when a line is neither about a folder nor about a template.
    #[must_use]
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut demands = Self::default();
        for line in lines {
            let (of, demanded) = line.strip_prefix('!').map_or((line, true), |rest| (rest, false));
            if let Some(name) = of.strip_prefix(TEMPLATE).filter(|name| !name.is_empty()) {
                demands.templates.push(Rule { of: name.to_lowercase(), demanded });
            } else if of.starts_with('/') {
                let of = of.trim_matches('/').to_owned();
                demands.folders.push(Rule { of, demanded });
            } else {
                return None;
            }
        }
        Some(demands)
    }

    /// Whether nothing is demanded anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.folders.iter().any(|rule| rule.demanded)
            && !self.templates.iter().any(|rule| rule.demanded)
    }

    /// Whether it matters which templates have a part in a picture.
    #[must_use]
    pub fn ask_for_templates(&self) -> bool {
        !self.templates.is_empty()
    }

    /// Whether pictures of a folder (its path within the library) need a signed address, whatever
    /// templates say.
    #[must_use]
    pub fn in_folder(&self, folder: &str) -> bool {
        let folder = folder.trim_matches('/');
        let holds = |rule: &&Rule<String>| {
            rule.of.is_empty()
                || folder
                    .strip_prefix(rule.of.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let nearest = self.folders.iter().filter(holds).max_by_key(|rule| rule.of.len());
        nearest.is_some_and(|rule| rule.demanded)
    }

    /// What the templates of a picture say: that a signature is needed or is not, or nothing. `plain` is
    /// whether it is asked for as the templates have it.
    #[must_use]
    pub fn by_templates(&self, names: &[String], plain: bool) -> Option<bool> {
        let rule_of = |name: &String| {
            let name = name.to_lowercase();
            self.templates.iter().rev().find(|rule| rule.of == name)
        };
        if names.iter().filter_map(rule_of).any(|rule| rule.demanded) {
            return Some(true);
        }
        let free = |name| rule_of(name).is_some_and(|rule| !rule.demanded);
        (plain && !names.is_empty() && names.iter().all(free)).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demands(lines: &[&str]) -> Demands {
        Demands::read(lines.iter().copied()).unwrap()
    }

    #[test]
    fn the_nearest_folder_counts() {
        let demands = demands(&["/", "!/open", "/open/inner/", "!/a/b"]);
        for (folder, demanded) in [
            ("", true),
            ("x", true),
            ("open", false),
            ("open/more", false),
            ("opening", true),
            ("open/inner", true),
            ("open/inner/most", true),
            ("a", true),
            ("a/b", false),
            ("a/bc", true),
        ] {
            assert_eq!(demands.in_folder(folder), demanded, "{folder}");
        }
    }

    #[test]
    fn nothing_is_demanded_unless_said() {
        assert!(demands(&[]).is_empty() && demands(&["!/", "!template:x"]).is_empty());
        assert!(!demands(&["/"]).is_empty() && !demands(&["template:x"]).is_empty());
        assert!(!demands(&["/clients"]).in_folder("elsewhere"));
    }

    #[test]
    fn templates_demand_and_free() {
        let demands = demands(&["template:Print", "!template:Thumb"]);
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(demands.by_templates(&names(&["print"]), false), Some(true));
        assert_eq!(demands.by_templates(&names(&["thumb", "PRINT"]), true), Some(true));
        assert_eq!(demands.by_templates(&names(&["THUMB"]), true), Some(false));
        assert_eq!(demands.by_templates(&names(&["thumb"]), false), None);
        assert_eq!(demands.by_templates(&names(&["thumb", "other"]), true), None);
        assert_eq!(demands.by_templates(&[], true), None);
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "clients", "*", "!", "template:", "templates:x"] {
            assert_eq!(Demands::read([line]), None, "{line}");
        }
    }
}
