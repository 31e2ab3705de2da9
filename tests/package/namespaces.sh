#!/usr/bin/env bash
# Runs in namespaces of its own: connects two hosts, mounts what a root needs, and goes on inside it.

set -euo pipefail

readonly root=$1

ip link set lo up
# Another host: a second network, with services of its own.
mount -t tmpfs tmpfs /run/netns 2>/dev/null || { mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns; }
ip netns add elsewhere
ip link add here type veth peer name there netns elsewhere
ip address add 10.77.0.1/24 dev here
ip link set here up
ip netns exec elsewhere ip address add 10.77.0.2/24 dev there
ip netns exec elsewhere ip link set there up
ip netns exec elsewhere ip link set lo up

mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir -m 1777 "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -m 1777 "$root/run/lock"
# The other network, as "nsenter" finds it from inside.
mkdir "$root/run/netns"
touch "$root/run/netns/elsewhere"
mount --bind /run/netns/elsewhere "$root/run/netns/elsewhere"

exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive bash /tests/inside.sh
