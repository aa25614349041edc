#!/bin/sh
# rootfs.sh PROGRAM…: makes /rootfs, a root that holds these programs and everything they need.
set -eu

copy() {
    mkdir -p "/rootfs$(dirname "$1")"
    cp -L "$1" "/rootfs$1"
}

for program; do
    copy "$program"
    # `ldd` fails for a static program, which needs nothing.
    libraries=$(ldd "$program" 2>/dev/null | grep -o '/[^ ]*' || true)
    for library in $libraries; do
        copy "$library"
    done
done

# Names of hosts are looked up by glibc itself; it needs no plug-in for files and DNS, only to be told their order.
mkdir -p /rootfs/etc
echo 'hosts: files dns' >/rootfs/etc/nsswitch.conf
copy /etc/ssl/certs/ca-certificates.crt
echo 'tabmesh:x:65532:65532::/data:/sbin/nologin' >/rootfs/etc/passwd
echo 'tabmesh:x:65532:' >/rootfs/etc/group
