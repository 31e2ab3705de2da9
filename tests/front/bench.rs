//! `halftone bench` through front servers, over TLS: what they say of their caches is told.

use std::process::Output;

use crate::support::fixture::write_jpeg;
use crate::support::front::{BOTH, Front};
use crate::support::halftone::{Pool, binary};

fn bench(front: &Front, arguments: &[&str]) -> Output {
    let mut command = binary();
    command.args(["bench", &format!("https://localhost:{}", front.https().port())]);
    command.args(["--warm-up", "0", "--requests", "200", "--clients", "2"]);
    command.args(["--cached", "100", "--repeated", "4"]);
    command.args(arguments).output().unwrap()
}

#[test]
fn a_load_over_tls_tells_what_the_front_server_kept() {
    let pool =
        Pool::start(|images| write_jpeg(&images.join("photo.jpg"), 600, 400), |config| config);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        // The certificate is its own, and nobody vouches for it.
        let refused = bench(&front, &[]);
        let text = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && text.contains("certificate"), "{kind:?}: {text}");
        let output = bench(&front, &["--insecure"]);
        let text = String::from_utf8_lossy(&output.stdout);
        let fault = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{kind:?}: {fault}{}", front.errors());
        assert!(text.contains("200 requests"), "{kind:?}: {text}");
        // Four pictures were asked for once before; what is kept is sent from the front server's cache.
        assert!(text.contains("HIT "), "{kind:?}: {text}");
        // Given by itself it is trusted, though it is no authority; another one is not.
        let own = bench(&front, &["--ca", front.certificate().to_str().unwrap()]);
        assert!(own.status.success(), "{kind:?}: {}", String::from_utf8_lossy(&own.stderr));
    }
}
