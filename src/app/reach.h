/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How others reach a host that runs here: the lines for its owner to pass on. */
#ifndef TCHAT_APP_REACH_H
#define TCHAT_APP_REACH_H

#include "app/talk.h"

enum { REACH_TEXT = 8192 };

/* Takes down the addresses of the interfaces that are up; loopback and link-local ones are of no use to others. */
void reach_look(struct talk_own *own);

/* Writes some lines, each with a command to copy, for the addresses that place's host listens on: those in
 * place->own where it listens on all, and this machine's name; then the host's key, and a first invitation, as far
 * as place has them. Returns on how many addresses the host listens. */
size_t reach_describe(const struct talk_place *place, char *text, size_t size);

/* Writes an invitation's links for at most that many of these addresses (or for the one that was dialled, where the host
 * is not ours), each on a line that starts with before, the one that most can use first. room: "" for none. Returns how
 * many; 0: no address of the host's can stand in a link. The text holds the secret: wipe it. */
size_t reach_links(const struct talk_place *place, const struct trust_pin *pin, const uint8_t token[TRUST_TOKEN_SIZE],
                   const char *room, size_t most, const char *before, char *text, size_t size);

#endif
