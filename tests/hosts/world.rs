//! The whole installation.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::host::{Balancer, Host};
use crate::network::{Hub, Space};
use crate::support::browser::{Browser, form};
use crate::support::cluster::{Cluster, Options};
use crate::support::config::Config;
use crate::support::files::temp_dir;
use crate::support::fixture::write_jpeg;
use crate::support::halftone::{ADMIN_PASSWORD, run};
use crate::support::load;
use crate::support::wait;

const BALANCER: u8 = 10;
const FIRST_HOST: u8 = 11;
const DATABASE: u8 = 20;
const CLIENTS: u8 = 30;

/// Originals that change.
pub const PURGED: &str = "edge/purged.jpg";
pub const REPLACED: &str = "edge/replaced.jpg";

/// Three hosts, a database, a balancer, and the network of the clients.
pub struct World {
    // In this order: what uses something ends before it.
    pub balancer: Balancer,
    pub hosts: Vec<Host>,
    cluster: Cluster,
    clients: Space,
    _database: Space,
    shared: TempDir,
    _hub: Hub,
}

/// The list of memcached servers of the first so many hosts.
fn caches(count: u8) -> String {
    let each = (0..count).map(|host| format!("'10.77.0.{}:11211'", FIRST_HOST + host));
    format!("[{}]", each.collect::<Vec<_>>().join(", "))
}

impl World {
    /// Starts it, with the caches of the first two hosts listed.
    pub fn start() -> Self {
        let hub = Hub::new();
        let database = hub.space(DATABASE);
        let cluster = Cluster::start_with(Options {
            address: database.address().to_string(),
            settings: vec!["fsync = off".to_owned()],
            access: ["local all all trust", "host all all 10.77.0.0/24 trust"]
                .map(str::to_owned)
                .to_vec(),
            within: database.within(),
            ..Options::default()
        });
        let url = cluster.database("halftone");
        let shared = temp_dir();
        let images = shared.path().join("images");
        load::library(&images);
        for path in ["closed/photo.jpg", PURGED, REPLACED] {
            write_jpeg(&images.join(path), 90, 60);
        }
        migrate(shared.path(), &cluster.local_url("halftone"));
        let settings = |_: &Path, config: Config| {
            config
                .text("images_dir", images.to_str().unwrap())
                .text("database", &url)
                .text("secret", "what all the hosts have in common, and nobody else knows of it")
                .raw("memcached_servers", &caches(2))
                // The most that it can be: on a machine with a lot to do besides, hosts must not give each
                // other up.
                .raw("memcached_timeout_ms", "10000")
                .raw("trusted_proxies", &format!("['10.77.0.{BALANCER}']"))
                .raw("metrics_from", "['10.77.0.0/24']")
                // Where nginx does not have to keep pictures, Halftone is what is asked.
                .raw("edge_cache_s", "0")
        };
        let hosts: Vec<Host> =
            (0..3).map(|host| Host::start(hub.space(FIRST_HOST + host), settings)).collect();
        let addrs: Vec<_> = hosts.iter().map(Host::addr).collect();
        let balancer = Balancer::start(hub.space(BALANCER), &addrs);
        let clients = hub.space(CLIENTS);
        Self { balancer, hosts, cluster, clients, _database: database, shared, _hub: hub }
    }

    /// Brings the calling thread into the network of the clients.
    pub fn enter(&self) {
        self.clients.enter();
    }

    /// A token of the first administrator, from the first host.
    pub fn token(&self) -> String {
        self.cluster.execute(
            "halftone",
            "UPDATE users SET allow_api = TRUE;
             UPDATE properties SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)
             WHERE key = 'rights_version'",
        );
        let form = form(&[("username", "admin"), ("password", ADMIN_PASSWORD)]);
        wait::until_some("tokens are given", || {
            let mut browser = Browser::new(self.hosts[0].addr());
            let told = browser.send("POST", "/api/v1/token/", &[], &form);
            let told: serde_json::Value = serde_json::from_slice(&told.body).ok()?;
            Some(told["data"]["token"].as_str()?.to_owned())
        })
    }

    /// Changes settings of all hosts.
    pub fn set(&mut self, settings: &[(&str, &str)]) {
        for host in &mut self.hosts {
            host.set(settings);
        }
    }

    /// Lists the third host's cache besides, on all hosts.
    pub fn list_all_caches(&mut self) {
        self.set(&[("memcached_servers", &caches(3))]);
    }

    /// Puts another picture in the place of an original.
    pub fn replace(&self, path: &str) {
        let new = self.shared.path().join("new.jpg");
        write_jpeg(&new, 120, 60);
        fs::rename(new, self.shared.path().join("images").join(path)).unwrap();
    }
}

fn migrate(dir: &Path, url: &str) {
    let file = dir.join("migrate.toml");
    fs::create_dir(dir.join("log")).unwrap();
    let config = Config::alone(dir, url);
    fs::write(&file, config.to_toml()).unwrap();
    run(&["migrate", "--config", file.to_str().unwrap()]);
}
