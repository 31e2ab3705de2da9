//! A directory server of its own in a temporary folder: OpenLDAP's slapd with the schemas of all four
//! layouts, with TLS, and with a certificate of an authority made for the occasion.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::files::{free_port, temp_dir};
use super::process::Process;

/// Where everything is.
pub const BASE: &str = "dc=example,dc=com";
/// Who may read everything.
pub const READER: &str = "cn=reader,dc=example,dc=com";
/// The reader's password.
pub const READER_PASSWORD: &str = "the reader's password";

const SLAPD: &str = "/usr/sbin/slapd";

/// What Open Directory and Active Directory call their people and groups, with attributes that the
/// schemas of slapd do not have. The numbers are of the arc for examples.
const SCHEMA: &str = r"
attributetype ( 1.3.6.1.4.1.55555.1.1 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.2 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.3 NAME 'objectCategory' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.55555.1.4 NAME 'memberOf' EQUALITY distinguishedNameMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.3.6.1.4.1.55555.2.1 NAME 'user' SUP inetOrgPerson STRUCTURAL
  MAY ( sAMAccountName $ userPrincipalName $ objectCategory $ memberOf ) )
objectclass ( 1.3.6.1.4.1.55555.2.2 NAME 'apple-user' AUXILIARY MAY uid )
objectclass ( 1.3.6.1.4.1.55555.2.3 NAME 'apple-group' AUXILIARY MAY memberUid )
";

/// A running directory server.
pub struct Slapd {
    // The process ends before its files go.
    _process: Process,
    dir: TempDir,
    port: u16,
    tls_port: u16,
}

impl Slapd {
    /// Starts it with these entries below [`BASE`], in LDIF.
    ///
    /// # Panics
    /// When slapd or openssl is missing.
    pub fn start(entries: &str) -> Self {
        assert!(
            Path::new(SLAPD).exists(),
            "{SLAPD} is missing: run the tests through scripts/test, which installs it"
        );
        let dir = temp_dir();
        certificates(dir.path());
        let config = write_config(dir.path());
        load(dir.path(), &config, entries);
        let (port, tls_port) = (free_port(), free_port());
        let mut command = Command::new(SLAPD);
        command
            .args(["-d", "0", "-h"])
            .arg(format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/"))
            .arg("-f")
            .arg(&config);
        let mut process = Process::start("slapd", dir.path(), &mut command);
        process.wait_until("slapd listens", || {
            [port, tls_port]
                .iter()
                .all(|port| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        Self { _process: process, dir, port, tls_port }
    }

    /// Where it takes connections that begin in clear.
    pub fn url(&self) -> String {
        format!("ldap://localhost:{}", self.port)
    }

    /// Where it takes connections that are TLS from the start.
    pub fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.tls_port)
    }

    /// The certificate of the authority.
    pub fn ca_file(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// Changes entries, in LDIF.
    pub fn modify(&self, ldif: &str) {
        let file = self.dir.path().join("change.ldif");
        fs::write(&file, ldif).unwrap();
        let mut command = Command::new("/usr/bin/ldapmodify");
        command
            .args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.port), "-D", READER, "-w"])
            .args([READER_PASSWORD, "-f"])
            .arg(&file);
        succeed(&mut command);
    }
}

fn succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn certificates(dir: &Path) {
    let openssl = |arguments: &[&str]| {
        succeed(Command::new("openssl").current_dir(dir).args(arguments));
    };
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "2",
        "-subj",
        "/CN=Test authority",
    ]);
    openssl(&[
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
        "-subj",
        "/CN=localhost",
    ]);
    fs::write(dir.join("san.cnf"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        "server.pem",
        "-days",
        "2",
        "-extfile",
        "san.cnf",
    ]);
}

fn write_config(dir: &Path) -> PathBuf {
    let data = dir.join("data");
    fs::create_dir(&data).unwrap();
    fs::write(dir.join("layouts.schema"), SCHEMA).unwrap();
    let d = dir.display();
    let schema = "/etc/ldap/schema";
    let text = format!(
        "include {schema}/core.schema\ninclude {schema}/cosine.schema\n\
         include {schema}/inetorgperson.schema\ninclude {schema}/nis.schema\n\
         include {d}/layouts.schema\n\
         pidfile {d}/slapd.pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
         TLSCACertificateFile {d}/ca.pem\nTLSCertificateFile {d}/server.pem\n\
         TLSCertificateKeyFile {d}/server.key\n\
         database mdb\nmaxsize 10485760\nsuffix \"{BASE}\"\nrootdn \"{READER}\"\n\
         rootpw \"{READER_PASSWORD}\"\ndirectory {}\n\
         access to attrs=userPassword by anonymous auth by * none\naccess to * by * read\n",
        data.display()
    );
    let path = dir.join("slapd.conf");
    fs::write(&path, text).unwrap();
    path
}

fn load(dir: &Path, config: &Path, entries: &str) {
    let file = dir.join("entries.ldif");
    let root = format!(
        "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n"
    );
    fs::write(&file, root + entries).unwrap();
    let mut command = Command::new("/usr/sbin/slapadd");
    command.arg("-f").arg(config).arg("-l").arg(&file);
    succeed(&mut command);
}
