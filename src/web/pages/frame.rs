//! What every page gets: its words, who looks at it, where it stands, how it is to look.

use std::fmt::Display;

use askama::filters::{Html, Safe, escape};
use http::header::InvalidHeaderValue;
use http::{HeaderValue, StatusCode, header};
use time::OffsetDateTime;
use time::macros::format_description;

use super::deleting::can_be_put_back;
use super::{admin, choices, icons, preferences, respond};
use crate::auth::{Identity, Level, Rights, SystemPermission};
use crate::db::baskets;
use crate::http::{Request, Response};
use crate::pixel::FORMATS;
use crate::web::api::Moment;
use crate::web::sign_in::{Form, csrf};
use crate::web::text::{self, Texts};
use crate::web::{App, Error, client, who};

/// A place of the navigation.
pub struct NavItem {
    /// Its text.
    pub key: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Whether the page is there.
    pub is_here: bool,
}

/// What every page gets.
pub struct Frame {
    texts: &'static Texts,
    /// What forms and scripts send along; blank when nobody is signed in.
    pub csrf_token: String,
    /// The name of who is signed in; blank for nobody.
    pub user: String,
    /// `light`, `dark`, or blank for what the system says.
    pub theme: &'static str,
    /// Whether single keys do something.
    pub has_keys: bool,
    /// This page's address, to come back to.
    pub here: String,
    /// What is looked for.
    pub query: String,
    /// What was done a moment ago, in words.
    pub done: String,
    /// Whether that can be taken back from the recycle folder.
    pub can_put_back: bool,
    /// Whether there is a folder to upload into.
    pub may_upload: bool,
    /// Whether there is a folder of which something may be deleted, and so brought back.
    pub may_recycle: bool,
    /// Whether there are reports to look at.
    pub may_report: bool,
    /// Whether there is something to administer.
    pub may_administer: bool,
    /// Whether this visitor says what others may do in folders.
    pub may_permit: bool,
    /// Whether pictures can be put into a basket.
    pub may_gather: bool,
    /// How many pictures the basket holds; none while there is no basket.
    pub basket: Option<i64>,
}

/// What is told to who is not signed in: what has ended a session. All else is done by who is.
const ENDINGS: [&str; 2] = ["sessions-ended", "account-password-saved"];

impl Frame {
    /// For a page that somebody looks at.
    pub fn of(app: &App, request: &Request, identity: &Identity) -> Self {
        let mut frame = Self::bare(request);
        let told = |word: &str| frame.done == frame.t(&format!("done-{word}"));
        if identity.user_id().is_none() && !ENDINGS.into_iter().any(told) {
            frame.done.clear();
        }
        frame.csrf_token = csrf::token(app, identity);
        if let Identity::User { username, .. } = identity {
            frame.user = username.to_string();
            if let Ok(rights) = app.store.rights() {
                frame.may_upload = has_folder(&rights, identity, Level::Upload);
                frame.may_recycle = has_folder(&rights, identity, Level::Delete);
                frame.can_put_back &= frame.may_recycle;
                frame.may_gather = rights.has(identity, SystemPermission::Folios);
                frame.may_report = rights.has(identity, SystemPermission::Reports);
                frame.may_permit = rights.has(identity, SystemPermission::AdminPermissions);
                frame.may_administer = admin::is_offered(&rights, identity);
            }
        }
        if let Some(id) = identity.user_id().filter(|_| frame.may_gather) {
            // A page without this number is better than none.
            frame.basket = baskets::count(&app.db, id).unwrap_or_default();
        }
        frame
    }

    /// For a page that must come whoever asks, such as those of errors.
    pub fn of_request(app: &App, request: &Request) -> Self {
        match who::identify(app, request) {
            Ok(identity) => Self::of(app, request, &identity),
            Err(_) => Self::bare(request),
        }
    }

    fn bare(request: &Request) -> Self {
        let texts = text::texts_of(request);
        let query = Form::of_query(request).unwrap_or_default();
        let word = query.text("done");
        let done = word.map(|word| format!("done-{word}"));
        Self {
            texts,
            csrf_token: String::new(),
            user: String::new(),
            theme: preferences::theme(request),
            has_keys: preferences::has_keys(request),
            here: here(request),
            query: String::new(),
            done: done.filter(|key| texts.has(key)).map(|key| texts.get(&key)).unwrap_or_default(),
            can_put_back: word.is_some_and(can_be_put_back),
            may_upload: false,
            may_recycle: false,
            may_report: false,
            may_administer: false,
            may_permit: false,
            may_gather: false,
            basket: None,
        }
    }

    #[cfg(test)]
    pub fn for_tests() -> Self {
        use crate::http::{Client, RequestBody};
        Self::bare(&Request {
            method: http::Method::GET,
            path: "/".into(),
            query: Vec::new(),
            headers: http::HeaderMap::new(),
            client: Client::default(),
            body: RequestBody::Empty,
            received: std::time::Instant::now(),
        })
    }

    /// Sends a page with this frame.
    pub fn send(&self, page: &impl askama::Template) -> Response {
        self.send_as(StatusCode::OK, page)
    }

    /// Sends a page with this frame under a status.
    pub fn send_as(&self, status: StatusCode, page: &impl askama::Template) -> Response {
        let caching = respond::page_caching(&self.csrf_token);
        respond::html(status, page).header(header::CACHE_CONTROL, caching)
    }

    /// The page's language.
    pub fn language(&self) -> &'static str {
        self.texts.language()
    }

    /// Its direction of writing.
    pub fn direction(&self) -> &'static str {
        self.texts.direction()
    }

    /// The page's words.
    pub fn texts(&self) -> &'static Texts {
        self.texts
    }

    /// This program's version.
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// The first places of the navigation that this visitor is offered; the last is the guide.
    pub fn nav(&self) -> Vec<NavItem> {
        let mut items = vec![("nav-browse", "/browse"), ("portfolios-title", "/portfolios")];
        if self.may_upload {
            items.push(("upload-title", "/upload"));
        }
        items.into_iter().map(|(key, href)| self.nav_item(key, href)).collect()
    }

    /// The places that only some are offered, which narrow screens keep in the menu.
    pub fn desks(&self) -> Vec<NavItem> {
        let mut items = Vec::new();
        if self.may_report {
            items.push(self.nav_item("reports-title", "/reports"));
        }
        if self.may_administer {
            let mut desk = self.nav_item("admin-title", "/admin");
            // An address that was there before the others.
            desk.is_here |= self.here == "/status";
            items.push(desk);
        }
        items
    }

    /// Whether the page is one of those that narrow screens keep in the menu.
    pub fn is_at_desk(&self) -> bool {
        self.desks().iter().any(|desk| desk.is_here)
    }

    /// A place, which is here also on the pages below it.
    pub fn nav_item(&self, key: &'static str, href: &'static str) -> NavItem {
        let path = self.here.split('?').next().unwrap_or_default().trim_end_matches('/');
        let below = path.strip_prefix(href);
        let is_here = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        NavItem { key, href, is_here }
    }

    /// The first letter of who is signed in.
    pub fn initial(&self) -> String {
        self.user.chars().next().into_iter().flat_map(char::to_uppercase).collect()
    }

    /// The address of a script, a style sheet or a picture of the pages.
    pub fn asset(&self, name: &str) -> String {
        crate::web::assets::asset_url(name)
    }

    /// A drawing.
    pub fn icon(&self, name: &str) -> Safe<&'static str> {
        Safe(icons::icon(name))
    }

    /// The texts of scripts, as JSON.
    pub fn words(&self) -> Safe<&'static str> {
        Safe(self.texts.scripts())
    }

    /// What viewers say in the page's language, as JSON; blank where they know it themselves.
    pub fn viewer_words(&self) -> Safe<&'static str> {
        Safe(self.texts.viewers())
    }

    /// A text.
    pub fn t(&self, key: &str) -> String {
        self.texts.get(key)
    }

    /// A text, or another where there is none.
    pub fn t_or(&self, key: &str, other: &str) -> String {
        if self.texts.has(key) { self.texts.get(key) } else { other.to_owned() }
    }

    /// What one of the words that a parameter of pictures takes is called.
    pub fn word(&self, name: &str, text: &str) -> String {
        if let Some(row) = FORMATS.iter().find(|row| name == "format" && row.extensions[0] == text)
        {
            return row.title.to_owned();
        }
        match text {
            "true" => return self.t("yes"),
            "false" => return self.t("no"),
            _ => {}
        }
        // Places are called alike wherever they are asked for.
        let place = self.t_or(&format!("word-place-{text}"), text);
        // Keys of texts have no points.
        self.t_or(&format!("word-{name}-{}", text.replace('.', "-")), &place)
    }

    /// What a field of forms can be set to: the word, its text, and whether it is the one that is given.
    pub fn choices(
        &self,
        field: &str,
        given: impl Display,
    ) -> impl Iterator<Item = (&'static str, String, bool)> {
        let (texts, given) = (self.texts, given.to_string());
        choices::of(field).iter().map(move |(word, text)| (*word, texts.get(text), *word == given))
    }

    /// What a parameter of pictures is called.
    pub fn param(&self, name: &str) -> String {
        self.t_or(&format!("param-{name}"), name)
    }

    /// A text with a number.
    pub fn n(&self, key: &str, count: impl Whole) -> String {
        self.texts.count(key, count.whole())
    }

    /// A text with a name.
    pub fn s(&self, key: &str, name: impl AsRef<str>) -> String {
        self.texts.name(key, name.as_ref())
    }

    /// A text with a number out of another.
    pub fn pair(&self, key: &str, count: impl Whole, total: impl Whole) -> String {
        let given = [("count", self.number(count).into()), ("total", self.number(total).into())];
        self.texts.args(key, given)
    }

    /// A text with several numbers, by their names.
    pub fn many(&self, key: &str, given: &[(&'static str, u64)]) -> String {
        self.texts.args(key, given.iter().map(|(name, n)| (*name, self.number(n).into())))
    }

    /// A text with several texts, by their names.
    pub fn named(&self, key: &str, given: &[(&'static str, &str)]) -> String {
        self.texts.args(key, given.iter().map(|(name, text)| (*name, (*text).into())))
    }

    /// A whole number as it is read.
    pub fn number(&self, number: impl Whole) -> String {
        self.texts.number(number.whole())
    }

    /// Percent as they are read.
    pub fn percent(&self, percent: f64) -> String {
        self.texts.percent(percent)
    }

    /// A length of a file as it is read.
    pub fn bytes(&self, bytes: i64) -> String {
        self.texts.bytes(bytes)
    }

    /// Memory, and what settings limit, as they are read.
    pub fn memory(&self, bytes: i64) -> String {
        self.texts.memory(bytes)
    }

    /// Text that somebody wrote, isolated from the direction of what stands around it.
    pub fn isolated(&self, text: &str) -> Safe<String> {
        let escaped = escape(text, Html).map(|safe| safe.to_string()).unwrap_or_default();
        Safe(format!("<bdi>{escaped}</bdi>"))
    }

    /// A query or a path, to be broken behind what ends its parts before anywhere else.
    pub fn parts(&self, text: &str) -> Safe<String> {
        let parts = text.split_inclusive(['&', '/', ',']);
        let escaped = parts.filter_map(|part| escape(part, Html).ok().map(|safe| safe.to_string()));
        Safe(escaped.collect::<Vec<_>>().join("<wbr>"))
    }

    /// A moment in milliseconds since 1970 UTC; scripts show it in the visitor's zone and way of writing.
    pub fn moment(&self, ms: i64) -> Safe<String> {
        let Some(moment) = moment(ms) else { return Safe(String::new()) };
        let shown = self.moment_text(ms);
        Safe(format!("<time datetime=\"{}\" data-moment>{shown}</time>", machine(moment) + "Z"))
    }

    /// The end of something, which people give as a day: that day, wherever it is read. Else the moment.
    pub fn end(&self, ms: i64) -> Safe<String> {
        match moment(ms).filter(|_| Moment(ms).is_end_of_day()) {
            Some(end) => {
                let (day, shown) = (end.date(), self.date(end));
                Safe(format!("<time datetime=\"{day}\" data-moment=\"day\">{shown}</time>"))
            }
            None => self.moment(ms),
        }
    }

    /// A moment as text alone, in UTC.
    pub fn moment_text(&self, ms: i64) -> String {
        let Some(moment) = moment(ms) else { return String::new() };
        let (date, clock) = (self.date(moment), clock(moment));
        self.texts.args("moment", [("date", date.into()), ("time", clock.into())])
    }

    /// A moment by a clock whose zone is not known, such as a camera's.
    pub fn clock_moment(&self, ms: i64) -> Safe<String> {
        let Some(moment) = moment(ms) else { return Safe(String::new()) };
        let shown = format!("{}, {}", self.date(moment), clock(moment));
        Safe(format!("<time datetime=\"{}\">{shown}</time>", machine(moment)))
    }

    fn date(&self, moment: OffsetDateTime) -> String {
        let months = self.t("months");
        let month = months.split(' ').nth(usize::from(u8::from(moment.month())) - 1);
        let (day, year) = (moment.day().to_string(), moment.year().to_string());
        let month = month.unwrap_or_default().to_owned();
        let given = [("day", day.into()), ("month", month.into()), ("year", year.into())];
        self.texts.args("date", given)
    }
}

/// A whole number of any kind, as templates hand it over.
pub trait Whole {
    /// The number; the greatest there is for one that does not fit.
    fn whole(&self) -> i64;
}

impl Whole for i64 {
    fn whole(&self) -> i64 {
        *self
    }
}

impl Whole for u32 {
    fn whole(&self) -> i64 {
        i64::from(*self)
    }
}

impl Whole for usize {
    fn whole(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl Whole for u64 {
    fn whole(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl<T: Whole> Whole for &T {
    fn whole(&self) -> i64 {
        (**self).whole()
    }
}

fn moment(ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).ok()
}

fn machine(moment: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    moment.format(&form).unwrap_or_default()
}

fn clock(moment: OffsetDateTime) -> String {
    moment.format(&format_description!("[hour]:[minute]")).unwrap_or_default()
}

/// The address of the page that a request is for, as it was sent, without what was told of the last act.
fn here(request: &Request) -> String {
    let query = String::from_utf8_lossy(&request.query);
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !is_told(pair)).collect();
    let sign = if kept.is_empty() { "" } else { "?" };
    let address = format!("{}{sign}{}", request.path, kept.join("&"));
    // What was posted cannot be come back to.
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let reads = matches!(request.method, http::Method::GET | http::Method::HEAD);
    let can = plain && reads && !address.starts_with("//");
    if can { address } else { "/".to_owned() }
}

/// Whether a pair of a query tells of the last act.
fn is_told(pair: &str) -> bool {
    ["done=", "stored=", "told="].into_iter().any(|name| pair.starts_with(name))
}

/// Whether there is a folder on which somebody has at least a level.
pub fn has_folder(rights: &Rights, identity: &Identity, level: Level) -> bool {
    let may = |folder: &str| rights.level(identity, folder) >= level;
    may("") || rights.recorded_folders().any(may)
}

/// The value of a form or a query, blank when there is none.
pub fn given<'a>(form: &'a Form, name: &str) -> &'a str {
    form.text(name).unwrap_or_default()
}

/// Fails with 401 unless somebody is signed in.
pub fn require_user(identity: &Identity) -> Result<i64, Error> {
    identity.user_id().ok_or_else(Error::sign_in)
}

/// An address of a page with one value in its query.
pub fn with_value(page: &str, name: &str, value: &str) -> String {
    match value.trim_matches('/') {
        "" => page.to_owned(),
        value => format!("{page}?{name}={}", crate::web::api::in_query(value)),
    }
}

/// A header field that keeps a preference for a year.
pub fn lasting_cookie(
    app: &App,
    request: &Request,
    name: &str,
    value: &str,
) -> Option<HeaderValue> {
    cookie(app, request, (name, value), 31_536_000).ok()
}

/// A header field that keeps something for this long.
pub fn cookie(
    app: &App,
    request: &Request,
    (name, value): (&str, &str),
    lasts_s: i64,
) -> Result<HeaderValue, InvalidHeaderValue> {
    let secure = if client::is_secure(app, request) { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text)
}
