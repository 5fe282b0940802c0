/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process's part of the report. */
#include "app/service_status.h"

#include "app/guard.h"
#include "app/service_log.h"
#include "base/intl.h"

#include <string.h>
#include <sys/resource.h>

void service_status_report(const struct service_status *status, struct host_report *report)
{
	char text[GUARD_TEXT];
	struct rlimit files;
	const char *log = service_log_path(status->options);
	host_report_add(report, "strangers", guests_strangers(status->guests), (uint64_t)status->options->strangers, NULL);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		host_report_add(report, "files", (uint64_t)files.rlim_cur, 0, NULL);
	host_report_add(report, "uptime", (status->now - status->started) / TCHAT_SECONDS(1), 0, NULL);
	host_report_add(report, "software", 0, 0, PACKAGE_NAME " " PACKAGE_VERSION);
	guard_describe(status->sandbox, text);
	host_report_add(report, "sandbox", 0, 0, text);
	host_report_add(report, "history", 0, 0, status->data->durable ? status->data->path : _("in memory only"));
	if (log != NULL)
		host_report_add(report, "log", 0, 0, log);
}
