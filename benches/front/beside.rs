//! Static files of the front servers, beside which the program is measured.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use crate::support::files::free_port;
use crate::support::front::Kind;

/// A folder as files, served as the packages' own configuration would.
pub fn static_site(kind: Kind, addr: SocketAddr, folder: &Path) -> String {
    let folder = folder.display();
    match kind {
        Kind::Nginx => {
            format!("server {{ listen {addr}; root {folder}; types {{ image/jpeg jpg; }} }}")
        }
        Kind::Apache => format!(
            "Listen {addr}
<VirtualHost {addr}>
    DocumentRoot {folder}
    <Directory {folder}>
        Require all granted
        ForceType image/jpeg
    </Directory>
    CustomLog ${{APACHE_LOG_DIR}}/static-access.log combined
</VirtualHost>"
        ),
    }
}

/// A port for a static site.
pub fn free_address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}
