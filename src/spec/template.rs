//! Reading and writing the JSON of templates.
//!
//! A template is an object of fields, each an object with a `value`:
//! `{"width": {"value": 200}, "size_fit": {"value": true}}`. A field with `"locked": true` cannot be
//! changed by what is laid over the template, or given where it has no value.

use serde_json::{Map, Value, json};

use super::{PARAMS, Param, ParamError, Params, Rules};

/// What a field looks like.
const SHAPE: &str = "must be an object with a member \"value\"";

/// The name under which faults of the whole text are reported.
const WHOLE: &str = "template";

/// Fields of old templates that say nothing of their own: there is one resolution for both directions.
const PASSED_OVER: [&str; 1] = ["dpi_y"];

/// What a request may say without changing anything of what a template says.
const BESIDE_TEMPLATE: [&str; 6] = ["src", "tmp", "tile", "attach", "xref", "stats"];

impl Params {
    /// Whether these parameters of a URL leave a template as it is: they say which picture, which template
    /// and which tile of the result, and how it is sent.
    #[must_use]
    pub fn changes_no_template(&self) -> bool {
        super::PARAMS
            .iter()
            .filter(|param| param.text(self).is_some())
            .all(|param| BESIDE_TEMPLATE.contains(&param.about.name))
    }

    /// Reads a template.
    ///
    /// Fields that are null, or whose value is null or a blank text, are as if they were left out.
    /// Fields that are no parameter are ignored, so that templates of other versions can be read.
    ///
    /// # Errors
    /// The first field that cannot be used, by its name in the template.
    pub fn from_template_json(text: &str, rules: &Rules) -> Result<Self, ParamError> {
        let whole = |reason: &str| ParamError::new(WHOLE, reason);
        let value: Value = serde_json::from_str(text).map_err(|_| whole("must be valid JSON"))?;
        let Value::Object(fields) = value else {
            return Err(whole("must be a JSON object"));
        };
        let mut params = Self::default();
        for param in PARAMS {
            let Some((name, field)) = find(param, &fields) else { continue };
            let fault = |reason: &str| ParamError::new(name, reason);
            let members = match field {
                Value::Null => continue,
                Value::Object(members) => members,
                _ => return Err(fault(SHAPE)),
            };
            let value = members.get("value").ok_or_else(|| fault(SHAPE))?;
            match members.get("locked") {
                None | Some(Value::Null | Value::Bool(false)) => {}
                Some(Value::Bool(true)) => params.locks.add(param.about.name),
                Some(_) => return Err(fault("must have true or false as \"locked\"")),
            }
            if param.template().is_some() {
                param.read_json(&mut params, value, rules)?;
            } else if !blank(value) || params.locks.hold(param.about.name) {
                return Err(fault("must not be set in a template"));
            }
        }
        if params.overlay.is_some() && params.locks.hold("overlay") {
            params.locks.add_under_overlay();
        }
        params.check_template()?;
        Ok(params)
    }

    /// Checks a template that somebody hands in: all of it has to be usable, and there may be no field
    /// that is no parameter's.
    ///
    /// # Errors
    /// The first field that cannot be used, or is unknown.
    pub fn check_template_json(template: &Value, rules: &Rules) -> Result<(), ParamError> {
        Self::from_template_json(&template.to_string(), rules)?;
        Self::check_template_names(template)
    }

    /// Fails on a field of a template that is no parameter's, of which nothing would come:
    /// [`from_template_json`](Self::from_template_json) passes over such fields, as other versions
    /// and other servers may have written them.
    fn check_template_names(template: &Value) -> Result<(), ParamError> {
        let known = |name: &str| {
            PASSED_OVER.contains(&name)
                || PARAMS.iter().any(|param| param.names_in_templates().any(|own| own == name))
        };
        let mut fields = template.as_object().into_iter().flat_map(Map::keys);
        match fields.find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => Err(ParamError::new(WHOLE, format!("has no field \"{name}\""))),
        }
    }

    /// Writes a template. Only what is set is written.
    #[must_use]
    pub fn to_template_json(&self) -> Value {
        let mut fields = Map::new();
        for param in PARAMS {
            let Some(template) = param.template() else { continue };
            let field = match (param.json(self), self.locks.hold(param.about.name)) {
                (None, false) => continue,
                (value, true) => json!({ "value": value, "locked": true }),
                (value, false) => json!({ "value": value }),
            };
            fields.insert(template.name.to_owned(), field);
        }
        Value::Object(fields)
    }
}

/// The field that holds a parameter, under the name that a template is told it by.
fn find<'a>(param: &Param, fields: &'a Map<String, Value>) -> Option<(&'static str, &'a Value)> {
    param.names_in_templates().find_map(|name| Some((name, fields.get(name)?)))
}

fn blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::{Align, Edge, Format};
    use crate::spec::{FormatChoice, FormatWish};

    fn read(text: &str) -> Result<Params, ParamError> {
        Params::from_template_json(text, &Rules::default())
    }

    /// The shape of a stock template of the old server, every field present.
    const SMALL: &str = r##"{
        "align_h": {"value": "L0.2"}, "align_v": {"value": "C0.5"}, "attachment": {"value": false},
        "bottom": {"value": null}, "colorspace": {"value": "rgb"}, "crop_fit": {"value": false},
        "dpi_x": {"value": null}, "dpi_y": {"value": null}, "expiry_secs": {"value": 604800},
        "fill": {"value": "#ffffff"}, "flip": {"value": ""}, "format": {"value": "jpg"},
        "height": {"value": 200}, "icc_profile": {"value": ""}, "left": {"value": null},
        "overlay_src": {"value": ""}, "page": null, "quality": {"value": 80},
        "record_stats": {"value": true}, "rotation": {"value": -90.5}, "size_fit": {"value": false},
        "strip": {"value": true}, "tile": {"value": null}, "width": {"value": "200"}
    }"##;

    #[test]
    fn old_templates_are_read() {
        let params = read(SMALL).unwrap();
        let halign = Align { edge: Edge::Start, position: 0.2 };
        assert_eq!(params.halign.map(|given| given.value), Some(halign));
        let jpeg = FormatChoice { format: Format::Jpeg, progressive: false };
        assert_eq!(params.format.map(|given| given.value), Some(FormatWish::Named(jpeg)));
        assert_eq!(params.width.map(|given| given.value), Some(200));
        assert_eq!(params.angle.map(|given| given.value), Some(-90.5));
        assert_eq!(params.strip.map(|given| given.value), Some(true));
        assert_eq!(params.expires.map(|given| given.value), Some(604_800));
        assert_eq!(params.flip, None);
        assert_eq!(params.dpi, None);
        assert_eq!(params.tile, None);
    }

    #[test]
    fn a_field_that_is_no_parameters_is_named() {
        let check = |text: &str| Params::check_template_names(&serde_json::from_str(text).unwrap());
        assert_eq!(check(SMALL), Ok(()));
        let fault = check(r#"{"width": {"value": 30}, "overlay_scr": {"value": "a.png"}}"#);
        assert!(fault.unwrap_err().to_string().contains("overlay_scr"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let params = read(SMALL).unwrap();
        let written = params.to_template_json();
        assert_eq!(written["rotation"], json!({"value": -90.5}));
        assert_eq!(written["align_h"], json!({"value": "L0.2"}));
        assert_eq!(written["strip"], json!({"value": true}));
        assert_eq!(written["fill"], json!({"value": "#ffffff"}));
        assert_eq!(written["width"], json!({"value": 200}));
        assert_eq!(written.get("flip"), None);
        assert_eq!(read(&written.to_string()).unwrap(), params);
    }

    #[test]
    fn locks_are_written_as_they_were_read() {
        let text = r#"{"width": {"value": 9, "locked": true}, "flip": {"value": "", "locked": true},
            "height": {"value": 8, "locked": false}}"#;
        let params = read(text).unwrap();
        assert!(params.locks_anything());
        let written = params.to_template_json();
        assert_eq!(written["width"], json!({"value": 9, "locked": true}));
        assert_eq!(written["flip"], json!({"value": null, "locked": true}));
        assert_eq!(written["height"], json!({"value": 8}));
        assert_eq!(read(&written.to_string()).unwrap(), params);
    }

    #[test]
    fn faults_name_the_field() {
        for (text, name) in [
            ("", "template"),
            ("[]", "template"),
            ("{", "template"),
            (r#"{"width": 200}"#, "width"),
            (r#"{"width": {}}"#, "width"),
            (r#"{"width": {"value": {"value": 1}}}"#, "width"),
            (r#"{"width": {"value": [1]}}"#, "width"),
            (r#"{"width": {"value": 15001}}"#, "width"),
            (r#"{"width": {"value": true}}"#, "width"),
            (r#"{"align_h": {"value": "Q1"}}"#, "align_h"),
            (r#"{"rotation": {"value": "much"}}"#, "rotation"),
            (r#"{"dpi": {"value": 32001}}"#, "dpi_x"),
            (r#"{"size_fit": {"value": 2}}"#, "size_fit"),
            (r#"{"expiry_secs": {"value": -2}}"#, "expiry_secs"),
            (r#"{"tile": {"value": "1:4"}}"#, "tile"),
            (r#"{"src": {"value": "a"}}"#, "src"),
            (r#"{"src": {"value": null, "locked": true}}"#, "src"),
            (r#"{"width": {"value": 200, "locked": "yes"}}"#, "width"),
            (r#"{"width": {"locked": true}}"#, "width"),
            (r#"{"left": {"value": 0.6}, "right": {"value": 0.5}}"#, "left"),
            (r#"{"format": {"value": "png"}, "quality": {"value": 100}}"#, "quality"),
        ] {
            assert_eq!(read(text).expect_err(text).name, name, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(read(&deep).unwrap_err().name, "template");
    }

    #[test]
    fn other_fields_are_ignored_and_url_names_are_understood() {
        let params = read(r#"{"sharpness": {"value": 3}, "x": 1, "angle": {"value": 5}}"#).unwrap();
        assert_eq!(params.angle.map(|given| given.value), Some(5.0));
        let params = read(r#"{"dpi": {"value": 300.0}}"#).unwrap();
        assert_eq!(params.dpi.map(|given| given.value), Some(300));
    }
}
