//! What is done to one picture in a portfolio. The form asks for this page again with other parameters, which
//! shows what would come of them; what is kept is what the page shows then.

use askama::Template;
use serde_json::{Map, Value};

use super::{address, find_own, segment, small};
use crate::auth::Level;
use crate::db::folio_images::{self, FolioImage};
use crate::http::{Progress, Request, Response};
use crate::spec::{Group, PARAMS, Param, ParamError, Params};
use crate::web::api::folios::query_of;
use crate::web::api::in_query;
use crate::web::pages::controls::{self, ControlGroup, Known, Said};
use crate::web::pages::frame::{Frame, given, with_value};
use crate::web::pages::publish::{ALL_OF_IT, KEPT_OF_WHOLE, WHOLE_SIDE};
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};

/// The side of the picture on the page, in pixels.
const SIDE: u32 = 900;

/// In the query when what stands in it counts, and not what is kept.
const TRIED: &str = "try";

#[derive(Template)]
#[template(path = "portfolio_picture.html")]
struct Change {
    f: Frame,
    folio_id: i64,
    folio_name: String,
    edit_href: String,
    here: String,
    image_id: i64,
    name: String,
    filename: String,
    details_href: String,
    /// The address of the picture; blank while something is wrong.
    preview: String,
    /// The same in a format that browsers show.
    shown: String,
    /// The address of the picture that a part of it is chosen in.
    whole: String,
    query: String,
    json: String,
    groups: Vec<ControlGroup>,
}

/// `GET /portfolios/{human_id}/images/{image_id}`
pub fn picture(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (identity, folio) = find_own(app, request)?;
    let id = segment(request, 3).parse().map_err(|_| Error::not_found())?;
    let image = folio_images::find(&app.db, folio.id, id)?.ok_or_else(Error::not_found)?;
    let view = &image.image;
    who::require(app, &identity, &view.folder.path, Level::View)?;
    let form = Form::of_query(request)?;
    let f = Frame::of(app, request, &identity);
    let is_tried = form.text(TRIED).is_some();
    let (params, faults) = if is_tried { tried(app, request) } else { (kept(app, &image), vec![]) };
    let said = |param: &'static Param| {
        let text = || match is_tried {
            true => given(&form, param.about.name).to_owned(),
            false => param.text(&params).unwrap_or_default(),
        };
        let fault = faults.iter().find(|fault| fault.name == param.about.name);
        let fault = fault.map(|fault| f.texts().sentence_or_same(&fault.reason));
        is_offered(param).then(|| Said {
            value: text(),
            fault: fault.unwrap_or_default(),
            ..Said::default()
        })
    };
    let json = merged(&image.parameters, &params);
    let query = query_of(&json);
    let mut in_any = params.clone();
    in_any.format = None;
    let size = view.width.zip(view.height);
    let preview = |query: &str| match faults.is_empty() {
        true => small(app, query, &view.path, size, SIDE),
        false => String::new(),
    };
    let page = Change {
        folio_id: folio.id,
        edit_href: address(&folio, "edit"),
        here: address(&folio, &format!("images/{}", view.id)),
        image_id: view.id,
        name: view.file_name().to_owned(),
        filename: image.filename.clone(),
        details_href: with_value("/details", "src", &view.path),
        preview: preview(&query),
        shown: preview(&query_of(&merged(&image.parameters, &in_any))),
        whole: small(app, &whole(&params), &view.path, size, WHOLE_SIDE),
        query,
        json,
        groups: controls::groups(&f, &Known::of(app, Some(view))?, said),
        folio_name: folio.name,
        f,
    };
    Ok(page.f.send(&page))
}

/// The picture as it is turned, and all of it, as a query.
fn whole(params: &Params) -> String {
    let kept = offered().filter(|param| KEPT_OF_WHOLE.contains(&param.about.name));
    let turned = kept.filter_map(|param| Some((param.about.name, param.text(params)?)));
    let all = ALL_OF_IT.map(|(name, text)| (name, text.to_owned()));
    let pair = |(name, text): (&str, String)| format!("{name}={}", in_query(&text));
    turned.chain(all).map(pair).collect::<Vec<_>>().join("&")
}

/// Whether a portfolio may hold a parameter of a picture: those of templates but for how it is sent.
fn is_offered(param: &Param) -> bool {
    param.in_urls() && param.template().is_some() && param.about.group != Group::Delivery
}

fn offered() -> impl Iterator<Item = &'static Param> {
    PARAMS.iter().filter(|param| is_offered(param))
}

/// What is kept.
fn kept(app: &App, image: &FolioImage) -> Params {
    Params::from_template_json(&image.parameters, &app.rules).unwrap_or_default()
}

/// What is tried, as far as it can be used, and what is wrong with the rest.
fn tried(app: &App, request: &Request) -> (Params, Vec<ParamError>) {
    let (params, mut faults) =
        Params::from_query_with_faults(&request.query, &app.rules, is_offered);
    // What cannot stand together is found where it is kept, too.
    let json = params.to_template_json().to_string();
    faults.extend(Params::from_template_json(&json, &app.rules).err());
    (params, faults)
}

/// What is kept then: what is kept now of all that is not offered here, and these.
fn merged(kept: &str, params: &Params) -> String {
    let mut fields: Map<String, Value> = serde_json::from_str(kept).unwrap_or_default();
    for param in offered() {
        for name in param.names_in_templates() {
            fields.remove(name);
        }
    }
    if let Value::Object(new) = params.to_template_json() {
        fields.extend(new);
    }
    Value::Object(fields).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_chosen_of_all_of_the_picture_as_it_is_turned() {
        let rules = crate::spec::Rules::default();
        let pairs = [("angle", "90"), ("flip", "h"), ("left", "0.25"), ("width", "50")];
        let params = Params::from_pairs(pairs, &rules).unwrap();
        let query = whole(&params);
        assert!(query.contains("flip=h") && query.contains("angle=90"), "{query}");
        assert!(query.ends_with("left=0&top=0&right=1&bottom=1&ovsize=0"), "{query}");
        assert!(!query.contains("0.25") && !query.contains("width"), "{query}");
    }

    #[test]
    fn what_is_not_offered_stays() {
        let kept = r#"{"expiry_secs":{"value":60},"dpi":{"value":72},"width":{"value":5}}"#;
        let rules = crate::spec::Rules::default();
        let params = Params::from_pairs([("angle", "90")], &rules).unwrap();
        let json: Value = serde_json::from_str(&merged(kept, &params)).unwrap();
        let expected = serde_json::json!({
            "expiry_secs": { "value": 60 },
            "rotation": params.to_template_json()["rotation"],
        });
        assert_eq!(json, expected);
        assert!(offered().count() > 20);
        assert!(offered().all(|param| !["src", "tile", "tmp", "xref"].contains(&param.about.name)));
    }
}
