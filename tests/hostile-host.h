/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host that keeps to the protocol, but whose every text is an attack on terminals: nicks, topics, messages, reasons. */
#ifndef TCHAT_TESTS_HOSTILE_HOST_H
#define TCHAT_TESTS_HOSTILE_HOST_H

#include <sys/types.h>

/* Listens on a loopback port, in a child process that serves one client and ends with it; *port is told. The last thing
 * that it says is "the end of it". */
pid_t hostile_host_start(unsigned *port);

#endif
