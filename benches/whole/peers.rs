//! Other image servers, started by programs that the command line names.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::Arguments;
use crate::ask::Ask;
use crate::server::Server;
use crate::support::files::{free_port, temp_dir};
use crate::support::process::Process;

/// Those that were named; says which were not.
pub fn start(arguments: &Arguments, files: &[(&str, &[u8])], quality: u8) -> Vec<Server> {
    let Arguments { oximg, thumbor, ipx, .. } = arguments;
    let mut servers = Vec::new();
    match oximg {
        Some(program) => {
            servers.push(start_oximg("oximg", program, files, quality, &[]));
            let fast = [
                ("OXIMG_RESIZE", "srgb"),
                ("OXIMG_DCT_MARGIN", "1.0"),
                ("OXIMG_JPEG_PROGRESSIVE", "0"),
            ];
            servers.push(start_oximg("oximg, speed profile", program, files, quality, &fast));
        }
        None => println!("oximg takes no part: --oximg names no program"),
    }
    match thumbor {
        Some(program) => servers.push(start_thumbor(program, files)),
        None => println!("thumbor takes no part: --thumbor names no program"),
    }
    match ipx {
        Some(program) => servers.push(start_ipx(program, files)),
        None => println!("ipx takes no part: --ipx names no program"),
    }
    servers
}

/// The originals in a folder of their own, and a port.
fn stage(files: &[(&str, &[u8])]) -> (TempDir, SocketAddr) {
    let dir = temp_dir();
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).expect("there is room for the originals");
    }
    (dir, SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())))
}

fn server(
    name: &'static str,
    (dir, addr): (TempDir, SocketAddr),
    command: &mut Command,
    target: impl Fn(&Ask) -> String + Sync + 'static,
) -> Server {
    let logs = temp_dir();
    let mut process = Process::start(name, logs.path(), command);
    process.wait_until("the server listens", || TcpStream::connect(addr).is_ok());
    Server {
        name,
        addr,
        target: Box::new(target),
        pid: process.pid(),
        front: None,
        _keep: Box::new((process, dir, logs)),
    }
}

fn start_oximg(
    name: &'static str,
    program: &Path,
    files: &[(&str, &[u8])],
    quality: u8,
    settings: &[(&str, &str)],
) -> Server {
    let stage = stage(files);
    let quality = quality.to_string();
    let mut command = Command::new(program);
    command
        .env("OXIMG_BIND", "127.0.0.1")
        .env("PORT", stage.1.port().to_string())
        .env("IMAGES_DIR", stage.0.path())
        .env("QUALITY", &quality)
        .env("OXIMG_WEBP_QUALITY", &quality)
        .envs(settings.iter().copied());
    server(name, stage, &mut command, |ask| {
        format!("/resize/{}/0/{}@{}", ask.width, ask.file, ask.format)
    })
}

fn start_thumbor(program: &Path, files: &[(&str, &[u8])]) -> Server {
    let stage = stage(files);
    let settings = stage.0.path().join("thumbor.conf");
    let text = format!(
        "LOADER = 'thumbor.loaders.file_loader'\nFILE_LOADER_ROOT_PATH = '{}'\n\
         STORAGE = 'thumbor.storages.no_storage'\nALLOW_UNSAFE_URL = True\n",
        stage.0.path().display()
    );
    fs::write(&settings, text).expect("the folder can be written");
    let mut command = Command::new(program);
    command
        .args(["--ip", "127.0.0.1", "--port", &stage.1.port().to_string(), "--log-level", "error"])
        .arg("--conf")
        .arg(&settings);
    server("thumbor", stage, &mut command, |ask| {
        let Ask { file, width, format, quality } = ask;
        let format = if *format == "jpg" { "jpeg" } else { format };
        format!("/unsafe/{width}x0/filters:format({format}):quality({quality})/{file}")
    })
}

fn start_ipx(program: &Path, files: &[(&str, &[u8])]) -> Server {
    let stage = stage(files);
    let mut command = Command::new(program);
    command
        .args(["serve", "--host", "127.0.0.1", "--port", &stage.1.port().to_string(), "--dir"])
        .arg(stage.0.path());
    server("ipx", stage, &mut command, |ask| {
        let Ask { file, width, format, quality } = ask;
        let format = if *format == "jpg" { "jpeg" } else { format };
        format!("/w_{width},f_{format},q_{quality}/{file}")
    })
}
