/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tchat --check-history and --export: what a host keeps, looked at from outside. */
#ifndef TCHAT_APP_HISTORY_H
#define TCHAT_APP_HISTORY_H

#include "app/options.h"

/* Checks the history in the folder options->target; a report goes to stdout. EXIT_STATUS_OK, EXIT_STATUS_LOSS when
 * there are faults, or another enum exit_status after a line on stderr. */
int mode_check_history(const struct options *options);

/* Prints the messages in it, or those of the room that the command line names, as JSON objects. The same statuses;
 * EXIT_STATUS_LOSS when some could not be read. */
int mode_export(const struct options *options);

#endif
