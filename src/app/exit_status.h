/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tchat's exit status says; the numbers of sysexits.h where they fit. tchat(1), EXIT STATUS. */
#ifndef TCHAT_APP_EXIT_STATUS_H
#define TCHAT_APP_EXIT_STATUS_H

enum exit_status {
	EXIT_STATUS_OK = 0,
	EXIT_STATUS_LOSS = 1,           /* something posted was refused, or pings were lost */
	EXIT_STATUS_USAGE = 64,
	EXIT_STATUS_UNAVAILABLE = 69,   /* cannot connect or listen */
	EXIT_STATUS_SYSTEM = 71,        /* out of memory, a system call failed */
	EXIT_STATUS_UNACKNOWLEDGED = 75, /* left before all was acknowledged */
	EXIT_STATUS_PROTOCOL = 76,      /* the other side broke the protocol */
	EXIT_STATUS_REFUSED = 77,       /* refused by the host, or the host is not trusted */
	EXIT_STATUS_CONFIG = 78,        /* a history's place, a key or the known hosts: not fit for it */
};

#endif
