/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of a host: what happened, in words and in its level. */
#ifndef TCHAT_APP_SERVICE_LOG_H
#define TCHAT_APP_SERVICE_LOG_H

#include "app/options.h"
#include "host/host.h"
#include "system/log.h"

enum { SERVICE_LOG_TEXT = 1024 };

struct service_log {
	struct log *sink;
	tchat_time store_told; /* when it was last said that messages were not kept */
	bool store_fails;      /* it was the last word about that */
};

/* Opens what --log asks for: standard error, or the journal behind it, when nothing does. quiet: nobody sees standard
 * error; then there is only a file. 0, or an enum exit_status with a line in why. */
int service_log_open(struct service_log *log, const struct options *options, bool quiet, char why[SERVICE_LOG_TEXT]);

/* The path of the file that --log names, or NULL. */
const char *service_log_path(const struct options *options);

/* The options are others now, and a file may have been moved away. */
void service_log_again(struct service_log *log, const struct options *options);

/* A line, as by printf(). */
void service_log_say(struct service_log *log, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void service_log_event(struct service_log *log, const struct host_event *event, tchat_time now);

void service_log_close(struct service_log *log);

#endif
