//! Accounts and signing in.

use std::path::PathBuf;

use super::super::kind::{
    Choice, DirectoryAddress, Folder, FreeText, Hosts, Secret, SecretText, Switch, Whole,
};
use super::{About, Group, Row, Unit};

pub(super) static SECRET: Row<Secret> = Row {
    about: About {
        name: "secret",
        default: "",
        unit: None,
        reload: true,
        secret: true,
        group: Group::Accounts,
        doc: "What sessions, API tokens and forms are signed with: at least 32 random bytes, such \
              as the output of `openssl rand -base64 48`. All hosts that share a database need the \
              same one; a new one signs everybody out, and one-time passwords have to be set up \
              anew. Blank: the file `secret` inside `data_dir`, \
              which `halftone migrate` and `halftone serve` make.",
    },
    kind: &SecretText { min_bytes: 32 },
};

pub(super) static SESSION_IDLE_MIN: Row<u32> = Row {
    about: About {
        name: "session_idle_min",
        default: "480",
        unit: Some(Unit::Minutes),
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "After how long without a request a web session ends.",
    },
    kind: &Whole { min: 1, max: 43_200 },
};

pub(super) static SESSION_MAX_DAYS: Row<u32> = Row {
    about: About {
        name: "session_max_days",
        default: "7",
        unit: Some(Unit::Days),
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "After how long a web session ends in any case.",
    },
    kind: &Whole { min: 1, max: 365 },
};

pub(super) static TOKEN_EXPIRY_S: Row<u32> = Row {
    about: About {
        name: "token_expiry_s",
        default: "3600",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "How long an API token is good for.",
    },
    kind: &Whole { min: 60, max: 31_536_000 },
};

pub(super) static LOGIN_NEXT_HOSTS: Row<Vec<String>> = Row {
    about: About {
        name: "login_next_hosts",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "The other hosts that `next` may lead to after signing in. This server itself is \
              always allowed.",
    },
    kind: &Hosts,
};

pub(super) static REMOTE_USER: Row<bool> = Row {
    about: About {
        name: "remote_user",
        default: "false",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "Whether a user whom the front server has authenticated (the FastCGI parameter \
              `REMOTE_USER`, for Kerberos, SAML, OpenID Connect or client certificates) is signed \
              in as the account of that name. Only when the front server sets that parameter \
              itself, for every address, and from nothing that a client can send unchecked.",
    },
    kind: &Switch,
};

pub(super) static REMOTE_USER_STRIP_REALM: Row<bool> = Row {
    about: About {
        name: "remote_user_strip_realm",
        default: "true",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "Whether `jo@EXAMPLE.COM` in `REMOTE_USER` means the account `jo`.",
    },
    kind: &Switch,
};

pub(super) static LDAP_URL: Row<String> = Row {
    about: About {
        name: "ldap_url",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "The directory server (LDAP or Active Directory) that verifies accounts which are not \
              kept here. `ldaps://` is TLS from the start. Blank: none.",
    },
    kind: &DirectoryAddress,
};

pub(super) static LDAP_START_TLS: Row<bool> = Row {
    about: About {
        name: "ldap_start_tls",
        default: "true",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "Whether a connection to `ldap://` is turned into TLS before any password is sent. \
              Without it, passwords cross the network in clear.",
    },
    kind: &Switch,
};

pub(super) static LDAP_CA_FILE: Row<PathBuf> = Row {
    about: About {
        name: "ldap_ca_file",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "A PEM file of the certificates that the directory server's certificate is checked \
              against. Blank: those of the operating system.",
    },
    kind: &Folder { blank: true },
};

pub(super) static LDAP_TYPE: Row<String> = Row {
    about: About {
        name: "ldap_type",
        default: "posix",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "How the directory is laid out: `posix` (posixAccount, posixGroup), `organizational` \
              (inetOrgPerson, groupOfNames), `apple` (Open Directory) or `active_directory`.",
    },
    kind: &Choice(&["posix", "organizational", "apple", "active_directory"]),
};

pub(super) static LDAP_BASE: Row<String> = Row {
    about: About {
        name: "ldap_base",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "Where in the directory users and groups are looked for, such as `dc=example,dc=com`.",
    },
    kind: &FreeText,
};

pub(super) static LDAP_BIND_USER: Row<String> = Row {
    about: About {
        name: "ldap_bind_user",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "The account that looks users up, such as `cn=reader,dc=example,dc=com`, or \
              `reader@example.com` for Active Directory. Blank: anonymously.",
    },
    kind: &FreeText,
};

pub(super) static LDAP_BIND_PASSWORD: Row<Secret> = Row {
    about: About {
        name: "ldap_bind_password",
        default: "",
        unit: None,
        reload: true,
        secret: true,
        group: Group::Accounts,
        doc: "Its password.",
    },
    kind: &SecretText { min_bytes: 0 },
};

pub(super) static LDAP_TIMEOUT_S: Row<u32> = Row {
    about: About {
        name: "ldap_timeout_s",
        default: "5",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Accounts,
        doc: "How long the directory server may take to answer.",
    },
    kind: &Whole { min: 1, max: 60 },
};
