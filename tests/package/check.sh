#!/usr/bin/env bash
# Makes the packages, and installs, upgrades, removes and purges the one for Debian in a fresh root of
# the machine's own release, by the commands of the guides.
#
#   tests/package/check.sh PROGRAM TEMPORARY
#
# Runs as root. The root gets namespaces of its own for processes, mounts and the network, so that its
# services meet nothing of the machine; everything that is fetched is fetched before.

set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

readonly program=$1 temporary=$2
readonly root=$temporary/root
[[ $EUID -eq 0 ]] || fail "tests of the package make a root of their own: run them as root"

expect() {
    local what=$1
    shift
    "$@" || fail "packages: not so: $what"
}

make_packages() {
    mkdir -p "$temporary/out" "$temporary/again" "$temporary/next"
    scripts/package --binary "$program" --out "$temporary/out" --fast deb rpm tar
    scripts/package --binary "$program" --out "$temporary/again" --fast deb
    scripts/package --binary "$program" --out "$temporary/next" --fast --version 99.0.0 deb
    expect 'the same sources make the same package' \
        cmp "$temporary"/out/*.deb "$temporary"/again/*.deb
}

judge_packages() {
    local files
    lintian --allow-root --fail-on error,warning "$temporary"/out/*.deb
    files=$(rpm --query --package --list "$temporary"/out/*.rpm)
    for path in /usr/bin/halftone /usr/lib/systemd/system/halftone.socket /etc/halftone/halftone.toml \
        /usr/share/man/man1/halftone.1.gz /usr/share/halftone/nginx/sites-available/halftone.conf; do
        expect "the rpm has $path" grep -qx "$path" <<<"$files"
    done
    expect 'the program of the rpm is of its version' grep -qx "$("$program" --version | cut -d ' ' -f 2)" \
        <<<"$(rpm --query --package --queryformat '%{VERSION}\n' "$temporary"/out/*.rpm)"
}

in_root() {
    chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        ${http_proxy:+http_proxy="$http_proxy"} "$@"
}

# Releases and mirrors that apt has on this machine, a pair in each line.
sources() {
    # shellcheck disable=SC2016  # the words are apt's own
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages'
}

# The sources of packages that this machine has, for its own release.
make_root() {
    local release mirror
    # shellcheck source=/dev/null
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mirror=$(sources | sed -n "s/^$release //p" | head -n 1)
    [[ -n $mirror ]] || fail "apt knows no mirror of $release on this machine"
    debootstrap --variant=minbase "$release" "$root" "$mirror" >"$temporary/debootstrap.log" ||
        fail "debootstrap: $(tail -n 5 "$temporary/debootstrap.log")"
    sources | sed -n "s|^\(${release}[a-z-]*\) \(.*\)|deb \2 \1 main|p" | sort -u >"$root/etc/apt/sources.list"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # What a package only recommends would triple what is fetched.
    printf 'APT::Install-Recommends "false";\nAPT::Keep-Downloaded-Packages "true";\n' \
        >"$root/etc/apt/apt.conf.d/90test"
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/90test"
}

fetch() {
    mkdir -p "$root/packages" "$root/next"
    cp "$temporary"/out/*.deb "$root/packages/"
    cp "$temporary"/next/*.deb "$root/next/"
    in_root apt-get update -q
    # What the test itself uses; none of these starts anything.
    in_root apt-get install -q -y curl sqlite3 systemd
    in_root sh -c 'cd /packages && apt-get install -q -y --download-only ./*.deb nginx-light apache2 \
        memcached postgresql logrotate'
}

lay_out() {
    mkdir -p "$root/guides" "$root/tests" "$root/migrations" "$root/other"
    cp install.md docs/upgrading.md docs/tuning.md "$root/guides/"
    cp tests/package/*.sh "$root/tests/"
    cp migrations/sqlite/*.sql "$root/migrations/"
    cp docs/images/guide/cover.jpg "$root/tests/photo.jpg"
    cp "$temporary"/out/*.tar.gz "$root/other/"
    install -m 755 tests/package/systemctl "$root/usr/local/bin/systemctl"
    # The halftone of the guides' other hosts; the second namespace answers to these names.
    printf '127.0.0.1 localhost\n127.0.1.1 %s\n10.77.0.2 db.example.com cache1.example.com\n' \
        "$(hostname)" >"$root/etc/hosts"
}

make_packages
judge_packages
make_root
fetch
lay_out
unshare --mount --pid --net --fork --kill-child --mount-proc tests/package/namespaces.sh "$root"
