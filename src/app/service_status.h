/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host's process adds to the answer of /status. */
#ifndef TCHAT_APP_SERVICE_STATUS_H
#define TCHAT_APP_SERVICE_STATUS_H

#include "app/data.h"
#include "app/guests.h"
#include "host/host.h"
#include "system/sandbox.h"

struct service_status {
	const struct options *options;
	const struct data *data;
	const struct sandbox *sandbox;
	const struct guests *guests;
	tchat_time started;
	tchat_time now;
};

void service_status_report(const struct service_status *status, struct host_report *report);

#endif
