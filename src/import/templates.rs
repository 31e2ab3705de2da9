//! Templates, and the parameters of pictures in portfolios, which are written the same way.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::accounts::own_name;
use super::source::text;
use super::{Ids, Import, Result};
use crate::db::templates::{self, Template};
use crate::db::users::name_key;
use crate::db::{Row, bulk};
use crate::spec::{PARAMS, Params, Rules};

const TEMPLATES: &str = "templates";

/// The property that names the default template over there.
const DEFAULT: &str = "pubimage_default_template";

/// The longest JSON of parameters that is read: each has some two dozen short fields.
const MAX_JSON_BYTES: usize = 1 << 20;

/// Parameters as they can be used here, and what had to go, each with its reason.
pub(super) struct Usable {
    pub json: String,
    pub gone: Vec<String>,
}

/// Leaves out the fields that are not known here, and those whose values cannot be used.
///
/// # Errors
/// Why nothing of it can be used.
pub(super) fn usable(text: &str) -> std::result::Result<Usable, String> {
    if text.trim().is_empty() {
        return Ok(Usable { json: "{}".to_owned(), gone: Vec::new() });
    }
    if text.len() > MAX_JSON_BYTES {
        return Err("it is too long".to_owned());
    }
    let fields: Option<Map<String, Json>> = match serde_json::from_str(text) {
        Ok(Json::Object(fields)) => Some(fields),
        Ok(Json::Null) => Some(Map::new()),
        _ => None,
    };
    let mut fields = fields.ok_or_else(|| "it is not a JSON object".to_owned())?;
    let mut gone = Vec::new();
    // Dots per inch have one number here.
    let other_dpi = fields.remove("dpi_y").filter(|dpi| fields.get("dpi_x") != Some(dpi));
    if other_dpi.is_some_and(|dpi| !is_blank(&dpi)) {
        gone.push("dpi_y: it is always that of dpi_x".to_owned());
    }
    fields.retain(|name, field| {
        let known = is_known(name);
        if !known && !is_blank(field) {
            gone.push(format!("{name}: there is no such parameter"));
        }
        known
    });
    let rules = Rules { max_dimension: u32::MAX };
    loop {
        let json = Json::Object(fields.clone()).to_string();
        match Params::from_template_json(&json, &rules) {
            Ok(_) => return Ok(Usable { json, gone }),
            Err(fault) => {
                if fields.remove(fault.name).is_none() {
                    return Err(fault.to_string());
                }
                gone.push(format!("{}: {}", fault.name, fault.reason));
            }
        }
    }
}

/// Whether a field sets nothing.
fn is_blank(field: &Json) -> bool {
    match field.get("value").unwrap_or(field) {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn is_known(field: &str) -> bool {
    PARAMS.iter().any(|param| {
        let names = param
            .template()
            .is_some_and(|template| template.name == field || template.aliases.contains(&field));
        names || param.about.name == field
    })
}

impl Import<'_> {
    /// Usable parameters; what of them cannot be used is told.
    pub(super) fn parameters(
        &mut self,
        kind: &'static str,
        which: &str,
        text: &str,
    ) -> Option<String> {
        match usable(text) {
            Ok(usable) => {
                for gone in usable.gone {
                    let which = format!("{which}, {gone}");
                    self.report.remark(kind, "a parameter cannot come", &which);
                }
                Some(usable.json)
            }
            Err(reason) => {
                let which = format!("{which}, {reason}");
                self.report.remark(kind, "none of its parameters can be used", &which);
                None
            }
        }
    }

    pub(super) fn templates(&mut self) -> Result<()> {
        let mut ids = Ids::new(self.sql, "templates", self.highest("imagetemplates")?)?;
        let mut used = HashSet::new();
        let columns = "CAST(name AS TEXT), CAST(description AS TEXT), CAST(template AS TEXT)";
        self.each("imagetemplates", columns, |import, row| {
            let (name, renamed) = own_name(&mut used, &text(row, 1)?);
            if renamed {
                let what = "another name differs in case alone: addresses that name it must change";
                import.report.remark(TEMPLATES, what, &name);
            }
            import.template(&name, row, &mut ids)
        })?;
        ids.end(self)?;
        self.default_template()
    }

    fn template(&mut self, name: &str, row: &Row, ids: &mut Ids) -> Result<()> {
        let theirs = row.int(0)?;
        let all = templates::all(self.sql)?;
        let same = all.iter().find(|ours| name_key(&ours.name) == name_key(name));
        if same.is_some() && !self.first {
            self.report.here(TEMPLATES);
            return Ok(());
        }
        let Some(json) = self.parameters(TEMPLATES, name, &text(row, 3)?) else {
            self.report.left_out(TEMPLATES, "it cannot be used", name);
            return Ok(());
        };
        let (name, description) = (name.to_owned(), text(row, 2)?);
        if let Some(ours) = same {
            templates::update(self.sql, &Template { id: ours.id, name, description, json })?;
            self.report.taken_over(TEMPLATES);
            return Ok(());
        }
        let taken = all.iter().map(|ours| ours.id).collect();
        let id = ids.give(theirs, &taken);
        self.note_id(TEMPLATES, &name, theirs, id);
        let row = vec![
            id.into(),
            name.as_str().into(),
            name_key(&name).into(),
            description.into(),
            json.into(),
        ];
        let columns = ["id", "name", "name_key", "description", "template"];
        bulk::insert(self.sql, "templates", &columns, [row])?;
        self.report.new_row(TEMPLATES);
        Ok(())
    }

    fn default_template(&mut self) -> Result<()> {
        if !self.first {
            return Ok(());
        }
        let Some(wanted) = self.property(DEFAULT)? else { return Ok(()) };
        let all = templates::all(self.sql)?;
        match all.iter().find(|template| name_key(&template.name) == name_key(&wanted)) {
            Some(template) => {
                templates::set_default(self.sql, &template.name)?;
                self.report.note(format!("The default template is \"{}\".", template.name));
            }
            None => self.report.note(format!(
                "The default template over there, \"{}\", is not among the templates; the one here stays.",
                wanted.escape_debug()
            )),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of a template in the guide to the old server's API.
    const GUIDE: [&str; 32] = [
        "align_h",
        "align_v",
        "attachment",
        "bottom",
        "colorspace",
        "crop_fit",
        "dpi_x",
        "dpi_y",
        "expiry_secs",
        "fill",
        "flip",
        "format",
        "height",
        "icc_bpc",
        "icc_intent",
        "icc_profile",
        "left",
        "overlay_opacity",
        "overlay_pos",
        "overlay_size",
        "overlay_src",
        "page",
        "quality",
        "record_stats",
        "right",
        "rotation",
        "sharpen",
        "size_fit",
        "strip",
        "tile",
        "top",
        "width",
    ];

    #[test]
    fn every_field_of_the_guide_is_known() {
        for field in GUIDE.into_iter().filter(|field| *field != "dpi_y") {
            assert!(is_known(field), "{field}");
        }
        let all: Map<String, Json> = GUIDE
            .iter()
            .map(|field| ((*field).to_owned(), serde_json::json!({ "value": null })))
            .collect();
        assert!(usable(&Json::Object(all).to_string()).unwrap().gone.is_empty());
    }

    #[test]
    fn what_cannot_be_used_goes_and_the_rest_stays() {
        let found = usable(
            r#"{"dpi_x": {"value": 300}, "dpi_y": {"value": 150}, "width": {"value": -1},
                "magic": {"value": {"deep": [1]}}, "none": {"value": null}, "flip": {"value": "h"}}"#,
        )
        .unwrap();
        let json: Json = serde_json::from_str(&found.json).unwrap();
        assert_eq!(json, serde_json::json!({"dpi_x": {"value": 300}, "flip": {"value": "h"}}));
        let mut names: Vec<&str> =
            found.gone.iter().filter_map(|gone| gone.split(':').next()).collect();
        names.sort_unstable();
        assert_eq!(names, ["dpi_y", "magic", "width"]);
        let same = r#"{"dpi_x": {"value": 300}, "dpi_y": {"value": 300}}"#;
        assert!(usable(same).unwrap().gone.is_empty());
        for text in ["[1]", "{", "7"] {
            assert!(usable(text).is_err(), "{text}");
        }
        assert_eq!(usable("null").unwrap().json, "{}");
        assert_eq!(usable(" ").unwrap().json, "{}");
    }
}
