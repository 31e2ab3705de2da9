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

/// The same of nginx, with the log and the open files that Halftone's site has for its pictures.
pub fn static_site_like_ours(addr: SocketAddr, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "server {{ listen {addr}; root {folder}; types {{ image/jpeg jpg; }}
    access_log {folder}/access.log halftone buffer=64k flush=1s;
    open_file_cache max=200 inactive=20s; open_file_cache_valid 5s; }}"
    )
}

/// A port for a static site.
pub fn free_address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()))
}
