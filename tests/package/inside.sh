#!/usr/bin/env bash
# Inside the fresh root: follows the guides block by block, and looks at what came of it.

set -euo pipefail
shopt -s inherit_errexit

readonly image='image?src=photo.jpg&width=120&format=png'
readonly answers=/etc/halftone/conf.d/20-answers.toml

fail() {
    printf 'package: not so: %s\n' "$*" >&2
    tail -n 20 /var/log/halftone/halftone.log /var/log/halftone*.out /var/log/nginx/error.log 2>/dev/null >&2 || true
    exit 1
}

expect() {
    local what=$1
    shift
    "$@" || fail "$what ($*)"
}

refuse() {
    local what=$1
    shift
    ! "$@" || fail "$what ($*)"
}

say() {
    printf '\033[1m  -> %s\033[0m\n' "$*" >&2
}

# A certificate that is signed by itself is a warning of "halftone check", which then ends with 1.
# shellcheck disable=SC2016  # for another shell
readonly prelude='halftone() {
    local status=0
    command halftone "$@" || status=$?
    [[ $1 == check && $status -eq 1 ]] || return "$status"
}
'

# follow GUIDE BLOCK FOLDER: runs the commands of all blocks of a guide that have this mark, in order, in
# one shell that stops at the first failure.
follow() {
    local commands
    say "$1: $2"
    commands=$(awk -v mark="\`\`\`sh $2" '$0 == mark { inside = 1; next } $0 == "```" { inside = 0 } inside' \
        "/guides/$1")
    expect "$1 has commands marked $2" test -n "$commands"
    (cd "$3" && bash -euxo pipefail -c "$prelude$commands") || fail "the commands $2 of $1 work"
}

owner_and_mode() {
    [[ $(stat --format '%U:%G %a' "$1") == "$2" ]]
}

# picture URL: it is served, and is as wide as was asked for: bytes 16 to 19 of a PNG.
picture() {
    local file=/tmp/picture status
    status=$(curl --insecure --silent --show-error --output "$file" --write-out '%{http_code}' "$1/$image")
    [[ $status == 200 && $(od --address-radix=n --skip-bytes=16 --read-bytes=4 --format=x1 "$file") == ' 00 00 00 78' ]] ||
        { echo "$1: $status" >&2 && return 1; }
}

serving() {
    for _ in {1..100}; do
        ! picture "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    picture "$1"
}

put_picture() {
    install -d -o halftone -g halftone "$1"
    install -m 644 -o halftone -g halftone /tests/photo.jpg "$1/photo.jpg"
}

start_services() {
    systemctl start halftone.socket halftone.service halftone-tasks.service
}

stop_services() {
    systemctl stop halftone-stats.service halftone-tasks.service halftone.service halftone.socket
}

version() {
    dpkg-query --show --showformat '${Version} ${db:Status-Status}' halftone
}

# check_says EXIT [WORD]...: the verdict on the installation as a whole.
check_says() {
    local wanted=$1 status=0
    shift
    halftone check "$@" >/tmp/check.out || status=$?
    [[ $status == "$wanted" ]] || { cat /tmp/check.out >&2 && fail "halftone check $* ends with $wanted, not $status"; }
}

installed_with_nginx() {
    follow install.md nginx /packages
    put_picture /var/lib/halftone/images
    expect 'TLS serves' serving https://localhost
    expect 'HTTP serves' serving http://localhost
    follow install.md try /
    expect 'the secret is its owner'\''s alone' owner_and_mode /var/lib/halftone/secret 'halftone:halftone 600'
    expect 'answers are for root and the service' owner_and_mode "$answers" 'root:halftone 640'
    expect 'data are for the service' owner_and_mode /var/lib/halftone 'halftone:halftone 750'
    expect 'the key is for root' owner_and_mode /etc/ssl/halftone/privkey.pem 'root:root 600'
    expect 'the socket is for the front server' owner_and_mode /run/halftone/halftone.sock 'halftone:www-data 660'
    expect 'workers are the service'\''s' test "$(ps_user)" = halftone
    first_user_signs_in
    expect 'completion' bash -c '. /usr/share/bash-completion/completions/halftone && complete -p halftone' >/dev/null
    expect 'manual' gzip --test /usr/share/man/man1/halftone-migrate.1.gz /usr/share/man/man5/halftone.toml.5.gz
    for file in halftone.service halftone.socket halftone-tasks.service; do
        expect "$file is enabled" test -L "$(find /etc/systemd/system -name $file | head -n 1)"
    done
}

ps_user() {
    stat --format %U "/proc/$(cat /run/halftone/halftone.pid)"
}

first_user_signs_in() {
    local password status
    expect 'the first password is for root' owner_and_mode /etc/halftone/first-sign-in 'root:root 600'
    password=$(sed -n 's/.*password  \(.*\)  (shown.*/\1/p' /etc/halftone/first-sign-in)
    runuser -u halftone -- halftone user allow-api admin --config /etc/halftone/halftone.toml >/dev/null
    status=$(curl --insecure --silent --output /dev/null --write-out '%{http_code}' --request POST \
        --user "admin:$password" https://localhost/api/v1/token/)
    expect 'the first user signs in with the password of the file' test "$status" = 200
}

# It holds a lock as long as it follows the log.
follower_works() {
    for _ in {1..100}; do
        if compgen -G '/run/halftone/stats-*.lock' >/dev/null; then
            systemctl is-active halftone-stats
            return
        fi
        sleep 0.1
    done
    return 1
}

running() {
    say "Running, logs"
    follow install.md running /
    expect 'it serves after a reload' serving https://localhost
    apt-get install -q -y logrotate >/dev/null
    logrotate --force /etc/logrotate.d/halftone
    expect 'the log is rotated' test -e /var/log/halftone/halftone.log.1
    expect 'and written on' picture https://localhost
    follow install.md check /
    follow install.md stats /
    expect 'what nginx sends is counted' follower_works
    install -d -o halftone -g halftone /var/lib/halftone/images/some
    put_picture /var/lib/halftone/images/some/folder
    expect 'a folder is known once it was asked for' curl --insecure --silent --fail --output /dev/null \
        'https://localhost/image?src=some/folder/photo.jpg&width=50'
    follow install.md purge-pictures /
    follow install.md warm /
    follow tuning.md reductions /
    expect 'it serves what was purged, warmed and prepared' serving https://localhost
    follow tuning.md see /
    follow tuning.md settings /
    expect 'it serves with other settings' serving https://localhost
    follow install.md backup /
    expect 'there is a backup' test -s /var/backups/halftone/monday.gz
    rm -r /var/backups/halftone
}

# The database as the version before the newest migration left it.
set_database_back() {
    local file=$1 newest
    rm -f "$file"-* /tmp/older.db
    newest=$(find /migrations -name '*.sql' | sort | tail -n 1)
    find /migrations -name '*.sql' | sort | grep -vF "$newest" | while read -r migration; do
        sqlite3 -bail /tmp/older.db ".read $migration"
    done
    sqlite3 -bail /tmp/older.db "ATTACH '$file' AS now; \
        CREATE TABLE refinery_schema_history AS SELECT * FROM now.refinery_schema_history \
        WHERE version < (SELECT MAX(version) FROM now.refinery_schema_history);"
    install -m 640 -o halftone -g halftone /tmp/older.db "$file"
}

schema() {
    sqlite3 /var/lib/halftone/halftone.db 'SELECT MAX(version) FROM refinery_schema_history'
}

upgraded() {
    local secret newest before database=/var/lib/halftone/halftone.db
    say "Upgrade: a database that cannot be migrated, then one that can"
    secret=$(sha256sum /var/lib/halftone/secret "$answers" /etc/ssl/halftone/privkey.pem)
    newest=$(schema)
    stop_services
    set_database_back "$database"
    expect 'the schema is the one before' test "$(schema)" -lt "$newest"
    check_says 2
    mv "$database" /tmp/kept.db
    mkdir "$database"
    refuse 'an upgrade that cannot migrate fails' apt-get install -q -y /next/halftone_*.deb 2>/tmp/upgrade.out
    expect 'it says what to do' grep -q 'then: dpkg --configure halftone' /tmp/upgrade.out
    expect 'and how to go back' grep -q 'allow-downgrades' /tmp/upgrade.out
    rmdir "$database"
    mv /tmp/kept.db "$database"
    follow upgrading.md go-on /
    expect 'the schema is the newest again' test "$(schema)" = "$newest"
    expect 'the higher version is installed' test "$(version)" = '99.0.0-1 installed'
    expect 'secret, answers and key are the same' test "$(sha256sum /var/lib/halftone/secret "$answers" \
        /etc/ssl/halftone/privkey.pem)" = "$secret"
    start_services
    expect 'it serves after the upgrade' serving https://localhost
    follow upgrading.md backup /
    follow upgrading.md upgrade /next
    check_says 1 --url https://localhost
    before=$(cat /run/halftone/halftone.pid)
    follow upgrading.md without-a-wait /
    refuse 'the old processes are gone' test -e "/proc/$before"
    expect 'it serves with the new ones' serving https://localhost
}

behind_apache() {
    say "Behind Apache"
    service nginx stop
    rm -f /etc/apache2/sites-enabled/*
    follow install.md apache /next
    expect 'TLS serves' serving https://localhost
    expect 'HTTP serves' serving http://localhost
    service apache2 stop
}

removed_and_purged() {
    say "Removal"
    stop_services
    apt-get remove -q -y halftone >/dev/null
    refuse 'the program is gone' test -e /usr/bin/halftone
    expect 'settings stay' test -e /etc/halftone/halftone.toml -a -e "$answers"
    expect 'data stay' test -e /var/lib/halftone/secret
    follow install.md purge /
    expect 'pictures stay' test -s /var/lib/halftone/images/photo.jpg
    expect 'their owner stays' getent passwd halftone >/dev/null
    expect 'files of the administrator stay' test -e /etc/halftone/conf.d/50-local.toml
    for path in /var/lib/halftone/secret /var/lib/halftone/halftone.db /var/cache/halftone /var/log/halftone \
        "$answers" /etc/halftone/halftone.toml /etc/halftone/first-sign-in /etc/ssl/halftone \
        /var/lib/nginx/halftone /etc/nginx/sites-available/halftone.conf /etc/apache2/sites-available/halftone.conf \
        /etc/logrotate.d/halftone; do
        refuse "$path is purged" test -e "$path"
    done
    expect 'no link to a site that is gone' test -z "$(find /etc/nginx/sites-enabled /etc/apache2/sites-enabled -xtype l)"
    refuse 'answers are forgotten' grep -q 'halftone/' /var/cache/debconf/config.dat
    rm -r /var/lib/halftone /etc/halftone
}

on_postgresql_here() {
    say "PostgreSQL and memcached on the same host"
    # Without PostgreSQL it says so, and goes on once it is there.
    debconf-set-selections <<<'halftone halftone/database select postgresql-here'
    refuse 'without PostgreSQL the installation stops' apt-get install -q -y /packages/halftone_*.deb 2>/tmp/install.out
    expect 'it says what is missing' grep -q 'apt-get install postgresql' /tmp/install.out
    apt-get purge -q -y halftone >/dev/null
    follow install.md postgresql /packages
    put_picture /var/lib/halftone/images
    enable_nginx
    expect 'it serves' serving https://localhost
    expect 'memcached holds pictures' test "$(memcached_items 127.0.0.1)" -gt 0
    check_says 1 --url https://localhost
    expect 'the database is PostgreSQL' grep -q 'PostgreSQL 1' /tmp/check.out
    follow install.md backup /
    expect 'there is a backup of PostgreSQL' test -s /var/backups/halftone/monday.gz
    stop_services
    mkdir /var/cache/halftone/pictures
    put_picture /var/cache/halftone/pictures
    echo "images_dir = '/var/cache/halftone/pictures' # moved" >/etc/halftone/conf.d/60-moved.toml
    follow install.md purge /
    expect 'pictures stay where settings say they are' test -s /var/cache/halftone/pictures/photo.jpg
    rm -r /var/cache/halftone /etc/halftone
    refuse 'the database is dropped' sh -c "cd / && runuser -u postgres -- psql -XAtqc '' halftone 2>/dev/null"
    rm -r /var/lib/halftone
}

enable_nginx() {
    ln -sf ../sites-available/halftone.conf ../sites-available/halftone.tls.conf /etc/nginx/sites-enabled/
    service nginx restart >/dev/null
}

memcached_items() {
    exec 3<>"/dev/tcp/$1/11211"
    printf 'stats\r\nquit\r\n' >&3
    sed -n 's/^STAT curr_items \([0-9]*\).*/\1/p' <&3
    exec 3<&-
}

elsewhere() {
    nsenter --net=/run/netns/elsewhere "$@"
}

on_other_hosts() {
    local etc
    say "PostgreSQL and memcached on another host"
    service memcached stop >/dev/null
    service postgresql stop >/dev/null
    etc=$(find /etc/postgresql -mindepth 2 -maxdepth 2 -name main)
    echo "listen_addresses = '10.77.0.2'" >>"$etc/postgresql.conf"
    echo 'host halftone halftone 10.77.0.0/24 scram-sha-256' >>"$etc/pg_hba.conf"
    elsewhere service postgresql start >/dev/null
    elsewhere memcached -d -u memcache -l 10.77.0.2 -m 64
    follow install.md database-host /
    # From here on its socket on this host is no more.
    mv /run/postgresql /run/postgresql.elsewhere
    service nginx stop >/dev/null
    rm -f /etc/nginx/sites-enabled/halftone*
    follow_with_nginx_started elsewhere
    put_picture /srv/images
    expect 'it serves' serving https://localhost
    expect 'memcached over there holds pictures' test "$(memcached_items cache1.example.com)" -gt 0
    expect 'the password is in no list of answers' refuse_password
    apt-get install -q -y --reinstall /packages/halftone_*.deb >/dev/null
    expect 'nor after another installation' refuse_password
    check_says 1 --url https://localhost
    expect 'the check names no password' refuse_text PASSWORD /tmp/check.out
    stop_services
    apt-get purge -q -y halftone >/dev/null
    expect 'pictures stay' test -s /srv/images/photo.jpg
    mv /run/postgresql.elsewhere /run/postgresql
    expect 'a database elsewhere stays' sh -c "cd / && runuser -u postgres -- psql -XAtqc 'TABLE users' halftone >/dev/null"
}

refuse_answers() {
    local answer
    say "Answers that cannot be"
    for answer in 'images-dir string relative/pictures' 'images-dir string /var/cache/halftone/pictures' \
        'database select postgresql-elsewhere'; do
        echo 'halftone halftone/images-dir string /srv/images' | debconf-set-selections
        echo "halftone halftone/$answer" | debconf-set-selections
        refuse "with $answer the installation stops" \
            apt-get install -q -y /packages/halftone_*.deb >/tmp/install.out 2>&1
    done
    expect 'nothing was written' test ! -e "$answers"
    apt-get purge -q -y halftone >/dev/null
    expect 'pictures stay' test -s /srv/images/photo.jpg
}

follow_with_nginx_started() {
    service nginx start >/dev/null
    follow install.md "$1" /packages
}

refuse_password() {
    ! grep PASSWORD /var/cache/debconf/config.dat /var/cache/debconf/passwords.dat
}

refuse_text() {
    ! grep -q "$1" "$2"
}

by_hand() {
    say "The tarball, and an installation by hand"
    follow install.md tarball /other
    tar -C / --strip-components=1 -xzf /other/halftone-*.tar.gz --wildcards '*/usr' '*/etc'
    elsewhere_becomes_here
    (cd / && runuser -u postgres -- dropdb halftone && runuser -u postgres -- dropuser halftone)
    follow install.md by-hand /
    enable_nginx
    follow install.md by-hand-services /
    expect 'it serves' serving https://localhost
    check_says 1 --url https://localhost
    follow upgrading.md by-hand /
    expect 'it serves after an upgrade by hand' serving https://localhost
    stop_services
}

elsewhere_becomes_here() {
    elsewhere service postgresql stop >/dev/null
    echo "listen_addresses = 'localhost'" >>"$(find /etc/postgresql -name postgresql.conf)"
    service postgresql start >/dev/null
    service memcached start >/dev/null
}

# systemd would start and restart the services when the package is configured.
cat >/usr/local/sbin/after-apt <<'SCRIPT'
#!/bin/sh
set -e
if [ "$(dpkg-query --show --showformat '${db:Status-Status}' halftone 2>/dev/null)" = installed ]; then
    systemctl restart halftone.service halftone-tasks.service
fi
SCRIPT
# And without systemd and this, no package would start a service of its own.
printf '#!/bin/sh\nexit 0\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/local/sbin/after-apt /usr/sbin/policy-rc.d
echo 'DPkg::Post-Invoke { "/usr/local/sbin/after-apt"; };' >/etc/apt/apt.conf.d/91test

installed_with_nginx
running
upgraded
behind_apache
removed_and_purged
on_postgresql_here
on_other_hosts
refuse_answers
by_hand
say "All of it is so"
