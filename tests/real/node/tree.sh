#!/bin/bash
# Lays the machine's file system under a layer in memory, as the root of a node. Run by tree.py with mounts and
# processes of its own (unshare): whatever is mounted, written or started here is gone when this process ends.
set -euo pipefail
readonly work="$1" python="$2"
shift 2 # what remains: folders on other file systems that the node needs, read-only
readonly root="$work/root"

mount -t tmpfs -o size=2g,mode=755 node "$work"
mkdir "$work/upper" "$work/below" "$root"
# Under it is the one file system of `/` alone, so that no other mount of the machine is reached through the node.
mount -t overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/below" node "$root"
for folder in "$@"; do
  mkdir -p "$root$folder"
  mount --bind "$folder" "$root$folder"
  mount -o remount,bind,ro "$root$folder"
done
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir -m 1777 "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
echo ready
# The first process of the node, which buries those that nobody waits for.
exec "$python" -I -S -c 'import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True: signal.pause()'
