//! Pages for people.
//!
//! They read through the same functions of `library`, `db` and `auth` as the API, and change nothing by
//! themselves: their forms are calls of the API (`web::api::answer_form`).

mod about;
mod account;
pub mod admin;
mod browse;
mod choices;
mod controls;
mod delete_folder;
mod deleting;
mod details;
mod error;
mod frame;
mod help;
mod home;
mod icons;
mod kept;
mod listing;
mod once;
mod outcome;
mod overtaken;
mod portfolios;
mod preferences;
mod publish;
pub mod reports;
mod respond;
mod search;
mod status;
mod table;
mod tiles;
mod tree;
mod upload;
mod worded;

pub use about::about;
pub use account::account;
pub use browse::browse;
pub use delete_folder::delete_folder;
pub use details::details;
pub use error::{error_page, error_page_leading_to};
pub use frame::Frame;
pub use help::{api_help, help, viewers_help};
pub use home::home;
pub use kept::kept_page;
pub use listing::natural_key;
pub use once::{lead_to_once, once};
pub use outcome::{outcome, renamed};
pub use overtaken::overtaken;
pub use portfolios::{
    basket, download, edit as edit_portfolio, list as portfolios, picture as portfolio_picture,
    show as portfolio,
};
pub use preferences::preferences;
pub use publish::publish;
pub use respond::{html, policy};
pub use search::search;
pub use status::status;
pub use table::{table, table_anew};
pub use upload::upload;
