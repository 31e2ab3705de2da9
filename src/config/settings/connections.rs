//! Connections from front servers and clients, and addresses of the outside world.

use std::net::SocketAddr;

use super::super::kind::{
    Address, Endpoint, Endpoints, Mode, Network, Networks, Origins, Switch, WebAddress, Whole,
};
use super::{About, Group, Row, Unit};

pub(super) static LISTEN: Row<SocketAddr> = Row {
    about: About {
        name: "listen",
        default: "127.0.0.1:8080",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Connections,
        doc: "Where `halftone serve` takes HTTP.",
    },
    kind: &Address,
};

pub(super) static FCGI_LISTEN: Row<Vec<Endpoint>> = Row {
    about: About {
        name: "fcgi_listen",
        default: "unix:/run/halftone/halftone.sock",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Connections,
        doc: "Where `halftone fcgi` takes FastCGI. Sockets that systemd hands over take the \
              place of these.",
    },
    kind: &Endpoints,
};

pub(super) static FRONT_SENDS_FILES: Row<bool> = Row {
    about: About {
        name: "front_sends_files",
        default: "false",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "Whether nginx, or Apache with `mod_xsendfile`, sends originals and published portfolios from \
              the disk itself, when Halftone has said that they may be sent. The front server has to be \
              able to read them, and its file `halftone-locations.conf` or `halftone-proxy.conf` to name \
              their folders.",
    },
    kind: &Switch,
};

pub(super) static FCGI_SOCKET_MODE: Row<u32> = Row {
    about: About {
        name: "fcgi_socket_mode",
        default: "0660",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Connections,
        doc: "The mode of FastCGI Unix sockets.",
    },
    kind: &Mode,
};

pub(super) static MAX_CONNECTIONS: Row<u32> = Row {
    about: About {
        name: "max_connections",
        default: "4096",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "Connections that each worker holds at once. One without a running request costs no \
              thread.",
    },
    kind: &Whole { min: 16, max: 100_000 },
};

pub(super) static CONNECTION_IDLE_S: Row<u32> = Row {
    about: About {
        name: "connection_idle_s",
        default: "0",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "After how long without a request a kept connection is closed. 0: never, which \
              leaves it to the front server and avoids closing one just as it is used.",
    },
    kind: &Whole { min: 0, max: 86_400 },
};

pub(super) static REQUEST_READ_TIMEOUT_S: Row<u32> = Row {
    about: About {
        name: "request_read_timeout_s",
        default: "30",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "How long a started request may stand still before its connection is closed.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};

pub(super) static RESPONSE_WRITE_TIMEOUT_S: Row<u32> = Row {
    about: About {
        name: "response_write_timeout_s",
        default: "60",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "How long a response may make no progress before its connection is closed.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};

pub(super) static MAX_BODY_MB: Row<u32> = Row {
    about: About {
        name: "max_body_mb",
        default: "1024",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "The largest request body, which is the largest upload. All files of one upload \
              count together.",
    },
    kind: &Whole { min: 1, max: 1_048_576 },
};

pub(super) static BODY_MEMORY_KB: Row<u32> = Row {
    about: About {
        name: "body_memory_kb",
        default: "64",
        unit: Some(Unit::Kilobytes),
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "Request bodies up to this size are kept in memory, larger ones in a temporary \
              file.",
    },
    kind: &Whole { min: 1, max: 65_536 },
};

pub(super) static TRUSTED_PROXIES: Row<Vec<Network>> = Row {
    about: About {
        name: "trusted_proxies",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "The proxies whose `Forwarded` and `X-Forwarded-…` fields are believed. List what \
              stands before the front server, never whole networks that clients are in.",
    },
    kind: &Networks,
};

pub(super) static PUBLIC_BASE_URL: Row<String> = Row {
    about: About {
        name: "public_base_url",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "What absolute URLs of this server begin with, such as \
              `https://images.example.com`. Blank: what the request was sent to.",
    },
    kind: &WebAddress,
};

pub(super) static CORS_ORIGINS: Row<Vec<String>> = Row {
    about: About {
        name: "cors_origins",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "The sites whose pages may call the API from a browser, and read why a picture did \
              not come, such as `https://www.example.com`. `*` lets pages of all sites do so, \
              without cookies. Blank: only pages of this server.",
    },
    kind: &Origins,
};

pub(super) static XREF_URL: Row<String> = Row {
    about: About {
        name: "xref_url",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "The tracking address that is called for requests with `xref`, whose value is put \
              behind it. It must not lead back to this server. Blank: nothing is called.",
    },
    kind: &WebAddress,
};

pub(super) static METRICS_FROM: Row<Vec<Network>> = Row {
    about: About {
        name: "metrics_from",
        default: "127.0.0.0/8,::1/128",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Connections,
        doc: "The addresses and networks from which `/metrics` may be read. Blank: none.",
    },
    kind: &Networks,
};
