/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host in a process of its own, started by the face of its owner. */
#ifndef TCHAT_APP_OWN_HOST_H
#define TCHAT_APP_OWN_HOST_H

#include "app/talk.h"

/* Forks the host that options ask for, in a session of its own, so that neither ^Z nor the end of the terminal stops
 * it. Fills place: the pair to it, the address to come back by, where it listens. 0; or an enum exit_status after a
 * line on stderr. Call it before any thread, loop or terminal exists. */
int own_host_start(const struct options *options, struct talk_place *place);

/* Frees what place says of the host, which goes on. Needed in either case. */
void own_host_forget(struct talk_place *place);

#endif
