//! Where the address of a picture is put together: every parameter as a control, what comes of it, and the code
//! for other pages.
//!
//! All that is chosen stands in this page's own address. The page is complete without scripts: the form asks for it
//! anew. With them, it is asked for in the background, and what has changed is taken over.

mod addresses;
mod compare;
mod members;
mod outputs;
mod wanted;

use askama::Template;
use http::StatusCode;

use super::controls::{self, ControlGroup, Known};
use super::frame::{Frame, given, with_value};
use super::listing::{Crumb, crumbs};
use crate::auth::{Identity, Level};
use crate::db::image_views::ImageView;
use crate::http::{Progress, Request, Response};
use crate::source::SourcePath;
use crate::spec::Fit;
use crate::web::api::current;
use crate::web::image::require_free;
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};
use addresses::Addresses;
use compare::Variant;
use outputs::{Output, Subject};
use wanted::{Pair, Wanted, with};

/// The longest side of the picture that a part is chosen in.
pub(super) const WHOLE_SIDE: u32 = 1400;

/// What a part is chosen of: the picture as it is turned, and nothing else of it.
pub(super) const KEPT_OF_WHOLE: [&str; 7] =
    ["src", "page", "tmp", "angle", "flip", "rotate", "fill"];

/// What makes it all of the picture, whatever a template says.
pub(super) const ALL_OF_IT: [(&str, &str); 5] =
    [("left", "0"), ("top", "0"), ("right", "1"), ("bottom", "1"), ("ovsize", "0")];

#[derive(Template)]
#[template(path = "publish.html")]
struct Publish {
    f: Frame,
    name: String,
    path: String,
    crumbs: Vec<Crumb>,
    details_href: String,
    bare_href: String,
    templates: Vec<TemplateChoice>,
    template_fault: String,
    template_note: String,
    groups: Vec<ControlGroup>,
    notes: Vec<String>,
    preview: String,
    shown: String,
    whole: String,
    size: String,
    outputs: Vec<Output>,
    variants: Vec<Variant>,
    alt: String,
    usual_alt: String,
    widths: String,
    widths_fault: String,
    sizes: String,
    /// Of which pictures galleries are made.
    of: &'static str,
    /// What there is to say of these.
    of_note: String,
}

struct TemplateChoice {
    name: String,
    is_here: bool,
}

/// `GET /publish`
pub fn publish(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let form = Form::of_query(request)?;
    let path = SourcePath::parse(given(&form, "src"))?;
    who::require(app, &identity, path.folder(), Level::View)?;
    let addresses = Addresses::new(app, request, &identity)?;
    let view = current(app, &path)?;
    let signed = addresses.is_signed();
    let wanted = Wanted::of(app, request, &identity, &path, signed)?;
    let f = Frame::of(app, request, &identity);
    let page = page(app, f, &identity, &view, &form, &addresses, &wanted)?;
    Ok(page.f.send(&page))
}

fn page(
    app: &App,
    f: Frame,
    identity: &Identity,
    view: &ImageView,
    form: &Form,
    addresses: &Addresses<'_>,
    wanted: &Wanted,
) -> Result<Publish, Error> {
    let pairs = wanted.pairs();
    let known = Known::of(app, Some(view))?;
    let size = wanted.size(known.size);
    let is_sound = wanted.faults.is_empty();
    let widest = view.width.and_then(|width| u32::try_from(width).ok());
    let widths = outputs::widths(given(form, "widths"), widest);
    let widths_fault = if widths.is_err() { f.t("publish-widths-wrong") } else { String::new() };
    let alt = wanted.alt.clone().unwrap_or_else(|| usual_alt(view).to_owned());
    let mut widths: Vec<u32> = widths.or_else(|()| outputs::widths("", widest)).unwrap_or_default();
    widths.iter_mut().for_each(|width| *width = addresses.up_to(*width));
    widths.dedup();
    let looked_at = looked_at(&pairs);
    let of = ["folder", "basket"].into_iter().find(|word| *word == given(form, "of"));
    let of = of.unwrap_or_default();
    let (members, count) = members::members(app, identity, view, of)?;
    let of_note = match (of, members.len()) {
        ("", _) => String::new(),
        (_, 0) => f.t("publish-of-none"),
        (_, shown) if shown < count => f.n("publish-of-some", count),
        _ => String::new(),
    };
    let subject = Subject {
        members,
        widths,
        sizes: given(form, "sizes").to_owned(),
        link: f.t("download"),
        ..subject(addresses, wanted, &pairs, &alt, size)
    };
    Ok(Publish {
        name: view.file_name().to_owned(),
        path: view.path.clone(),
        crumbs: crumbs(&view.folder.path, f.t("library")),
        details_href: with_value("/details", "src", &view.path),
        bare_href: with_value("/publish", "src", &view.path),
        templates: templates(app, wanted)?,
        template_fault: f.texts().sentence_or_same(&wanted.fault("tmp")),
        template_note: template_note(&f, wanted),
        groups: controls::groups(&f, &known, |param| wanted.said(&f, form, param)),
        notes: notes(app, &f, identity, view, wanted, addresses, size)?,
        preview: if is_sound { addresses.local(&looked_at) } else { String::new() },
        shown: if is_sound { shown(addresses, &looked_at) } else { String::new() },
        whole: whole(addresses, &pairs),
        size: size.map(|(w, h)| in_pixels(&f, w, h)).unwrap_or_default(),
        outputs: if is_sound { subject.outputs() } else { Vec::new() },
        variants: if is_sound {
            compare::variants(&f, addresses, wanted, &looked_at)
        } else {
            Vec::new()
        },
        alt,
        usual_alt: usual_alt(view).to_owned(),
        widths: given(form, "widths").to_owned(),
        widths_fault,
        sizes: given(form, "sizes").to_owned(),
        of,
        of_note,
        f,
    })
}

fn in_pixels(f: &Frame, width: u32, height: u32) -> String {
    format!("{} × {}", f.number(i64::from(width)), f.number(i64::from(height)))
}

/// What is said of a picture to those who do not see it.
fn usual_alt(view: &ImageView) -> &str {
    if view.description.trim().is_empty() { &view.title } else { &view.description }
}

fn subject<'a>(
    addresses: &'a Addresses<'a>,
    wanted: &Wanted,
    pairs: &[Pair],
    alt: &str,
    size: Option<(u32, u32)>,
) -> Subject<'a> {
    let asked = |given: &Option<crate::spec::Given<u32>>| given.as_ref().map_or(0, |it| it.value);
    let asked = (asked(&wanted.whole.width), asked(&wanted.whole.height));
    let covers = wanted.whole.fit.as_ref().is_some_and(|fit| fit.value == Fit::Cover);
    let base = &wanted.base;
    let tiled = wanted.whole.tile.is_some();
    Subject {
        addresses,
        pairs: pairs.to_vec(),
        alt: alt.to_owned(),
        link: String::new(),
        size,
        asked,
        shape: Some(asked).filter(|(width, height)| covers && *width > 0 && *height > 0),
        members: Vec::new(),
        widths: Vec::new(),
        sizes: String::new(),
        is_sizeable: !tiled && !["width", "height", "dpr"].iter().any(|name| base.lock(name)),
        takes_formats: !base.lock("format"),
    }
}

fn templates(app: &App, wanted: &Wanted) -> Result<Vec<TemplateChoice>, Error> {
    let chosen = wanted.given.tmp.as_ref().map(|named| named.value.to_lowercase());
    let known = app.store.templates()?;
    let mut choices: Vec<TemplateChoice> = known
        .iter()
        .map(|template| TemplateChoice {
            is_here: chosen.as_ref() == Some(&template.name.to_lowercase()),
            name: template.name.clone(),
        })
        .collect();
    choices.sort_by_cached_key(|choice| choice.name.to_lowercase());
    Ok(choices)
}

/// What the templates have to do with the picture, in words.
fn template_note(f: &Frame, wanted: &Wanted) -> String {
    let names: Vec<&str> = wanted.layers.iter().map(|layer| layer.name.as_str()).collect();
    match (names.is_empty(), wanted.given.tmp.is_some()) {
        (true, _) => f.t("publish-no-template"),
        (false, true) if names.len() == 1 => String::new(),
        (false, _) => f.s("publish-templates-hold", names.join(", ")),
    }
}

/// What whoever publishes the picture should know.
fn notes(
    app: &App,
    f: &Frame,
    identity: &Identity,
    view: &ImageView,
    wanted: &Wanted,
    addresses: &Addresses<'_>,
    size: Option<(u32, u32)>,
) -> Result<Vec<String>, Error> {
    let rights = app.store.rights()?;
    let folder = &view.folder.path;
    let mut notes = Vec::new();
    if rights.level(&Identity::Anonymous, folder) < Level::View {
        notes.push(f.t("publish-not-public"));
    } else if *identity != Identity::Anonymous {
        notes.extend(other_templates(app, f, identity, folder, wanted)?);
        let beyond = |size: u32, most: u32| most > 0 && size > most;
        let (width, height) = size.unwrap_or((0, 0));
        if let Some((wide, high)) = app.public_limit
            && (beyond(width, wide) || beyond(height, high))
        {
            notes.push(f.many(
                "publish-public-limit",
                &[("width", u64::from(wide)), ("height", u64::from(high))],
            ));
        }
    }
    if lacks_overlay(app, wanted)? {
        notes.push(f.t("publish-overlay-not-public"));
    }
    if addresses.is_signed() {
        notes.push(f.t("publish-signed"));
    }
    Ok(notes)
}

/// What to say where other templates hold for visitors than for whoever publishes. A choice helps against
/// defaults, and not against what is required of one of them only.
fn other_templates(
    app: &App,
    f: &Frame,
    identity: &Identity,
    folder: &str,
    wanted: &Wanted,
) -> Result<Option<String>, Error> {
    let rights = app.store.rights()?;
    let own = rights.templates(identity, folder);
    let theirs = rights.templates(&Identity::Anonymous, folder);
    let required = match (own.required, theirs.required) {
        (own, Some(id)) if own != Some(id) => Some(("publish-required-of-visitors", id)),
        (Some(id), None) => Some(("publish-required-of-you", id)),
        _ => None,
    };
    let Some((key, id)) = required else {
        let differ = own.required.is_none() && own.default != theirs.default;
        let is_open = differ && wanted.given.tmp.is_none();
        return Ok(is_open.then(|| f.t("publish-other-templates")));
    };
    let templates = app.store.templates()?;
    let name = templates.by_id(id).map(|template| template.name.as_str()).unwrap_or_default();
    Ok(Some(f.s(key, name)))
}

/// Whether visitors may not have the overlay that the address names.
fn lacks_overlay(app: &App, wanted: &Wanted) -> Result<bool, Error> {
    let overlay = wanted.spec.as_ref().and_then(|spec| spec.overlay.as_deref());
    let overlay = overlay.filter(|_| wanted.whole.asks_for_overlay());
    let Some(overlay) = overlay.and_then(|path| SourcePath::parse(path).ok()) else {
        return Ok(false);
    };
    let visitor = Identity::Anonymous;
    let may = who::require(app, &visitor, overlay.folder(), Level::View)
        .and_then(|audience| require_free(app, &visitor, overlay.folder(), audience));
    match may {
        Ok(_) => Ok(false),
        Err(error) if error.status() == StatusCode::FORBIDDEN => Ok(true),
        Err(error) => Err(error),
    }
}

/// The same picture, looked at here: nobody is told of it, and it does not count.
fn looked_at(pairs: &[Pair]) -> Vec<Pair> {
    with(pairs, &[("xref", None), ("stats", Some("0".to_owned()))])
}

/// The result in a format that the visitor's browser shows, whatever format it is asked for in.
fn shown(addresses: &Addresses<'_>, pairs: &[Pair]) -> String {
    addresses.local(&with(pairs, &[("format", Some("auto".to_owned())), ("attach", None)]))
}

/// The picture that a part of it is chosen in: turned as it is to be, and all of it.
fn whole(addresses: &Addresses<'_>, pairs: &[Pair]) -> String {
    let mut kept: Vec<Pair> =
        pairs.iter().filter(|(name, _)| KEPT_OF_WHOLE.contains(name)).cloned().collect();
    let side = addresses.up_to(WHOLE_SIDE).to_string();
    let looks = [
        ("width", &*side),
        ("height", &*side),
        ("fit", "inside"),
        ("format", "auto"),
        ("stats", "0"),
    ];
    let all = ALL_OF_IT.into_iter().chain(looks);
    kept.extend(all.map(|(name, text)| (name, text.to_owned())));
    addresses.local(&kept)
}
