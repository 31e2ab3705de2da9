//! The directory server: LDAP or Active Directory. Verifies passwords that are not kept here, and
//! tells who somebody is and to which groups there the person belongs.
//!
//! A connection lasts for one attempt. No password is sent before the connection is TLS, unless the
//! settings say that it may be.

use std::sync::Arc;
use std::time::Duration;

use ldap3::{LdapConn, LdapConnSettings, LdapError, Scope, SearchEntry, ldap_escape};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// How a directory is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `posixAccount` and `posixGroup` with `memberUid`.
    Posix,
    /// `inetOrgPerson` and `groupOfNames` or `groupOfUniqueNames`.
    Organizational,
    /// Apple's Open Directory.
    Apple,
    /// Active Directory.
    ActiveDirectory,
}

/// What the words of the setting `ldap_type` stand for.
pub const LAYOUTS: [(&str, Layout); 4] = [
    ("posix", Layout::Posix),
    ("organizational", Layout::Organizational),
    ("apple", Layout::Apple),
    ("active_directory", Layout::ActiveDirectory),
];

/// Where the directory is and how to read it.
#[derive(Clone)]
pub struct DirectoryOptions {
    /// `ldap://host` or `ldaps://host`, with a port if need be.
    pub url: String,
    /// Turn a connection to `ldap://` into TLS.
    pub start_tls: bool,
    /// Certificates in PEM that the server's is checked against; none for the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// How it is laid out.
    pub layout: Layout,
    /// Where users and groups are looked for.
    pub base: String,
    /// Who looks them up; empty for nobody in particular.
    pub bind_user: String,
    /// With this password.
    pub bind_password: String,
    /// How long each answer may take.
    pub timeout: Duration,
}

/// Somebody whom the directory knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name to sign in with, as it stands in the directory.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Names of the groups.
    pub groups: Vec<String>,
}

/// Why the directory gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It cannot be reached, or its certificate is not good.
    #[error("the directory server: {0}")]
    Unavailable(#[from] LdapError),
    /// A file of certificates holds none.
    #[error("ldap_ca_file: there is no certificate in it")]
    NoCertificate,
}

/// A directory server.
pub struct Directory {
    options: DirectoryOptions,
    tls: Option<Arc<ClientConfig>>,
}

impl Directory {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`DirectoryError::NoCertificate`].
    pub fn new(options: DirectoryOptions) -> Result<Self, DirectoryError> {
        let tls = options.ca_pem.as_deref().map(trusting).transpose()?;
        Ok(Self { options, tls })
    }

    /// Who has this name and this password; nobody when the directory says so.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    pub fn verify(&self, username: &str, password: &str) -> Result<Option<Person>, DirectoryError> {
        // An empty password asks for no check at all (RFC 4513, section 5.1.2), and succeeds.
        if username.trim().is_empty() || password.is_empty() {
            return Ok(None);
        }
        let mut ldap = self.connect()?;
        self.bind_as_reader(&mut ldap)?;
        let Some(entry) = self.find(&mut ldap, username.trim())? else { return Ok(None) };
        let bound = ldap.with_timeout(self.options.timeout).simple_bind(&entry.dn, password)?;
        if bound.rc != 0 {
            return Ok(None);
        }
        // Groups are read by who may read them.
        self.bind_as_reader(&mut ldap)?;
        let person = self.person(&mut ldap, &entry)?;
        // It is closed in any case.
        let _ = ldap.unbind();
        Ok(person)
    }

    fn connect(&self) -> Result<LdapConn, LdapError> {
        let mut settings = LdapConnSettings::new()
            .set_conn_timeout(self.options.timeout)
            .set_starttls(self.options.start_tls && !self.options.url.starts_with("ldaps://"));
        if let Some(tls) = &self.tls {
            settings = settings.set_config(Arc::clone(tls));
        }
        LdapConn::with_settings(settings, &self.options.url)
    }

    fn bind_as_reader(&self, ldap: &mut LdapConn) -> Result<(), LdapError> {
        let options = &self.options;
        ldap.with_timeout(options.timeout)
            .simple_bind(&options.bind_user, &options.bind_password)?
            .success()?;
        Ok(())
    }

    /// The one entry of a user. A name that fits several is nobody's.
    fn find(&self, ldap: &mut LdapConn, username: &str) -> Result<Option<SearchEntry>, LdapError> {
        let layout = self.options.layout;
        let filter = layout.user_filter(username);
        let mut found = self.search(ldap, &filter, &layout.user_attributes())?;
        let entry = found.pop();
        Ok(entry.filter(|_| found.is_empty()))
    }

    fn search(
        &self,
        ldap: &mut LdapConn,
        filter: &str,
        attributes: &[&str],
    ) -> Result<Vec<SearchEntry>, LdapError> {
        let base = &self.options.base;
        let result = ldap.with_timeout(self.options.timeout).search(
            base,
            Scope::Subtree,
            filter,
            attributes.to_vec(),
        )?;
        let (entries, _) = result.success()?;
        let entries =
            entries.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate());
        Ok(entries.map(SearchEntry::construct).collect())
    }

    fn person(
        &self,
        ldap: &mut LdapConn,
        entry: &SearchEntry,
    ) -> Result<Option<Person>, LdapError> {
        let layout = self.options.layout;
        let one = |name: &str| {
            let values = entry.attrs.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            values.and_then(|(_, values)| values.first()).cloned().unwrap_or_default()
        };
        let username = one(layout.name_attribute());
        if username.is_empty() {
            return Ok(None);
        }
        let filter = layout.group_filter(&entry.dn, &username, &one("gidNumber"));
        let groups = self.search(ldap, &filter, &["cn"])?;
        let mut groups: Vec<String> = groups
            .iter()
            .flat_map(|group| group.attrs.iter())
            .filter(|(name, _)| name.eq_ignore_ascii_case("cn"))
            .flat_map(|(_, values)| values.iter().cloned())
            .collect();
        let member_of =
            entry.attrs.iter().filter(|(name, _)| name.eq_ignore_ascii_case("memberOf"));
        groups.extend(member_of.flat_map(|(_, dns)| dns).filter_map(|dn| common_name(dn)));
        groups.sort();
        groups.dedup();
        let (first_name, last_name, email) = (one("givenName"), one("sn"), one("mail"));
        Ok(Some(Person { username, first_name, last_name, email, groups }))
    }
}

/// Trusts the certificates of a PEM file and no others.
fn trusting(pem: &[u8]) -> Result<Arc<ClientConfig>, DirectoryError> {
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    roots.add_parsable_certificates(found);
    if roots.is_empty() {
        return Err(DirectoryError::NoCertificate);
    }
    let client = crate::tls::client().map_err(|_| DirectoryError::NoCertificate)?;
    Ok(Arc::new(client.with_root_certificates(roots).with_no_client_auth()))
}

impl Layout {
    fn name_attribute(self) -> &'static str {
        match self {
            Self::Posix | Self::Organizational | Self::Apple => "uid",
            Self::ActiveDirectory => "sAMAccountName",
        }
    }

    fn user_attributes(self) -> Vec<&'static str> {
        vec![self.name_attribute(), "givenName", "sn", "mail", "gidNumber", "memberOf"]
    }

    fn user_filter(self, username: &str) -> String {
        let class = match self {
            Self::Posix => "posixAccount",
            Self::Organizational => "inetOrgPerson",
            Self::Apple => "apple-user",
            Self::ActiveDirectory => return active_directory_user(username),
        };
        format!("(&(objectClass={class})(uid={}))", ldap_escape(username))
    }

    fn group_filter(self, dn: &str, username: &str, gid: &str) -> String {
        let (dn, username) = (ldap_escape(dn), ldap_escape(username));
        match self {
            Self::Posix if !gid.is_empty() => {
                let gid = ldap_escape(gid);
                format!("(&(objectClass=posixGroup)(|(memberUid={username})(gidNumber={gid})))")
            }
            Self::Posix => format!("(&(objectClass=posixGroup)(memberUid={username}))"),
            Self::Apple => format!("(&(objectClass=apple-group)(memberUid={username}))"),
            Self::Organizational => format!(
                "(|(&(objectClass=groupOfNames)(member={dn}))\
                 (&(objectClass=groupOfUniqueNames)(uniqueMember={dn})))"
            ),
            // The rule that follows groups within groups.
            Self::ActiveDirectory => {
                format!("(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))")
            }
        }
    }
}

/// People sign in as `jo`, `EXAMPLE\jo` or `jo@example.com`.
fn active_directory_user(username: &str) -> String {
    let username = username.rsplit('\\').next().unwrap_or_default();
    let attribute = if username.contains('@') { "userPrincipalName" } else { "sAMAccountName" };
    let username = ldap_escape(username);
    format!("(&(objectCategory=person)(objectClass=user)({attribute}={username}))")
}

/// The name in a distinguished name that begins with it.
fn common_name(dn: &str) -> Option<String> {
    let (attribute, rest) = dn.split_once('=')?;
    if !attribute.trim().eq_ignore_ascii_case("cn") {
        return None;
    }
    let mut name = String::new();
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ',' | '+' => break,
            '\\' => name.extend(letters.next()),
            letter => name.push(letter),
        }
    }
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_cannot_change_a_filter() {
        let filter = Layout::Posix.user_filter("*)(uid=admin");
        // RFC 4515, section 3: the characters * ( ) as backslash and two digits.
        assert_eq!(filter, "(&(objectClass=posixAccount)(uid=\\2a\\29\\28uid=admin))");
        let filter = Layout::ActiveDirectory.user_filter("EXAMPLE\\jo");
        assert_eq!(filter, "(&(objectCategory=person)(objectClass=user)(sAMAccountName=jo))");
        let filter = Layout::ActiveDirectory.user_filter("jo@example.com");
        assert!(filter.ends_with("(userPrincipalName=jo@example.com))"), "{filter}");
        let filter = Layout::Organizational.group_filter("cn=a(b),dc=x", "", "");
        assert!(filter.contains("(member=cn=a\\28b\\29,dc=x)"), "{filter}");
    }

    #[test]
    fn groups_within_groups_are_asked_for_by_the_rule_of_active_directory() {
        // MS-ADTS, section 3.1.1.3.4.4.3, LDAP_MATCHING_RULE_TRANSITIVE_EVAL; RFC 4515, section 3: an
        // extensible match is attribute:rule:=value.
        let filter = Layout::ActiveDirectory.group_filter("CN=Jo \\28x\\29,DC=example", "jo", "");
        assert_eq!(
            filter,
            "(&(objectClass=group)\
             (member:1.2.840.113556.1.4.1941:=CN=Jo \\5c28x\\5c29,DC=example))"
        );
        // The library takes it for what it is meant to be.
        assert!(ldap3::parse_filter(&filter).is_ok(), "{filter}");
        let filter = Layout::ActiveDirectory.user_filter("jo)(objectClass=*");
        assert!(filter.contains("(sAMAccountName=jo\\29\\28objectClass=\\2a)"), "{filter}");
    }

    #[test]
    fn names_of_groups_are_read_from_their_addresses() {
        assert_eq!(common_name("CN=Press,OU=Groups,DC=x").as_deref(), Some("Press"));
        assert_eq!(common_name("cn=Press\\, Paris,dc=x").as_deref(), Some("Press, Paris"));
        assert_eq!(common_name("ou=Groups,dc=x"), None);
        assert_eq!(common_name("Press"), None);
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        assert!(matches!(trusting(b"nothing"), Err(DirectoryError::NoCertificate)));
    }
}
