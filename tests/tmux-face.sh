#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Job control in a real terminal multiplexer and a real shell: ^Z gives the shell back, the others talk on meanwhile, fg
# brings everything that was said; a window that is resized meanwhile does no harm; after a kill, reset is enough.
set -eu
: "${TMUX_PROGRAM:=tmux}"
program=$(pwd)/src/tchat
folder=$(mktemp -d)
mkdir -m 700 "$folder/run" "$folder/config" "$folder/config/tchat"
echo 'clock = off' >"$folder/config/tchat/tchatrc"
export HOME="$folder" XDG_RUNTIME_DIR="$folder/run" XDG_CONFIG_HOME="$folder/config" XDG_STATE_HOME="$folder/state" XDG_DATA_HOME="$folder/data"
export INPUTRC=/dev/null LC_ALL=C.UTF-8 ENV=
# Without it, the multiplexer runs its panes in the shell of the account, which for an account of a builder lets nobody in.
export SHELL=/bin/sh
unset TMUX NO_COLOR

# A pane stays where its program ended, to show what it said last.
printf 'set -g remain-on-exit on\nset -g default-terminal screen-256color\n' >"$folder/tmux.conf"
t() {
	step=$* # said where it fails
	"$TMUX_PROGRAM" -S "$folder/tmux" -f "$folder/tmux.conf" "$@"
}
end() {
	status=$? tries=0
	[ $status -eq 0 ] || echo "it ended at: $step"
	t kill-server 2>/dev/null || :
	# Those who end with their terminal still write what they keep.
	until rm -rf "$folder" 2>/dev/null || [ $tries -gt 100 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	exit $status
}
trap end EXIT
screen() {
	t capture-pane -p -t "$1" 2>/dev/null
}
shows() {
	screen "$1" | grep -qF -- "$2"
}
hides() {
	! shows "$1" "$2"
}
# Waits until a pane shows or hides a text, at most 30 seconds.
until_it() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		if [ $tries -gt 600 ]; then
			echo "waited in vain until it $*"
			screen "$2"
			exit 1
		fi
		sleep 0.05
	done
}
see() {
	until_it shows "$1" "$2"
}
gone() {
	until_it hides "$1" "$2"
}
line() {
	t send-keys -t "$1" -l "$2"
	t send-keys -t "$1" Enter
}

t new-session -d -s ann -x 100 -y 28 /bin/sh
line ann 'echo the "shell" stands'
see ann 'the shell stands'
line ann "'$program' --host 127.0.0.1:0 --nick ann --linger 1s"
see ann 'tchat --join 127.0.0.1:'
see ann '#lobby>'
port=$(screen ann | sed -n 's/.*--join 127\.0\.0\.1:\([0-9]*\).*/\1/p' | head -n 1)
for nick in bob cy; do
	t new-session -d -s $nick -x 80 -y 24 "'$program' --join 127.0.0.1:$port --nick $nick"
	see $nick '#lobby>'
done
see ann 'cy joined'
t send-keys -t ann -l 'half a line'
see ann '#lobby> half a line'

# Stopped: the shell is there, and its terminal is sane.
t send-keys -t ann C-z
see ann 'Stopped'
line ann 'echo sh"ell" is here'
see ann 'shell is here'
line bob 'said while she is away'
see cy 'said while she is away'
line cy 'indeed'
see bob 'indeed'
t resize-window -t ann -x 90 -y 20

# Back: what was typed and what was said.
line ann 'fg'
see ann '#lobby> half a line'
see ann 'said while she is away'
see ann 'indeed'
line ann ' goes on'
see bob 'half a line goes on'

# Once more, with a stop from outside and a window that shrinks to next to nothing.
t resize-window -t ann -x 1 -y 1
t resize-window -t ann -x 100 -y 28
t send-keys -t ann C-l
see ann 'half a line goes on'

# Killed without a chance to clean up: the shell that is left takes "reset", as after any full-screen program.
t new-session -d -s dee -x 80 -y 24 /bin/sh
line dee "'$program' --join 127.0.0.1:$port --nick dee & echo \$! >'$folder/dee'; fg"
see dee '#lobby>'
kill -9 "$(cat "$folder/dee")"
see cy 'dee left'
see dee 'Killed'
t send-keys -t dee C-j
t send-keys -t dee -l 'reset'
t send-keys -t dee C-j
gone dee 'Killed' # it clears when modes are set: before, Enter would be no line's end
line dee "stty -a | tr ' ;' '\n\n' | grep -cxE 'icanon|echo|icrnl|isig|opost|onlcr' | sed 's/^/modes: /'"
see dee 'modes: 6'
line dee 'exit'

line ann '/quit all'
see ann 'shell is here'
see bob 'the host is closing'
for nick in bob cy; do
	line $nick '/quit'
done
line ann 'stty -a | grep -o " echo "; echo done with it'
see ann 'done with it'
