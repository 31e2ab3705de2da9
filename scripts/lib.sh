# What scripts/run and scripts/test share: finding and installing what they need.
# shellcheck shell=bash

readonly RUST_WANTED=1.95
readonly NODE_WANTED=18

# Debian packages that building takes.
# shellcheck disable=SC2034  # used by the scripts that read this file
readonly BUILD_PACKAGES=(build-essential ca-certificates cmake libraw-dev nasm pkg-config)

say() {
    printf '\033[1m==> %s\033[0m\n' "$*" >&2
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    else
        command -v sudo >/dev/null || fail "not root, and sudo is missing: run as root once: $*"
        sudo "$@"
    fi
}

is_installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# need_packages PACKAGE[=PATH]... installs the packages that are missing. With a PATH it is that file
# which counts, so that another package may bring it.
need_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        fail "no apt here: these scripts are written for Debian 12. Install yourself: $*"
    fi
    local wanted package missing=()
    for wanted in "$@"; do
        package=${wanted%%=*}
        if [[ $wanted == *=* ]]; then
            [[ -e ${wanted#*=} ]] || missing+=("$package")
        else
            is_installed "$package" || missing+=("$package")
        fi
    done
    if ((${#missing[@]} > 0)); then
        say "Installing ${missing[*]}"
        install_packages "${missing[@]}"
    fi
}

# Installs without starting the services that come along: the system's own nginx, Apache, PostgreSQL
# or memcached are neither needed nor wanted here.
install_packages() {
    local policy=/usr/sbin/policy-rc.d ours=no status=0
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        ours=yes
    fi
    as_root apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends "$@" || status=$?
    [[ $ours == no ]] || as_root rm -f "$policy"
    ((status == 0)) || fail "apt-get could not install: $*"
}

# at_least VERSION WANTED
at_least() {
    [[ $(printf '%s\n%s\n' "$2" "$1" | sort --version-sort | head -n 1) == "$2" ]]
}

need_rust() {
    [[ ! -d $HOME/.cargo/bin ]] || PATH=$HOME/.cargo/bin:$PATH
    local version how="get it from https://rustup.rs, then: rustup toolchain install stable"
    command -v cargo >/dev/null || fail "cargo is missing: $how"
    version=$(cargo --version | cut -d ' ' -f 2)
    at_least "$version" "$RUST_WANTED" || fail "cargo is $version, $RUST_WANTED is needed: $how"
}

need_node() {
    local version how="get a newer one from https://nodejs.org"
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        need_packages nodejs=/usr/bin/node npm=/usr/bin/npm
    fi
    version=$(node --version)
    at_least "${version#v}" "$NODE_WANTED" || fail "node is $version, $NODE_WANTED is needed: $how"
}

# A loopback port on which nobody listens.
free_port() {
    node -e 'const s = require("net").createServer();
        s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'
}

# wait_for_port PORT PID: until the process answers there, it ends, or two minutes have passed.
wait_for_port() {
    local port=$1 pid=$2 end=$((SECONDS + 120))
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$pid" 2>/dev/null || return 1
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}
