//! Somebody who may see what nobody else may.

use halftone::auth::Level;
use halftone::db::groups::{self, PUBLIC};
use halftone::db::{self, Db, DbOptions};
use halftone::load::Visitor;

use crate::load;
use crate::support::front::Front;
use crate::support::halftone::{Pool, run_with_input};
use crate::support::http::Client;
use crate::support::wait;

/// Header fields of a request.
pub type Fields = Vec<(String, String)>;

const PASSWORD: &str = "a password for measuring";

/// The database of a pool that was started alone.
pub fn database(pool: &Pool) -> Db {
    let file = pool.run_dir().with_file_name("data").join("halftone.db");
    let url = format!("sqlite:{}", file.display());
    Db::connect(&DbOptions { url, ..DbOptions::default() }).unwrap()
}

/// Closes the library to everybody but one, who signs in; gives the fields of the session.
pub fn close(pool: &Pool, front: &Front) -> Fields {
    let config = pool.config();
    let arguments =
        ["user", "add", "viewer", "--password-stdin", "--config", config.to_str().unwrap()];
    run_with_input(&arguments, &format!("{PASSWORD}\n"));
    let db = database(pool);
    let (user, _) = db::users::by_name(&db, "viewer").unwrap().unwrap();
    let group = groups::insert(&db, "Viewers", "", groups::TYPE_LOCAL).unwrap();
    groups::add_member(&db, group, user.id).unwrap();
    let root = db::folders::seen(&db, "/").unwrap();
    db::folder_permissions::set(&db, root, PUBLIC, Level::None.access()).unwrap();
    db::folder_permissions::set(&db, root, group, Level::View.access()).unwrap();
    wait::until("every worker knows that the library is closed", || {
        (0..8).all(|_| {
            let mut client = Client::connect(front.http()).unwrap();
            client.get("/image?src=chart.png&width=50").unwrap().status == 403
        })
    });
    let server = load::server(front.http());
    let mut visitor = Visitor::new(&server, &[]).unwrap();
    visitor.sign_in("viewer", PASSWORD).unwrap();
    visitor.headers()
}
