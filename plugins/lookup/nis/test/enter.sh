#!/bin/sh
# Runs a command with a network, a host name, /run and /var/yp of its own: rpcbind's port and the places of YP's files are fixed.
set -e
ip link set lo up
mount -t tmpfs none /run
mount -t tmpfs none /var/yp
mkdir -p /run/rpcbind /run/yp /var/yp/binding
if [ -e /etc/yp.conf ]; then
  echo 'domain testdom server 127.0.0.1' >/run/yp/conf
  mount --bind /run/yp/conf /etc/yp.conf
fi
echo testdom >/proc/sys/kernel/domainname
exec "$@"
