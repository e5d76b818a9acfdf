#!/usr/bin/env bash
# The guest itself: the devices that other tests count on are there, and what happens in it stays in it.
set -euo pipefail

devices=$(v4l2-ctl --list-devices)
grep -q '^vimc' <<<"$devices"
grep -q '^vicodec' <<<"$devices"

button=/run/guest/gpio/sim_gpio17
[ "$(cat $button/value)" = 0 ]
echo pull-up >$button/pull
[ "$(cat $button/value)" = 1 ]

touch /etc/of-the-guest
ip -brief link | awk '$1 != "lo" { print "guest: unexpected " $1; exit 1 }'
echo "machine: $(uname -r), $(wc -l <<<"$devices") lines of media devices, GPIO, no network"
