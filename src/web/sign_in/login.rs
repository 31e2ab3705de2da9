//! The pages by which people sign in and out.

use askama::Template;
use http::{HeaderValue, Method, StatusCode, header};

use super::form::Form;
use super::kept::{self, Kept};
use super::session::Beginning;
use super::{csrf, next, session};
use crate::auth::{Attempt, Purpose, Refused, second_step, sign_in};
use crate::db::users::User;
use crate::http::{Progress, Request, Response};
use crate::web::api::telling;
use crate::web::pages::{Frame, html, kept_page, policy};
use crate::web::{App, Error, client, who};

/// How long after the password the code may come.
const SECOND_STEP_S: i64 = 300;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    /// Of whoever is signed in already.
    f: Frame,
    /// Of this form, which needs no session.
    form_token: String,
    next: &'a str,
    username: &'a str,
    message: String,
    /// Whether the message tells of something that went wrong.
    is_at_fault: bool,
    /// Proof of the first step; the page asks for the code then.
    first_step: String,
    /// A form that was filled in before; blank for none.
    kept: String,
}

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage {
    f: Frame,
}

impl<'a> LoginPage<'a> {
    fn new(app: &App, request: &Request, next: &'a str) -> Self {
        Self {
            f: Frame::of_request(app, request),
            form_token: String::new(),
            next,
            username: "",
            message: String::new(),
            is_at_fault: true,
            first_step: String::new(),
            kept: String::new(),
        }
    }
}

/// The page on which one signs in after a form was refused, which is kept; `next` was checked.
pub fn login_keeping(
    app: &App,
    request: &Request,
    status: StatusCode,
    kept: &Kept,
    next: &str,
) -> Result<Response, Error> {
    let mut filled = LoginPage::new(app, request, next);
    filled.f.done.clear();
    filled.message = filled.f.t("login-kept");
    filled.is_at_fault = false;
    filled.kept = kept.write()?;
    page(app, request, status, filled)
}

/// `GET /login` and `POST /login`
pub fn login(app: &App, request: &Request, _progress: &dyn Progress) -> Result<Response, Error> {
    if request.method != Method::POST {
        let query = Form::of_query(request)?;
        let next = query.text("next").unwrap_or_default();
        if !next.is_empty() {
            next::checked(app, request, next)?;
        }
        return page(app, request, StatusCode::OK, LoginPage::new(app, request, next));
    }
    let form = Form::of_body(request)?;
    csrf::check_first(app, request, form.text(csrf::FIELD))?;
    let next = match form.text("next") {
        Some(next) => next::checked(app, request, next)?,
        None => "/".to_owned(),
    };
    match attempt(app, request, &form)? {
        Ok(user) => {
            // An account that was just made is not known yet.
            app.store.refresh()?;
            let mut cookies = Response::new(StatusCode::OK);
            let identity = session::begin(app, request, user.id, Beginning::SignIn, &mut cookies)?;
            log::info!("{} signed in", user.username.escape_debug());
            let mut response = match form.text(kept::FIELD).and_then(Kept::read) {
                Some(kept) if kept.user_id == user.id => {
                    let f = Frame::of(app, request, &identity);
                    private(kept_page(f, StatusCode::OK, &kept, &next))
                }
                Some(_) if next.starts_with('/') => {
                    see_other(&telling(&next, &[("done", "kept-dropped")]))?
                }
                _ => see_other(&next)?,
            };
            response.headers.extend(cookies.headers);
            Ok(response)
        }
        Err(refused) => refusal(app, request, &form, refused),
    }
}

fn attempt(app: &App, request: &Request, form: &Form) -> Result<Result<User, Refused>, Error> {
    let address = client::address(app, request);
    let now_s = session::now_s();
    if let Some(text) = form.text("first_step") {
        let Some(user_id) = open_first_step(app, text, now_s)? else {
            return Ok(Err(Refused::Wrong));
        };
        let code = form.text("code").unwrap_or_default();
        return Ok(second_step(&app.db, &app.sign_in.seal, user_id, code, address, now_s));
    }
    let attempt = Attempt {
        username: form.text("username").unwrap_or_default(),
        password: form.text("password").unwrap_or_default(),
        code: None,
        address,
    };
    Ok(sign_in(&app.db, app.sign_in.proofs(), attempt, now_s))
}

fn refusal(app: &App, request: &Request, form: &Form, refused: Refused) -> Result<Response, Error> {
    let mut filled = LoginPage::new(app, request, form.text("next").unwrap_or_default());
    filled.username = form.text("username").unwrap_or_default();
    filled.kept = form.text(kept::FIELD).unwrap_or_default().to_owned();
    match refused {
        Refused::Wrong => {
            filled.message = filled.f.t("login-wrong");
            page(app, request, StatusCode::FORBIDDEN, filled)
        }
        Refused::CodeNeeded(user) => {
            app.store.refresh()?;
            filled.first_step = sign_first_step(app, user.id)?;
            page(app, request, StatusCode::OK, filled)
        }
        Refused::Wait { retry_s } => {
            filled.message = match retry_s {
                0..60 => filled.f.n("login-wait-seconds", retry_s.max(1)),
                _ => filled.f.n("login-wait-minutes", retry_s.div_ceil(60)),
            };
            let refused = page(app, request, StatusCode::TOO_MANY_REQUESTS, filled)?;
            Ok(refused.header(header::RETRY_AFTER, HeaderValue::from(retry_s.max(1))))
        }
        other => Err(other.into()),
    }
}

/// Shows that the password was right a moment ago.
fn sign_first_step(app: &App, user_id: i64) -> Result<String, Error> {
    let epoch = app.store.rights()?.epoch(user_id).ok_or_else(Error::forbidden)?;
    let payload = format!("{user_id} {epoch} {}", session::now_s() + SECOND_STEP_S);
    Ok(app.sign_in.signer.sign(Purpose::FirstStep, payload.as_bytes()))
}

fn open_first_step(app: &App, text: &str, now_s: i64) -> Result<Option<i64>, Error> {
    let numbers = app.sign_in.signer.open(Purpose::FirstStep, text).and_then(|payload| {
        let text = String::from_utf8(payload).ok()?;
        text.split(' ').map(|number| number.parse().ok()).collect::<Option<Vec<i64>>>()
    });
    let Some([user_id, epoch, until_s]) = numbers.as_deref() else { return Ok(None) };
    let current = app.store.rights()?.epoch(*user_id) == Some(*epoch);
    Ok((current && now_s < *until_s).then_some(*user_id))
}

fn page(
    app: &App,
    request: &Request,
    status: StatusCode,
    mut page: LoginPage<'_>,
) -> Result<Response, Error> {
    let mut cookies = Response::new(status);
    page.form_token = csrf::first_token(app, request, &mut cookies)?;
    let mut response = private(html(status, &page));
    // Browsers hold the policy of forms against where these lead on to, too.
    if let Some(origin) = next::origin(page.next) {
        response.headers.insert(header::CONTENT_SECURITY_POLICY, policy(&format!(" {origin}")));
    }
    response.headers.extend(cookies.headers);
    Ok(response)
}

/// `GET /logout` and `POST /logout`
pub fn logout(app: &App, request: &Request, _progress: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    if request.method != Method::POST {
        let page = LogoutPage { f: Frame::of(app, request, &identity) };
        return Ok(private(html(StatusCode::OK, &page)));
    }
    csrf::check(app, request, &identity, Form::of_body(request)?.text(csrf::FIELD))?;
    let mut response = see_other("/")?;
    session::end(app, request, &mut response)?;
    Ok(response)
}

/// Leads on to an address that was checked.
fn see_other(next: &str) -> Result<Response, Error> {
    let location = next::location(next)?;
    Ok(private(Response::new(StatusCode::SEE_OTHER).header(header::LOCATION, location)))
}

/// An answer that nobody may keep, and whose address nobody else is told.
fn private(response: Response) -> Response {
    response
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
}
