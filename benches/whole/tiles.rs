//! Tiles of a huge picture that is prepared, as a viewer asks for them, beside iipsrv.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use crate::Arguments;
use crate::ask::{Ask, get};
use crate::server::{Server, halftone};
use crate::support::files::{free_port, program, temp_dir};
use crate::support::http::Client;
use crate::support::process::Process;

/// Tiles of each server in a round.
const TILES: u32 = 256;

/// Prints CPU of server and front server for each tile.
pub fn run(arguments: &Arguments) {
    if arguments.huge.is_empty() {
        println!("no huge picture: --huge names no file");
    }
    for path in &arguments.huge {
        huge(path, arguments.rounds);
    }
    match (&arguments.iipsrv, &arguments.pyramid) {
        (Some(program), Some(pyramid)) => iipsrv(program, pyramid, arguments.rounds),
        _ => println!("iipsrv takes no part: --iipsrv and --pyramid name no program and file"),
    }
}

fn huge(path: &Path, rounds: usize) {
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    let bytes = fs::read(path).expect("the huge picture can be read");
    let (mut server, pool) = halftone("halftone, prepared", &[(&name, &bytes)], |config| {
        config.raw("memory_cache_mb", "0").raw("disk_cache_mb", "0")
    });
    drop(bytes);
    let (cpu_s, said) = pool.prepare();
    println!("{}\npreparing took {cpu_s:.1} s CPU", said.trim_end());
    // Of 16 × 16: a picture of 4096 pixels, so that a tile is one of 256.
    server.target = Box::new(|ask| {
        let Ask { file, width, .. } = ask;
        format!("/image?src={file}&width=4096&format=jpg&quality=75&strip=1&tile={width}:256")
    });
    measure(&server, &name, rounds, "256 px, width 4096");
    server.target = Box::new(|ask| {
        let Ask { file, width, .. } = ask;
        format!("/image?src={file}&format=jpg&quality=75&strip=1&tile={width}:256")
    });
    measure(&server, &name, 1, "a 256th at full size");
}

fn iipsrv(program_file: &Path, pyramid: &Path, rounds: usize) {
    let dir = temp_dir();
    let socket = dir.path().join("iipsrv.sock");
    let bind = socket.display().to_string();
    let mut command = Command::new(program_file);
    command.args(["--bind", &bind]).env("VERBOSITY", "0").env("MAX_IMAGE_CACHE_SIZE", "0");
    command.env("LOGFILE", dir.path().join("log")).env("JPEG_QUALITY", "75");
    let mut process = Process::start("iipsrv", dir.path(), &mut command);
    process.wait_until("iipsrv listens", || UnixStream::connect(&socket).is_ok());
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    fs::set_permissions(&socket, open).expect("the socket is ours");
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let settings = dir.path().join("nginx.conf");
    let text = format!(
        "daemon off;\nworker_processes 2;\npid {0}/pid;\nevents {{}}\nhttp {{ access_log off;\n\
         server {{ listen {addr}; location / {{ fastcgi_pass unix:{bind}; fastcgi_keep_conn on;\n\
         fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method; \
         }} }} }}",
        dir.path().display()
    );
    fs::write(&settings, text).expect("the folder can be written");
    let mut command = Command::new(program("nginx", "nginx-light"));
    command.arg("-p").arg(dir.path()).arg("-c").arg(&settings).args(["-e", "error.log"]);
    let mut nginx = Process::start("nginx", dir.path(), &mut command);
    nginx.wait_until("nginx listens", || std::net::TcpStream::connect(addr).is_ok());
    let file = pyramid.display().to_string();
    let server = Server {
        name: "iipsrv",
        addr,
        target: Box::new(move |ask| format!("/?FIF={file}&JTL=5,{}", ask.width - 1)),
        pid: process.pid(),
        front: Some(nginx.pid()),
        _keep: Box::new((nginx, process, dir)),
    };
    measure(&server, "", rounds, "256 px, level 5");
}

/// Every tile once in a round.
fn measure(server: &Server, file: &str, rounds: usize, what: &str) {
    let mut client = Client::connect(server.addr).expect("the server answers");
    let ask = |number| Ask { file, width: number, format: "jpg", quality: 75 };
    let mut bytes = 0;
    let mut peak_mb: f64 = 0.0;
    let mut before = (0.0, 0.0);
    for round in 0..=rounds {
        // The first one fills caches and is not counted.
        if round == 1 {
            std::thread::sleep(std::time::Duration::from_millis(50));
            before = server.cpu_ms();
        }
        for number in 1..=TILES {
            bytes += get(&mut client, server, &ask(number)).len();
            if round == 0 && number % 8 == 0 {
                peak_mb = peak_mb.max(server.pss_mb());
            }
        }
    }
    std::thread::sleep(std::time::Duration::from_millis(50));
    let after = server.cpu_ms();
    let count = f64::from(TILES) * rounds as f64;
    let (all, front) = ((after.0 - before.0) / count, (after.1 - before.1) / count);
    println!(
        "{}, {file}, {what}: {:.2} ms in the server, {front:.2} in nginx; {:.0} bytes; {peak_mb:.1} MB",
        server.name,
        all - front,
        bytes as f64 / f64::from(TILES) / (rounds + 1) as f64
    );
}
