/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host at work: listeners, connections, the host's state machine and its end. Runs in a process of its own, or alone
 * with --headless. */
#ifndef TCHAT_APP_SERVICE_H
#define TCHAT_APP_SERVICE_H

#include "app/options.h"
#include "net/stream.h"

struct service_config {
	const struct options *options;
	struct stream *face; /* the owner's own end of a pair, taken; NULL: none */
	int report;          /* a pipe that is told how the start went, see below; closed then. -1: stderr is told */
};

/* Opens the host's addresses and serves until it ends; returns an enum exit_status. To report goes a line
 * "listening ADDRESS" for each address, the last one the host's own socket if it could be made, then "ready"; or one
 * line "failed STATUS TEXT". Before "ready" may come a line "note TEXT" for the owner. */
int service_run(const struct service_config *config);

#endif
